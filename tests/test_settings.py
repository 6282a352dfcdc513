"""Settings: all problems at once, each line naming its variable."""

from pathlib import Path

import pytest

from tagbot.settings import Settings, SettingsError, variables
from tagbot.settings.values import A_BILLION, LONGEST_QUEUE_PREFIX, S3Place
from tagbot.vocabulary import QueueName

SLACK = {
    "SLACK_BOT_TOKEN": "xoxb-1-secret",
    "SLACK_APP_TOKEN": "xapp-1-secret",
    "SLACK_CHANNEL": "C0123456789",
}

BELOW_ONE = ("0", "-1", "1.5", "many", "nan", "1e3")
NOT_ABOVE_ZERO = ("0", "-0.5", "soon", "nan", "inf", "1,5")

WRONG: dict[str, tuple[str, ...]] = {
    "SLACK_BOT_TOKEN": ("xapp-1-secret", "xoxb-", "secret", "xoxb-1\n2", "xoxb-1 2", '"xoxb-1"'),
    "SLACK_APP_TOKEN": ("xoxb-1-secret", "xapp-", "secret", "xapp-1\u200b2", "xapp-1\x002", "xapp-é"),
    "SLACK_CHANNEL": ("#faces", "faces", "U0123456789", "c0123456789", "C"),
    "SLACK_API_URL": ("slack.com/api", "ftp://slack.com/api/", "https://", "https://a\nb/"),
    "SLACK_POSTS_PER_SECOND": NOT_ABOVE_ZERO,
    "SLACK_PICTURES": ("public", "Private"),
    "ALLOW_SHARED_CHANNEL": ("maybe", "true", "Yes", "1"),
    "DATA_DIR": ("s3://bucket/data", "s3:data", "data#1", "what?", "da\nta"),
    "DATABASE_URL": ("tagbot.db", "sqlite:///", "mysql://host/db", "sqlite:///a\nb"),
    "QUEUE_URL": ("disc", "redis://localhost", "sqs://", "sqs://face tag", "sqs://a/b", f"sqs://{'x' * 51}"),
    "IMAGE_STORE": (
        "ftp://bucket/prefix",
        "s3://bucket",
        "s3://bucket/",
        "s3://My_Bucket/x",
        "s3://bucket/a//b",
    ),
    "INBOX": ("ftp://bucket/prefix", "s3://bucket", "s3:bucket/x", "s3://bucket/team/rejected"),
    "INBOX_EVENTS": ("events", "sqs://events.fifo", "sqs://", "https://sqs.eu-west-1.amazonaws.com/1/events"),
    "TRAINING_BACKEND": ("dlib", "LOCAL"),
    "MODELS": ("s3://bucket/models", "mod\nels"),
    "REKOGNITION_COLLECTION": ("my faces", "faces/of/us", "x" * 256),
    "REKOGNITION_CALLS_PER_SECOND": NOT_ABOVE_ZERO,
    "AWS_REGION": ("EU West", "eu-west-1\nx", "eu_west_1"),
    "REQUIRED_VOTES": BELOW_ONE,
    "UNKNOWN_AFTER": BELOW_ONE,
    "LINE_UP": ("1", "-2", "two"),
    "MACHINE_VOTE": ("on", "always", "EARNED"),
    "SLACK_PHOTOS": ("on", "CHANNEL", "C0123456789"),
    "CONSENT": ("on", "REQUIRED", "yes"),
    "CONSENT_TEXT": ("/nowhere/consent.txt", "/", "a\nb"),
    "MAX_OPEN_REQUESTS": BELOW_ONE,
    "MAX_GROUP": (*BELOW_ONE, "10"),
    "REQUEST_EXPIRES_DAYS": NOT_ABOVE_ZERO,
    "KEEP_PICTURES_DAYS": NOT_ABOVE_ZERO[1:],
    "FORGET_AFTER_DAYS": NOT_ABOVE_ZERO,
    "MIN_FACE_SIZE": BELOW_ONE[1:],
    "MAX_FACES_PER_PERSON": BELOW_ONE,
    "MAX_ATTEMPTS": BELOW_ONE,
    "RETRY_BASE_SECONDS": NOT_ABOVE_ZERO,
    "RETRY_MAX_SECONDS": NOT_ABOVE_ZERO,
    "ADMINS": ("anna", "U0123456789;U0123456780", "@U0123456789"),
    "STAGES": ("Detect", "DetectFaces;UndoTag", "detectfaces"),
    "DIGEST": ("on", "Daily", "monthly"),
    "METRICS_PORT": ("0", "65536", "http"),
    "LOG_LEVEL": ("LOUD", "10"),
    "LOG_FORMAT": ("xml", "JSON"),
}


