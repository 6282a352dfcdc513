"""What people type or paste where a word is expected: in a command, on a command line."""

import unicodedata

from tagbot.lib.names import with_plain_marks

_AROUND = "'\"“”„«».,;:*_~()[]{}"
"""What is pasted around a word, or typed after it; a dash or an apostrophe of another kind is a plain one by
then, and so is a backtick."""


def typed_words(text: str) -> list[str]:
    """The words in small letters, without quotes, backticks and full stops around them, and without what
    cannot be seen.
    """
    seen = unicodedata.normalize("NFKC", with_plain_marks(text)).casefold()
    return [word for each in seen.split() if (word := each.strip(_AROUND))]
