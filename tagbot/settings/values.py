"""From what is written in the environment to values: each raises `ValueError` saying what is expected."""

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tagbot.vocabulary import StageName

BEARER = r"[A-Za-z0-9._~+/=-]+"
"""All that may follow “Bearer” in a request (RFC 6750, section 2.1)."""


def trimmed(text: str) -> str:
    """The text without what cannot be seen at its ends: spaces, newlines, a mark of the text's encoding."""
    seen = [at for at, letter in enumerate(text) if not _unseen(letter)]
    return text[seen[0] : seen[-1] + 1] if seen else ""


def one_line(text: str) -> str:
    """The text, in which every letter can be seen; its text is never repeated in a problem."""
    if any(unicodedata.category(letter) in ("Cc", "Zl", "Zp") for letter in text):
        raise ValueError("should be one line, but has a letter in it that cannot be seen")
    return text


def _unseen(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf")


def token(prefix: str) -> Callable[[str], str]:
    """A Slack token; its text is never repeated in a problem."""

    def parse(text: str) -> str:
        if not text.startswith(prefix) or len(text) == len(prefix):
            raise ValueError(f"should begin with {prefix}")
        if not re.fullmatch(BEARER, text):
            raise ValueError("has a letter in it that no token has: copy it again, in one piece")
        return text

    return parse


def channel_id(text: str) -> str:
    """An id as Slack writes it, not a name."""
    if not re.fullmatch(r"[CG][A-Z0-9]+", text):
        raise ValueError(
            f"should be a channel's id such as C0123456789 (in Slack: channel details, at the bottom), "
            f"but is {text!r}"
        )
    return text


def web_address(text: str) -> str:
    """With the slash at the end that the Slack client needs."""
    parts = urlsplit(one_line(text))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"should be an address such as https://slack.com/api/, but is {text!r}")
    return text if text.endswith("/") else text + "/"


def folder(text: str) -> Path:
    """A folder on this machine."""
    if "://" in text:
        raise ValueError(f"should be a folder, but is {text!r}")
    return Path(one_line(text))


def data_folder(text: str) -> Path:
    """The same, below which everything else lies that is not told otherwise, the database's address too."""
    if text.startswith("s3:") or any(letter in text for letter in "?#"):
        raise ValueError(f"should be a folder with neither ? nor # in its name, but is {text!r}")
    return folder(text)


@dataclass(frozen=True, slots=True)
class S3Place:
    """The objects below a prefix of a bucket at Amazon S3."""

    bucket: str
    prefix: str
    """Without a slash at either end."""

    def beside(self, name: str) -> "S3Place":
        """The place of that name next to it."""
        above, slash, _ = self.prefix.rpartition("/")
        return S3Place(self.bucket, f"{above}{slash}{name}")

    def holds(self, other: "S3Place") -> bool:
        """Whether all that is in the other place is in this one too."""
        return self.bucket == other.bucket and f"{other.prefix}/".startswith(f"{self.prefix}/")


def folder_or_s3(text: str) -> Path | S3Place:
    """A folder on this machine, or a place at Amazon S3."""
    if not text.startswith("s3:"):
        return folder(text)
    named = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/([^/]+(?:/[^/]+)*)/?", text)
    if named is None:
        raise ValueError(f"should be a folder or s3://BUCKET/PREFIX, but is {text!r}")
    return S3Place(named[1], named[2])


def inbox_place(text: str) -> Path | S3Place:
    """The same; refused photos go into `rejected/` beside it, so that it cannot be that itself."""
    place = folder_or_s3(text)
    if isinstance(place, S3Place) and place.prefix.rpartition("/")[2] == "rejected":
        raise ValueError("should not end in rejected, where refused photos go")
    return place


LONGEST_QUEUE_PREFIX = 50
"""SQS allows 80 characters; the longest queue of the flow takes 18, and what names the dead letters 10."""


def queues_place(text: str) -> str:
    """`disk`, or the beginning of the names of queues at Amazon SQS."""
    if text != "disk" and not re.fullmatch(rf"sqs://[A-Za-z0-9_-]{{1,{LONGEST_QUEUE_PREFIX}}}", text):
        raise ValueError(
            "should be disk, or sqs://PREFIX with at most "
            f"{LONGEST_QUEUE_PREFIX} letters, digits, dashes and underscores, but is {text!r}"
        )
    return text


def events_queue(text: str) -> str:
    """The name of a standard queue at Amazon SQS, to which S3 can tell of new objects; or nothing."""
    named = re.fullmatch(r"(?:sqs://([A-Za-z0-9_-]{1,80}))?", text)
    if named is None:
        raise ValueError(f"should be sqs://QUEUE, a queue that is not FIFO, but is {text!r}")
    return named[1] or ""


def database_address(text: str) -> str:
    """The address of a SQLite file or of a PostgreSQL database; its text is never repeated in a problem, as
    it may hold a password.
    """
    scheme, found, rest = one_line(text).partition("://")
    if scheme not in ("sqlite", "postgresql"):
        # What comes before another colon may be a user, or the password itself.
        but = f", but begins with {scheme!r}" if found and re.fullmatch(r"[a-z+]{1,20}", scheme) else ""
        raise ValueError(f"should be sqlite:///PATH or postgresql://USER:PASSWORD@HOST/DATABASE{but}")
    if not re.fullmatch(_REST[scheme], rest):
        raise ValueError(f"should {_NAMES[scheme]}")
    return text


