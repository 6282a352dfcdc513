"""Every setting, read once from the environment: the only reader of it."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from tagbot.consensus import Rule
from tagbot.lib.redaction import without_secrets
from tagbot.settings.contradictions import contradictions, keys_of_aws
from tagbot.settings.values import (
    S3Place,
    aws_region,
    channel_id,
    collection_id,
    data_folder,
    database_address,
    days_or_for_ever,
    days_or_never,
    events_queue,
    folder,
    folder_or_s3,
    inbox_place,
    log_level,
    none_or,
    number,
    one_of,
    port,
    queues_place,
    slack_ids,
    stage_names,
    text_of_file,
    token,
    trimmed,
    web_address,
    whole_number,
    yes_or_no,
)
from tagbot.vocabulary import WITHOUT_SLACK, StageName

_LIKE_A_SECRET = re.compile(r"(?=[A-Za-z/+]*\d)[A-Za-z0-9/+=]{30,}")
"""In the place of another setting: a key of AWS's has 40 such letters, Slack's own secrets have 32."""


class SettingsError(Exception):
    """Settings are missing or wrong; `problems` has a line for each, naming its variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Variable:
    """How one setting is written in the environment."""

    name: str
    parse: Callable[[str], Any]
    """From the text to the value; raises `ValueError` with what is expected."""
    default: str | None
    """As text, None where it is required; DATA_DIR in it stands for that setting's value."""
    why: str
    """A line for the operator, the same in `.env.example`."""
    for_slack: bool
    """Whether only what talks to Slack needs it."""

    def value(self, text: str) -> Any:
        """What `text` means; raises `ValueError` saying what is expected."""
        if not text and self.default is None:
            raise ValueError(f"is missing: {self.why}")
        return self.parse(text)


