"""Names of people as others type them: what is kept of one, and when two are the same. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tagbot.lib.unseen import CONTROL, TURNING, UNSEEN

_SHAPING = "\u200c\u200d\ufe0e\ufe0f\u180b\u180c\u180d\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef"
"""Unseen, but the letters beside them look otherwise without, or stand closer."""

_IDLE = re.compile(f"(?![{_SHAPING}]){UNSEEN.pattern}|{TURNING.pattern}|{CONTROL.pattern}")

_AROUND = re.compile(rf"\A(?:{UNSEEN.pattern}|\s)+|(?:{UNSEEN.pattern}|\s)+\Z")

_APOSTROPHE = re.compile("['`´ʹʻʼʽʾʿˈˊˋ՚׳ߴߵ‘’‚‛′‵ꞌꞋ＇]")

_WITHOUT_STROKES = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
"""Letters that Unicode does not take apart into a plain one and a mark, as most keyboards type them."""

_HYPHENS = "⁃\u02d7\u2212\u207b\u208b"
"""Beside Unicode's dashes, what is typed or pasted for one."""


def clean_name(typed: str) -> str:
    """What is kept of a name: nothing that turns the direction of text or moves a cursor, no ends of lines,
    one space where there are several, and nothing unseen around it.
    """
    kept = _IDLE.sub("", " ".join(typed.split()))
    return " ".join(_AROUND.sub("", kept).split())


def clean_email(typed: str) -> str:
    """What is kept of an email address: no space and nothing unseen around or in it."""
    return "".join(_IDLE.sub("", UNSEEN.sub("", typed)).strip())


def name_key(name: str) -> str:
    """The same for all spellings of one name: in whatever case and spacing, with whatever kind of apostrophe
    or hyphen, and with or without what cannot be seen.
    """
    # Turkish has an i with a dot and one without, each with a capital of its own.
    return _folded(_folded(name).casefold().replace("i\u0307", "i").replace("ı", "i"))


def search_key(text: str) -> str:
    """The same for a name as for what people type when they look for it: accents do not matter either."""
    apart = unicodedata.normalize("NFKD", name_key(text))
    plain = "".join(each for each in apart if not unicodedata.combining(each))
    return plain.translate(_WITHOUT_STROKES)


def email_key(email: str | None) -> str:
    """The same for all spellings of one address; empty for none."""
    return (email or "").casefold()


def _folded(name: str) -> str:
    # Some accents and dashes become others when they are composed, so the marks are told apart before and
    # after.
    marked = with_plain_marks(unicodedata.normalize("NFKC", with_plain_marks(name)))
    spaced = " ".join(marked.split())
    return unicodedata.normalize("NFKC", re.sub(r" ?(['-]) ?", r"\1", spaced))


def with_plain_marks(text: str) -> str:
    """The text with plain apostrophes and hyphens, and without what cannot be seen."""
    seen = CONTROL.sub(lambda found: " " if found[0].isspace() else "", UNSEEN.sub("", text))
    return "".join(
        "-" if unicodedata.category(each) == "Pd" or each in _HYPHENS else each
        for each in _APOSTROPHE.sub("'", seen)
    )


@dataclass(frozen=True, slots=True)
class Typed:
    """A name and an email address, as one tagger typed them."""

    tagger: str
    name: str
    email: str | None


def spelling(typed: Sequence[Typed]) -> str:
    """The spelling that most taggers use, going by what each typed last; of equals the first."""
    last = {each.tagger: each.name for each in typed}
    count = Counter(last.values())
    return max((each.name for each in typed), key=lambda name: count[name])


def only_email(typed: Sequence[Typed]) -> str | None:
    """The address that was given, where nobody gave another."""
    given = {email_key(each.email): each.email for each in reversed(typed) if each.email}
    return next(iter(given.values())) if len(given) == 1 else None
