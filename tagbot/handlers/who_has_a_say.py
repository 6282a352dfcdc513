"""Whether a member has a say in what is answered at once; of what goes onto a queue, the pipeline asks.

Asked after Slack is acknowledged, as it may take a call to Slack.
"""

from contextlib import suppress

from tagbot.errors import Retry
from tagbot.services import Services


def has_a_say(member: str, services: Services) -> bool:
    """Whether they have; raises `Retry` while Slack does not tell."""
    return services.slack.members.has_a_say(member)


def may_have_a_say(member: str, services: Services) -> bool:
    """The same, and yes while Slack does not tell: for what changes nothing, or is judged again."""
    with suppress(Retry):
        return has_a_say(member, services)
    return True