def problems(**env: str) -> list[str]:
    with pytest.raises(SettingsError) as wrong:
        Settings.from_env(SLACK | env)
    assert str(wrong.value) == "\n".join(wrong.value.problems)
    return wrong.value.problems


def test_every_variable_has_a_wrong_value_here() -> None:
    assert WRONG.keys() == {variable.name for _, variable in variables()}


@pytest.mark.rule("problems-all-at-once", "settings-required", "queue-files")
@pytest.mark.parametrize(
    ("variable", "value"), [(variable, value) for variable, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_one_line_that_begins_with_its_variable(variable: str, value: str) -> None:
    [line] = problems(**{variable: value})
    assert line.startswith(f"{variable} ")
    assert "\n" not in line


@pytest.mark.rule("problems-all-at-once")
@pytest.mark.parametrize("value", ["mysql://host/db", "postgresql://host/"])
def test_how_a_database_is_named_is_told_with_the_places_of_user_and_password(value: str) -> None:
    [line] = problems(DATABASE_URL=value)
    assert "postgresql://USER:PASSWORD@HOST/DATABASE" in line


@pytest.mark.rule("smallest-values")
@pytest.mark.parametrize(
    ("variable", "written", "meant"),
    [
        ("SLACK_CHANNEL", "C1", "C1"),
        ("ADMINS", "U1, W2", frozenset({"U1", "W2"})),
        ("MIN_FACE_SIZE", "0", 0),
        ("KEEP_PICTURES_DAYS", "0", 0.0),
        ("KEEP_PICTURES_DAYS", "", None),
        ("MAX_OPEN_REQUESTS", "9" * 30, A_BILLION),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("LOG_LEVEL", "Warning", "WARNING"),
    ],
)
def test_these_values_are_taken(variable: str, written: str, meant: object) -> None:
    settings = Settings.from_env(SLACK | {variable: written})
    assert {each.name: getattr(settings, name) for name, each in variables()}[variable] == meant


UNSEEN = ("\n", "\r\n", " ", "\t", "\u00a0", "\u200b", "\ufeff")


@pytest.mark.rule("settings-trimmed")
@pytest.mark.parametrize("around", UNSEEN)
def test_what_cannot_be_seen_around_a_value_is_left_out(around: str) -> None:
    plain = SLACK | {
        "DATABASE_URL": "postgresql://bot:hunter2@host/db",
        "DATA_DIR": "elsewhere",
        "INBOX": "s3://bucket/inbox",
        "ADMINS": "U0123456789",
        "AWS_REGION": "eu-west-1",
        "REQUIRED_VOTES": "3",
        "SLACK_API_URL": "https://slack.com/api/",
        "LOG_FORMAT": "json",
    }
    padded = {name: f"{around}{value}{around}" for name, value in plain.items()}
    assert Settings.from_env(padded) == Settings.from_env(plain)


@pytest.mark.rule("settings-trimmed", "settings-required")
@pytest.mark.parametrize("blank", UNSEEN)
def test_a_value_in_which_nothing_can_be_seen_counts_as_none(blank: str) -> None:
    assert Settings.from_env(SLACK | {"REQUIRED_VOTES": blank}).required_votes == 2
    assert problems(SLACK_APP_TOKEN=blank)[0].startswith("SLACK_APP_TOKEN is missing")


@pytest.mark.rule("settings-trimmed", "no-secret-told")
@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
def test_a_key_that_no_request_can_carry_is_refused_by_name_where_aws_is_used(name: str) -> None:
    wrong = {name: "hunter\n2"}
    Settings.from_env(SLACK | wrong)
    for used in (
        {"TRAINING_BACKEND": "rekognition"},
        {"QUEUE_URL": "sqs://faces"},
        {"IMAGE_STORE": "s3://bucket/images"},
    ):
        [line] = problems(**wrong, **used)
        assert line.startswith(f"{name} has a letter")
        assert "hunter" not in line


SECRETS = (
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",  # a secret key of AWS's, from its documentation
    "AKIAIOSFODNN7EXAMPLE",
    "0123456789abcdef0123456789abcdef",  # Slack's signing secret
    "postgresql://bot:hunter2hunter2@host/db",
    "https://bot:hunter2hunter2@host/",
)


@pytest.mark.rule("no-secret-told")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("variable", WRONG)
def test_a_secret_in_the_place_of_another_setting_is_not_repeated(variable: str, secret: str) -> None:
    for text in (secret, f"{secret} x"):
        told = ""
        try:
            Settings.from_env(SLACK | {variable: text})
        except SettingsError as wrong:
            told = str(wrong)
        assert secret not in told
        assert "hunter2" not in told


@pytest.mark.rule("problems-all-at-once")
def test_all_problems_come_at_once_in_one_line_each() -> None:
    with pytest.raises(SettingsError) as wrong:
        Settings.from_env({"REQUIRED_VOTES": "0", "LOG_LEVEL": "LOUD", "ADMINS": "anna"})
    assert [line.split()[0] for line in wrong.value.problems] == [
        "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_CHANNEL", "REQUIRED_VOTES", "ADMINS", "LOG_LEVEL",
    ]  # fmt: skip


@pytest.mark.rule("no-token-in-log")
@pytest.mark.parametrize("variable", WRONG)
@pytest.mark.parametrize("token", ["xoxb-1-secret", "xapp-1-secret", "xoxp-1-secret"])
def test_a_problem_never_repeats_a_token_also_where_none_belongs(variable: str, token: str) -> None:
    told = ""
    try:
        Settings.from_env(SLACK | {variable: token})
    except SettingsError as wrong:
        told = str(wrong)
    assert "secret" not in told


def test_a_password_in_the_address_of_the_database_is_not_repeated() -> None:
    for address in (
        "mysql://bot:hunter2@host/db",
        "hunter2:x@host/db",
        "hunter2",
        "://hunter2",
        "h2:hunter2",
    ):
        [line] = problems(DATABASE_URL=address)
        assert "hunter2" not in line


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://bot:hunter2@host",
        "postgresql://bot:hunter2/x@host/db",
        "postgresql://bot:p@hunter2@host/db",
        "sqlite:x",
    ],
)
def test_an_address_without_its_database_is_told_without_what_it_says(address: str) -> None:
    [line] = problems(DATABASE_URL=address)
    assert line.startswith("DATABASE_URL should ")
    assert "hunter2" not in line