def setting(
    name: str,
    parse: Callable[[str], Any],
    default: str | None,
    why: str,
    *,
    for_slack: bool = False,
    secret: bool = False,
) -> Any:
    """Declare a field of `Settings`; a secret one is left out of its repr."""
    return field(repr=not secret, metadata={"variable": Variable(name, parse, default, why, for_slack)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The operator's decisions. Build it with `from_env`."""

    slack_bot_token: str = setting(
        "SLACK_BOT_TOKEN", token("xoxb-"), None,
        "Lets the bot post and read as itself: “OAuth & Permissions” of your Slack app.",
        for_slack=True, secret=True,
    )  # fmt: skip
    slack_app_token: str = setting(
        "SLACK_APP_TOKEN", token("xapp-"), None,
        "Lets the bot receive clicks by Socket Mode: “Basic Information”, scope connections:write.",
        for_slack=True, secret=True,
    )  # fmt: skip
    slack_channel: str = setting(
        "SLACK_CHANNEL", channel_id, None,
        "Id of the channel that tags; invite the bot into it.",
        for_slack=True,
    )  # fmt: skip
    slack_api_url: str = setting(
        "SLACK_API_URL", web_address, "https://slack.com/api/",
        "Where Slack's Web API answers; another address only for a stand-in.",
    )  # fmt: skip
    slack_posts_per_second: float = setting(
        "SLACK_POSTS_PER_SECOND", number, "1",
        "Slack allows one message a second in a channel; more only for a stand-in.",
    )  # fmt: skip
    slack_pictures: str = setting(
        "SLACK_PICTURES", one_of("private", "shared"), "private",
        "private: shown in the request only; shared: also in its thread, where private ones stay unseen.",
    )  # fmt: skip
    slack_photos: str = setting(
        "SLACK_PHOTOS", one_of("channel", "off"), "channel",
        "channel: photos that are posted in the channel are taken in; off: only by the message shortcut.",
    )  # fmt: skip
    allow_shared_channel: bool = setting(
        "ALLOW_SHARED_CHANNEL", yes_or_no, "no",
        "yes: the channel may be shared with another organisation, whose people still have no say.",
    )  # fmt: skip
    data_dir: Path = setting(
        "DATA_DIR", data_folder, "data",
        "All that the bot keeps on disk lies here; back this folder up.",
    )  # fmt: skip
    database_url: str = setting(
        "DATABASE_URL", database_address, "sqlite:///DATA_DIR/tagbot.db",
        "Faces, people and votes; postgresql://USER:PASSWORD@HOST/DATABASE is a server.",
        secret=True,
    )  # fmt: skip
    queue_url: str = setting(
        "QUEUE_URL", queues_place, "disk",
        "Where messages wait between the stages: disk (DATA_DIR/queues) or sqs://PREFIX (Amazon SQS FIFO).",
    )  # fmt: skip
    image_store: Path | S3Place = setting(
        "IMAGE_STORE", folder_or_s3, "DATA_DIR/images",
        "The pictures of photos and faces: a folder, or s3://BUCKET/PREFIX.",
    )  # fmt: skip
    inbox: Path | S3Place = setting(
        "INBOX", inbox_place, "DATA_DIR/inbox",
        "Photos put here are taken over: a folder, or s3://BUCKET/PREFIX.",
    )  # fmt: skip
    inbox_events: str = setting(
        "INBOX_EVENTS", events_queue, "",
        "sqs://QUEUE, where S3 tells of new photos; empty: the inbox at S3 is only listed.",
    )  # fmt: skip
    training_backend: str = setting(
        "TRAINING_BACKEND", one_of("local", "rekognition"), "local",
        "What learns the faces: local is a recogniser on this machine, rekognition is Amazon's.",
    )  # fmt: skip
    models: Path = setting(
        "MODELS", folder, "DATA_DIR/models",
        "Folder of better models for the recogniser, used where they are there; `models` tells of them.",
    )  # fmt: skip
    rekognition_collection: str = setting(
        "REKOGNITION_COLLECTION", collection_id, "facetag",
        "Name of the face collection at Amazon Rekognition; made when it is missing.",
    )  # fmt: skip
    rekognition_calls_per_second: float = setting(
        "REKOGNITION_CALLS_PER_SECOND", number, "5",
        "What AWS allows in most regions.",
    )  # fmt: skip
    aws_region: str = setting(
        "AWS_REGION", aws_region, "",
        "Where Amazon's services are called; keys, roles and endpoints come as AWS documents them.",
    )  # fmt: skip
    required_votes: int = setting(
        "REQUIRED_VOTES", whole_number(1), "2",
        "How many people have to choose the same person; 2 for most teams, 3 where people look alike.",
    )  # fmt: skip
    unknown_after: int = setting(
        "UNKNOWN_AFTER", whole_number(1), "3",
        "So many people who cannot tell close a request that nobody has named anyone in.",
    )  # fmt: skip
    line_up: int = setting(
        "LINE_UP", none_or(2, 15), "4",
        "How many names a request offers at most, 2 or more; 0: none, and the model is never asked.",
    )  # fmt: skip
    machine_vote: str = setting(
        "MACHINE_VOTE", one_of("off", "earned"), "off",
        "earned: where the model has proved to be right, its opinion counts as one vote beside a person's.",
    )  # fmt: skip
    consent: str = setting(
        "CONSENT", one_of("off", "required"), "off",
        "required: nobody is learned before their own yes, for which each is asked once by direct message.",
    )  # fmt: skip
    consent_text: str = setting(
        "CONSENT_TEXT", text_of_file, "",
        "A file with the words of that question, which a lawyer may write; empty: a default text.",
    )  # fmt: skip
    max_open_requests: int = setting(
        "MAX_OPEN_REQUESTS", whole_number(1), "20",
        "How many requests are open at a time, so that an import of 1,000 photos does not flood the channel.",
    )  # fmt: skip
    max_group: int = setting(
        "MAX_GROUP", whole_number(1, 9), "9",
        "How many faces that look like one person share a request at most; 1: each is asked about by itself.",
    )  # fmt: skip
    keep_pictures_days: float | None = setting(
        "KEEP_PICTURES_DAYS", days_or_for_ever, "",
        "So long after a face is closed its surroundings, its photo and its pictures in Slack are kept (the "
        "crop of a tagged face stays); fractions allowed, 0: they go within the hour, empty: for ever.",
    )  # fmt: skip
    forget_after_days: float = setting(
        "FORGET_AFTER_DAYS", days_or_never, "",
        "People who were in no new photo for so long are forgotten; fractions allowed, empty: never.",
    )  # fmt: skip
    request_expires_days: float = setting(
        "REQUEST_EXPIRES_DAYS", number, "14",
        "A request that nobody has finished by then is closed; fractions allowed.",
    )  # fmt: skip
    min_face_size: int = setting(
        "MIN_FACE_SIZE", whole_number(0), "50",
        "Pixels; a face smaller than this on either side is not asked about; 0: none is too small.",
    )  # fmt: skip
    max_faces_per_person: int = setting(
        "MAX_FACES_PER_PERSON", whole_number(1), "100",
        "More faces of a person are still tagged, but no longer sent to the training backend.",
    )  # fmt: skip
    max_attempts: int = setting(
        "MAX_ATTEMPTS", whole_number(1), "20",
        "After so many failures in a row a message becomes a dead letter; 20 are about an hour.",
    )  # fmt: skip
    retry_base_seconds: float = setting(
        "RETRY_BASE_SECONDS", number, "1",
        "How long to wait after the first failure; doubled after each further one.",
    )  # fmt: skip
    retry_max_seconds: float = setting(
        "RETRY_MAX_SECONDS", number, "300",
        "The longest wait between two attempts.",
    )  # fmt: skip
    admins: frozenset[str] = setting(
        "ADMINS", slack_ids, "",
        "Slack ids, with commas, of who may retry, reopen a tagged face, and see and change people at Home; "
        "empty: all of the channel who have a say.",
    )  # fmt: skip
    stages: tuple[StageName, ...] = setting(
        "STAGES", stage_names, "",
        "What this bot does of several on one database: stages, with commas; FaceTag is what people click. "
        "Empty: all.",
    )  # fmt: skip
    digest: str = setting(
        "DIGEST", one_of("off", "daily", "weekly"), "off",
        "daily or weekly (Mondays): at 9:00 of this machine's time (TZ counts), one message in the channel "
        "about what waits for answers, if anything does.",
    )  # fmt: skip
    metrics_port: int | None = setting(
        "METRICS_PORT", port, "",
        "Prometheus metrics at http://127.0.0.1:PORT/metrics; empty: none. Nothing in them is personal.",
    )  # fmt: skip
    log_level: str = setting(
        "LOG_LEVEL", log_level, "INFO",
        "How much the log tells: DEBUG, INFO, WARNING or ERROR.",
    )  # fmt: skip
    log_format: str = setting(
        "LOG_FORMAT", one_of("text", "json"), "text",
        "text for people, json for programs: one object a line.",
    )  # fmt: skip

    @property
    def queue_prefix(self) -> str | None:
        """How the names of the queues at Amazon SQS begin; None where the queues are on the disk."""
        return None if self.queue_url == "disk" else self.queue_url.removeprefix("sqs://")

    @property
    def written_to(self) -> tuple[Path, ...]:
        """The folders on whose disks the bot puts what it keeps."""
        pictures = (self.image_store,) if isinstance(self.image_store, Path) else ()
        return self.data_dir, *pictures

    @property
    def photos_channel(self) -> str:
        """Slack id of the channel whose photos are taken in as they are posted; empty for none."""
        return self.slack_channel if self.slack_photos == "channel" else ""

    @property
    def rule(self) -> Rule:
        """How many people it takes to close a request, and whether the machine may be one of them."""
        return Rule(self.required_votes, self.unknown_after, machine_votes=self.machine_vote == "earned")

    @property
    def has_slack(self) -> bool:
        """Whether the settings are there without which Slack cannot be called."""
        return bool(self.slack_bot_token and self.slack_channel)

    @property
    def is_on_server(self) -> bool:
        """Whether the database is a server's."""
        return not self.database_url.startswith("sqlite:")

    @property
    def compares_faces(self) -> bool:
        """Whether faces are compared with each other, or with the model."""
        return self.line_up > 0 or self.max_group > 1

    @property
    def requires_consent(self) -> bool:
        """Whether nobody is learned before their own yes."""
        return self.consent == "required"

    @property
    def hears_people(self) -> bool:
        """Whether people's clicks come to this bot."""
        return StageName.FACE_TAG in self.stages

    @property
    def needs_slack(self) -> bool:
        """Whether a stage of this bot calls Slack."""
        return not WITHOUT_SLACK.issuperset(self.stages)

    def is_admin(self, member: str) -> bool:
        """Whether a member of the channel may retry, and reopen a tagged face."""
        return not self.admins or member in self.admins

    @classmethod
    def from_env(cls, env: Mapping[str, str], *, for_slack: bool = True) -> Self:
        """The settings in `env`; without `for_slack`, those that only Slack needs may be missing.

        Values are trimmed, and an empty one counts as none. Raises `SettingsError` with all problems at once.
        """
        env = {name: trimmed(value) for name, value in env.items()}
        with suppress(ValueError):  # told below, with all other problems
            for_slack = for_slack and not WITHOUT_SLACK.issuperset(stage_names(env.get("STAGES") or ""))
        values: dict[str, Any] = {}
        problems: list[str] = []
        data_dir = env.get("DATA_DIR") or "data"
        for attribute, variable in variables():
            text = env.get(variable.name) or (variable.default or "").replace("DATA_DIR", data_dir)
            if not text and not for_slack and variable.for_slack:
                values[attribute] = ""
                continue
            try:
                values[attribute] = variable.value(text)
            except ValueError as problem:
                # A default can only be wrong because DATA_DIR is, which says so itself.
                if env.get(variable.name) or variable.default is None:
                    told = _LIKE_A_SECRET.sub("(secret)", without_secrets(str(problem)))
                    problems.append(f"{variable.name} {told}")
        problems += contradictions(values)
        problems += keys_of_aws(env, values)
        if problems:
            raise SettingsError(problems)
        return cls(**values)


def variables() -> Iterator[tuple[str, Variable]]:
    """The fields of `Settings`, each with how it is written in the environment."""
    for item in fields(Settings):
        yield item.name, item.metadata["variable"]
