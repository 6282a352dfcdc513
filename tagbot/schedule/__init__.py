"""The timed jobs: work that is done every so often, without a message that asks for it."""

from tagbot.schedule.job_runner import Job, start
from tagbot.schedule.timed_jobs import jobs, jobs_of

__all__ = ["Job", "jobs", "jobs_of", "start"]