def test_the_password_of_a_database_is_not_shown_with_the_settings() -> None:
    settings = Settings.from_env(
        {"DATABASE_URL": "postgresql://bot:hunter2@host/db?sslmode=require"}, for_slack=False
    )
    assert settings.database_url.endswith("sslmode=require")
    assert "hunter2" not in repr(settings)


@pytest.mark.rule("settings-required")
@pytest.mark.parametrize("variable", SLACK)
def test_what_slack_needs_is_required(variable: str) -> None:
    [line] = problems(**{variable: ""})
    assert line.startswith(f"{variable} is missing")


def test_an_empty_value_counts_as_none() -> None:
    empty = {variable.name: "" for _, variable in variables() if variable.default is not None}
    assert Settings.from_env(SLACK | empty) == Settings.from_env(SLACK)


@pytest.mark.rule("setting-defaults")
def test_the_defaults_are_those_that_the_contract_promises() -> None:
    settings = Settings.from_env(SLACK)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.slack_posts_per_second == 1
    assert settings.slack_pictures == "private"
    assert settings.queue_url == "disk"
    assert settings.training_backend == "local"
    assert (settings.rekognition_collection, settings.rekognition_calls_per_second) == ("facetag", 5)
    assert (settings.required_votes, settings.unknown_after) == (2, 3)
    assert (settings.max_open_requests, settings.request_expires_days) == (20, 14)
    assert (settings.min_face_size, settings.max_faces_per_person) == (50, 100)
    assert (settings.max_attempts, settings.retry_base_seconds, settings.retry_max_seconds) == (20, 1, 300)
    assert settings.admins == frozenset()
    assert settings.digest == "off"
    assert (settings.log_level, settings.log_format) == ("INFO", "text")


@pytest.mark.rule("data-folder")
def test_everything_on_disk_lies_below_data_dir_unless_told_otherwise() -> None:
    settings = Settings.from_env(SLACK | {"DATA_DIR": "/srv/faces", "INBOX": "/mnt/camera"})
    assert settings.data_dir == Path("/srv/faces")
    assert settings.database_url == "sqlite:////srv/faces/tagbot.db"
    assert settings.image_store == Path("/srv/faces/images")
    assert settings.inbox == Path("/mnt/camera")


@pytest.mark.rule("setting-defaults")
def test_without_data_dir_it_is_the_folder_data() -> None:
    settings = Settings.from_env(SLACK)
    assert settings.data_dir == Path("data")
    assert settings.database_url == "sqlite:///data/tagbot.db"


@pytest.mark.rule("slack-address")
def test_an_address_of_slack_gets_the_slash_that_it_needs() -> None:
    assert Settings.from_env(SLACK | {"SLACK_API_URL": "http://localhost:1/api"}).slack_api_url.endswith(
        "/api/"
    )


