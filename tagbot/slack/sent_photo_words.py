"""All that the bot says about the photos that it sends to the people in them. As in `words`."""

from collections import Counter
from collections.abc import Sequence

from tagbot.slack.words import escaped

PHOTOS_WITH_ME = "Photos with me"
PHOTO_TITLE = "Photo"
"""Of a sent photo as a file, with its number."""

NONE = "You are tagged in no photo yet, so there is none to send you."
THAT_IS_ALL = "That is all: you are tagged in no older photo."
MOST_DAYS = 30
"""So many days are listed; more would push the message apart on a phone."""

NOT_WRITTEN_TO = "I cannot write to you directly here, so your photos could not be sent."


def photos_sent(number: int, *, is_first: bool) -> str:
    """Stands above so many photos, which are a person's newest, or those that follow."""
    photos = "1 photo" if number == 1 else f"{number} photos"
    if is_first:
        return (
            f"{photos} that you are tagged in, the newest first."
            if number > 1
            else "1 photo that you are tagged in."
        )
    return f"{photos} more that you are tagged in."


def photo_alt(number: int, out_of: int, day: str) -> str:
    """Describes one of them; `day` is when it was taken or came."""
    return f"Photo {number} of {out_of}, from {day}: one that you are tagged in"


def how_many_more(number: int) -> str:
    """Those that were not sent yet; a button follows."""
    more = "There is 1 more" if number == 1 else f"There are {number} more"
    return f"{more}, older than these."


def next_ones(number: int) -> str:
    """On the button that has them sent."""
    return "Send me the next one" if number == 1 else f"Send me the next {number}"


def no_longer_kept(days: Sequence[str]) -> str:
    """Photos that were deleted after a while, by the days that they are from, the latest first."""
    if not days:
        return ""
    listed = [day if times == 1 else f"{day} ({times})" for day, times in Counter(days).items()]
    rest = f" and {len(listed) - MOST_DAYS} other days" if len(listed) > MOST_DAYS else ""
    those = "1 photo is" if len(days) == 1 else f"{len(days)} photos are"
    return f"{those} no longer kept, so I cannot send what was from {', '.join(listed[:MOST_DAYS])}{rest}."


def given_up(reason: str) -> str:
    """To a person whose photos could not be sent for long."""
    return (
        f"Your photos could not be sent, although I tried again and again. What failed: {escaped(reason)}. "
        "Please tell whoever runs FaceTag: after `/facetag retry` they come by themselves."
    )
