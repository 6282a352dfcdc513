"""Mentions of a person in what people wrote, told from what only looks alike. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cached_property

from tagbot.lib.names import clean_name

_APOSTROPHES = "['’‘ʼ`´]"

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff]"
)
"""Letters of scripts that put no space between words, or join words that are none of a name's to it."""


class Mentions:
    """By which ids, addresses and names a person may be mentioned. A name of several words is theirs in
    whatever case; one of a single word only as it is spelled, begins a sentence or is shouted, as it may be
    another word as well.
    """

    def __init__(
        self, ids: Iterable[str], emails: Iterable[str], names: Iterable[str], others: Iterable[str] = ()
    ) -> None:
        """`others` are names of other people, of which theirs may be a part."""
        names = list(filter(_can_be_found, names))
        spaced = (name for name in names if " " in name)
        words = (name for name in names if " " not in name)
        self._pieces = [
            *(_mention(each) for each in ids),
            *(_address(each) for each in emails),
            *(_of_words(each) for each in spaced),
            *(
                _any_apostrophe(re.escape(way))
                for each in words
                for way in dict.fromkeys(_ways_to_write(each))
            ),
        ]
        self._others = {_key(each) for each in others}
        self._pieces += [_of_words(each) for each in others]

    def without(self, text: str, instead: str) -> str:
        """The text that mentions them no more."""

        def replaced(found: re.Match[str]) -> str:
            is_other = _key(found[0]) in self._others or not _stands_apart(found)
            return found[0] if is_other else instead

        return self._pattern.sub(replaced, text) if self._pieces else text

    def are_in(self, text: str) -> bool:
        """Whether it mentions them."""
        return self.without(text, "\0") != text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The longest first: a name may be part of another, or of an address."""
        return re.compile("|".join(sorted(self._pieces, key=len, reverse=True)))


def _can_be_found(name: str) -> bool:
    """A single letter is no word, but in scripts whose signs are words."""
    return len(name) > 1 or bool(_UNSPACED.match(name))


def _mention(person_id: str) -> str:
    """Also as Slack writes a mention."""
    each = re.escape(person_id)
    return rf"<@{each}(?:\|[^>]*)?>|{each}"


def _address(email: str) -> str:
    return rf"(?i:(?<![\w.+%-]){re.escape(email)}(?![\w-]|\.\w))"


def _of_words(name: str) -> str:
    """In whatever case and spacing, and with whatever apostrophes."""
    words = (_any_apostrophe(re.escape(word)) for word in name.split())
    return "(?i:" + r"\s+".join(words) + ")"


def _ways_to_write(word: str) -> Iterable[str]:
    yield from (word, word[:1].upper() + word[1:], word.upper())


def _any_apostrophe(escaped: str) -> str:
    return re.sub(r"\\?" + _APOSTROPHES, lambda _: _APOSTROPHES, escaped)


def _key(name: str) -> str:
    return clean_name(name).casefold()


def _stands_apart(found: re.Match[str]) -> bool:
    """Whether no letter before or after belongs to the same word."""
    text, start, end = found.string, found.start(), found.end()
    sides = ((text[start - 1 : start], text[start]), (text[end : end + 1], text[end - 1]))
    return not any(_are_joined(outer, inner, end - start) for outer, inner in sides)


def _are_joined(outer: str, inner: str, letters: int) -> bool:
    if (
        not outer
        or unicodedata.category(outer)[0] not in "LNM"
        or unicodedata.category(inner)[0] not in "LNM"
    ):
        return False
    # One sign alone may be any word there.
    return letters == 1 or not _UNSPACED.match(inner)