@pytest.mark.rule("fractions")
def test_fractions_are_allowed_where_they_make_sense() -> None:
    settings = Settings.from_env(
        SLACK | {"REQUEST_EXPIRES_DAYS": "0.5", "RETRY_BASE_SECONDS": "0.1", "RETRY_MAX_SECONDS": "2.5"}
    )
    assert (settings.request_expires_days, settings.retry_base_seconds, settings.retry_max_seconds) == (
        0.5,
        0.1,
        2.5,
    )


@pytest.mark.parametrize(
    "text", ["U0123456789,W0123456780", " U0123456789 , W0123456780 ", "U0123456789 W0123456780,"]
)
def test_admins_are_ids_between_commas_or_spaces(text: str) -> None:
    settings = Settings.from_env(SLACK | {"ADMINS": text})
    assert settings.admins == {"U0123456789", "W0123456780"}
    assert settings.is_admin("U0123456789")
    assert not settings.is_admin("U0000000000")


@pytest.mark.rule("without-admins")
def test_without_admins_everybody_is_one() -> None:
    assert Settings.from_env(SLACK).is_admin("U0000000000")


def test_secrets_are_not_in_its_repr() -> None:
    shown = repr(Settings.from_env(SLACK))
    assert "secret" not in shown
    assert "C0123456789" in shown


@pytest.mark.rule("only-check-needs-slack")
def test_commands_need_no_slack_settings() -> None:
    settings = Settings.from_env({"DATA_DIR": "/srv/faces"}, for_slack=False)
    assert settings.data_dir == Path("/srv/faces")


def test_commands_are_told_what_is_wrong_all_the_same() -> None:
    with pytest.raises(SettingsError, match="SLACK_CHANNEL should be a channel's id"):
        Settings.from_env({"SLACK_CHANNEL": "#faces"}, for_slack=False)


AT_S3 = {"INBOX": "s3://bucket/team/inbox/", "IMAGE_STORE": "s3://bucket/team/pictures"}


def test_queues_pictures_and_inbox_can_be_at_amazon() -> None:
    settings = Settings.from_env(
        SLACK | AT_S3 | {"QUEUE_URL": "sqs://team-", "INBOX_EVENTS": "sqs://new-photos"}
    )
    assert settings.inbox == S3Place("bucket", "team/inbox")
    assert settings.image_store == S3Place("bucket", "team/pictures")
    assert (settings.queue_prefix, settings.inbox_events) == ("team-", "new-photos")
    assert S3Place("bucket", "team/inbox").beside("rejected") == S3Place("bucket", "team/rejected")
    assert S3Place("bucket", "inbox").beside("rejected") == S3Place("bucket", "rejected")
    assert Settings.from_env(SLACK).queue_prefix is None


@pytest.mark.parametrize("images", ["s3://bucket/team/inbox", "s3://bucket/team/inbox/pictures"])
def test_the_bot_never_takes_its_own_pictures_for_new_photos(images: str) -> None:
    assert problems(**AT_S3 | {"IMAGE_STORE": images}) == [
        "IMAGE_STORE lies in INBOX, so that the bot would take its own pictures over"
    ]


@pytest.mark.rule("problems-all-at-once")
@pytest.mark.parametrize(
    "more",
    [
        {"INBOX": "data"},
        {"INBOX": "data/../data/rejected/"},
        {"INBOX": "data/images"},
        {"INBOX": "data/queues"},
        {"INBOX": "data/models"},
        {"INBOX": "pictures", "IMAGE_STORE": "./pictures"},
        {"INBOX": "photos", "DATABASE_URL": "sqlite:///photos/tagbot.db"},
    ],
)
def test_the_inbox_is_a_folder_in_which_the_bot_keeps_nothing_else(more: dict[str, str]) -> None:
    [problem] = problems(**more)
    assert problem.startswith("INBOX should be a folder for photos alone, but the bot keeps files of its own")
    assert Settings.from_env(SLACK | more | {"INBOX": "somewhere/else"}).inbox == Path("somewhere/else")


@pytest.mark.rule("problems-all-at-once")
def test_what_contradicts_each_other_is_told_with_all_that_is_wrong() -> None:
    told = problems(INBOX_EVENTS="sqs://new-photos", REQUIRED_VOTES="none")
    assert [line.split()[0] for line in told] == ["REQUIRED_VOTES", "INBOX_EVENTS"]


def test_events_are_of_an_inbox_at_s3_only() -> None:
    assert problems(INBOX_EVENTS="sqs://new-photos") == ["INBOX_EVENTS goes with an INBOX at Amazon S3 only"]


def test_no_name_of_a_queue_is_longer_than_sqs_allows() -> None:
    longest = max(map(len, QueueName))
    assert LONGEST_QUEUE_PREFIX + longest + len("-dead.fifo") <= 80