_REST = {
    "sqlite": r"/[^?#]+",
    # One @ at most: of a password with another one, psycopg would take the end for a part of the host.
    "postgresql": r"([^/?#@]*@)?[^/?#@]*/[^/?#]+(\?[^#]*)?",
}

_NAMES = {
    "sqlite": "name a file: sqlite:///PATH",
    "postgresql": "name a host and a database, as postgresql://USER:PASSWORD@HOST/DATABASE does, "
    "with what is special in the password written as %XX",
}


def one_of(*choices: str) -> Callable[[str], str]:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"should be {' or '.join(choices)}, but is {text!r}")
        return text

    return parse


def log_level(text: str) -> str:
    """How serious a line has to be; in capitals, as the log names it."""
    return one_of("DEBUG", "INFO", "WARNING", "ERROR")(text.upper())


def yes_or_no(text: str) -> bool:
    """A decision."""
    return one_of("yes", "no")(text) == "yes"


def days_or_never(text: str) -> float:
    """A number of days, fractions allowed; 0 where it is left empty: never."""
    return number(text) if text.strip() else 0.0


def days_or_for_ever(text: str) -> float | None:
    """A number of days, fractions and none at all allowed; None where it is left empty: for ever."""
    return _finite(text, "should be a number, 0 or more") if text.strip() else None


def none_or(at_least: int, at_most: int) -> Callable[[str], int]:
    """A number without fractions, or 0 for none."""
    number_of_some = whole_number(at_least, at_most)

    def parse(text: str) -> int:
        try:
            return 0 if text.strip() == "0" else number_of_some(text)
        except ValueError as wrong:
            raise ValueError(f"{wrong} (or 0 for none)") from None

    return parse


A_BILLION = 1_000_000_000


def whole_number(at_least: int, at_most: int | None = None) -> Callable[[str], int]:
    """A number without fractions. One written for “no limit” may be larger than databases count: it is a
    billion, which nothing here reaches.
    """
    wanted = f"{at_least} or more" if at_most is None else f"from {at_least} to {at_most}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = at_least - 1
        if value < at_least or (at_most is not None and value > at_most):
            raise ValueError(f"should be a whole number, {wanted}, but is {text!r}")
        return min(value, A_BILLION)

    return parse


def port(text: str) -> int | None:
    """A port of this machine, or none."""
    return whole_number(1, 65535)(text) if text else None


def number(text: str) -> float:
    """A number above zero, fractions allowed."""
    wanted = "should be a number above 0"
    value = _finite(text, wanted)
    if value == 0:
        raise ValueError(f"{wanted}, but is {text!r}")
    return value


def _finite(text: str, wanted: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (value >= 0 and math.isfinite(value)):
        raise ValueError(f"{wanted}, but is {text!r}")
    return value


def aws_region(text: str) -> str:
    """A region's name in a form that AWS has, or nothing; which ones there are, AWS alone knows."""
    if not re.fullmatch(r"[a-z0-9-]{0,63}", text):
        raise ValueError(f"should be a region such as eu-west-1, but is {text!r}")
    return text


def collection_id(text: str) -> str:
    """A name as AWS allows it."""
    if not re.fullmatch(r"[a-zA-Z0-9_.\-]{1,255}", text):
        raise ValueError(
            f"should be at most 255 letters, digits, dots, dashes and underscores, but is {text!r}"
        )
    return text


def slack_ids(text: str) -> frozenset[str]:
    """Ids of Slack members, separated by commas or spaces; none in an empty text."""
    ids = frozenset(re.split(r"[,\s]+", text.strip())) - {""}
    wrong = sorted(each for each in ids if not re.fullmatch(r"[UW][A-Z0-9]+", each))
    if wrong:
        raise ValueError(f"should be ids of Slack members such as U0123456789, but has {wrong[0]!r}")
    return ids


def stage_names(text: str) -> tuple[StageName, ...]:
    """Names of stages, separated by commas or spaces, in the order of the flow; all in an empty text."""
    names = set(re.split(r"[,\s]+", text.strip())) - {""}
    wrong = sorted(names - set(StageName))
    if wrong:
        raise ValueError(f"should be some of {', '.join(StageName)}, but has {wrong[0]!r}")
    return tuple(name for name in StageName if name in names or not names)


LONGEST_TEXT = 2900
"""Letters of a text from a file: a message's paragraph has room for 3,000."""


def text_of_file(text: str) -> str:
    """The text in a file; empty where none is named."""
    if not text:
        return ""
    try:
        said = Path(one_line(text)).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as why:
        told = getattr(why, "strerror", None) or "it is no text in UTF-8"
        raise ValueError(f"should be a file that can be read, but {text!r} is none: {told}") from None
    if not said or len(said) > LONGEST_TEXT:
        raise ValueError(f"should be a file of 1 to {LONGEST_TEXT:,} letters, but has {len(said):,}")
    return said
