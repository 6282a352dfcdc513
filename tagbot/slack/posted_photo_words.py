"""All that the bot says about photos that were posted in Slack."""

from collections.abc import Mapping

from tagbot.slack.words import escaped
from tagbot.vocabulary import PhotoOutcome

NO_PICTURE = "There is no picture in this message, so there is nothing for me to look at."
INVITE_ME = (
    "I am not in this channel, so I cannot see its pictures. Please invite me with `/invite @FaceTag`."
)

NOT_SEARCHED: Mapping[str, str] = {
    PhotoOutcome.KNOWN: "This photo is known already, so nothing was added.",
    PhotoOutcome.TOO_LARGE: "This photo is over 20 MB, so I left it alone. A smaller copy is welcome.",
    PhotoOutcome.GONE: "This photo was deleted before I could fetch it, so I left it alone.",
    PhotoOutcome.ELSEWHERE: "This picture is kept outside of Slack, where I cannot fetch it. Please upload "
    "the photo itself.",
}
"""Why a posted photo was not searched for faces, by its outcome."""


def faces_found(count: int, elsewhere: str, others: int = 0) -> str:
    """Of a photo that was searched; `elsewhere` is another channel that tags, `others` is how many wait."""
    if count == 0:
        return "I found no face in this photo, so there is nobody to ask about."
    faces, them = ("1 face", "it") if count == 1 else (f"{count} faces", "them")
    where = f"in <#{elsewhere}>" if elsewhere else "here"
    told = f"{faces} found; I will ask about {them} {where}."
    return f"{told} {others:,} other faces wait too, so that may take a while." if others else told


def photo_refused(reason: str) -> str:
    """Why a posted photo is none that is taken; `reason` goes on without a full stop."""
    return f"This photo cannot be used: {escaped(reason)}."


def photo_given_up(reason: str) -> str:
    """To the member whose posted photo could not be taken in for long."""
    return (
        "I could not take this photo in, although I tried again and again. What failed: "
        f"{escaped(reason)}. Please tell whoever runs FaceTag: after `/facetag retry slack-photo` I go on "
        "with it, and you need not post it again."
    )


def which_photo(number: int, out_of: int) -> str:
    """Begins the word about one of several photos in one message."""
    return f"Photo {number} of {out_of}: " if out_of > 1 else ""
