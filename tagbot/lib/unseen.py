"""Characters that cannot be seen, and what they do where text is shown."""

import re
import unicodedata

_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""Unicode's `Default_Ignorable_Code_Point`, with the three marks of annotations that follow U+FFF8."""

_BLANK = "\u2800\U00013441\U00013442\U00016fe4\U0001d159"
"""Letters and symbols with no ink: the empty Braille pattern, hieroglyphs, a note without a head."""

_TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f"
"""What turns the direction or the forms of the text that follows."""

_CONTROL = "\0-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029"
"""Control characters, halves of letters, and the ends of lines and paragraphs."""

UNSEEN = re.compile(f"[{_IGNORABLE}{_BLANK}]")
TURNING = re.compile(f"[{_TURNING}]")
CONTROL = re.compile(f"[{_CONTROL}]")
UNPRINTABLE = re.compile(f"[{_TURNING}{_CONTROL}]")


def printable(text: object) -> str:
    """Text from elsewhere for a line of a terminal, a log or a file: what would move the cursor, end the
    line, or turn the direction of what follows, is written out as in a string of Python's.
    """
    return UNPRINTABLE.sub(
        lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), str(text)
    )


def printable_lines(text: str) -> str:
    """The same for text of several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def can_be_seen(text: str) -> bool:
    """Whether any of it is a letter, a number or a symbol that leaves ink."""
    return any(unicodedata.category(each)[0] in "LNPS" for each in UNSEEN.sub("", text))
