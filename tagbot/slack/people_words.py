"""All that the bot says of the people whom it knows, to those who look for one of them. As in `words`."""

from collections.abc import Mapping

from tagbot.slack.words import escaped, mention
from tagbot.vocabulary import Consent

# --- Somebody who was named before --------------------------------------------------------------------------

KNOWN = "Somebody who was named before"
KNOWN_HINT = "People without a Slack account. If they are not there, write their name below."
KNOWN_PLACEHOLDER = "Type a name that was given before"
"""Screen readers say it in place of the label."""
NAME_OR_KNOWN_MISSING = "Please choose somebody who was named before, or write a name."

# --- At Home, and looking for somebody ----------------------------------------------------------------------

PEOPLE = "People"
FIND = "Find somebody"
LOOK_FOR = "*Whom do you look for?*"
LOOK_FOR_PLACEHOLDER = "Type a name or an email address"
NOBODY_CHOSEN = "Choose somebody to see their faces, to rename them, or to merge two people who are one."

# --- Somebody's page ----------------------------------------------------------------------------------------

NO_NAME = "No name yet"
NO_ACCOUNT = "No Slack account"
NO_FACES = "They are tagged in no photo just now."
NOT_THIS_PERSON = "Not this person"
FACE_ALT = "A face that is tagged as this person"
NEWER = "Newer faces"
OLDER = "Older faces"
NO_PICTURE = "Its picture is not at Slack any more."
ASKED_AGAIN = "You said that this is somebody else. It is asked about again in a moment."
GONE = "This person is not known any more: they were forgotten, or merged into somebody else."
BEING_FORGOTTEN = "They are being forgotten. In a moment, nothing here says who they are or shows their face."

CONSENT: Mapping[str, str] = {
    Consent.GIVEN: "They agreed on {date} to being learned.",
    Consent.REFUSED: "They said no on {date} to being learned.",
    Consent.WITHDRAWN: "They took their yes to being learned back on {date}.",
    Consent.ASKED: "They were asked whether they may be learned, and have not answered.",
    Consent.NONE: "They have not said yet whether they may be learned.",
}
"""Where a person's consent stands."""

# --- Renaming, merging, forgetting --------------------------------------------------------------------------

RENAME = "Rename…"
RENAME_TITLE = "Rename"
RENAME_SUBMIT = "Rename"
RENAME_NAME = "New name"
RENAME_HINT = "Messages, exports and sidecars follow. Faces and answers stay as they are."
MERGE = "Merge into somebody…"
MERGE_TITLE = "Merge two people"
MERGE_SUBMIT = "Merge"
MERGE_INTO = "Who is the same person?"
MERGE_HINT = (
    "All faces, answers and what was learned go to the one whom you choose. It can be undone exactly."
)
UNMERGE = "Undo the merge"
UNMERGE_TITLE = "Undo the merge?"
UNMERGE_TEXT = "Faces, answers and what was learned are apart again as they were."
UNMERGE_YES = "Undo it"
FORGET = "Forget…"
FORGET_TITLE = "Forget this person?"
FORGET_TEXT = "Their name, their face and all that was learned of it go. This cannot be undone."
FORGET_YES = "Forget them"
RENAMED = "Renamed. Messages in Slack follow in a moment."
MERGED = "They are one person now. Messages and what was learned follow in a moment."
UNMERGED = "They are two people again. Messages and what was learned follow in a moment."
LATE = "This takes longer than it should just now. Please look again in a minute whether it is done."


UNCHANGED: Mapping[str, str] = {
    "unknown": GONE,
    "same": "These two are one person already, so there is nothing to merge.",
    "already merged": "They were merged into somebody else before. Undo that first.",
    "into merged": "The one whom you chose was merged into somebody. Please choose that person.",
    "opted out": "One of them does not want to be tagged, so they stay as they are.",
    "being forgotten": "One of them is being forgotten just now, so they stay as they are.",
    "not merged": "They are not merged any more, so there is nothing to undo.",
    "no name": "Please write a name.",
    "name too long": "Please use at most 200 letters.",
}
"""Why people stay as they are, by `merges.WhyUnchanged`."""


def counted_people(people: int) -> str:
    """How many are known."""
    if not people:
        return "Nobody has been named yet."
    known = "1 person is known" if people == 1 else f"{people:,} people are known"
    return f"{known}. Find somebody to see their faces, to rename them, or to merge two who are one."


def counted_faces(faces: int) -> str:
    """In how many faces a person is tagged."""
    return "1 face" if faces == 1 else f"{faces:,} faces" if faces else "no face yet"


def short_id(person_id: str) -> str:
    """Enough of a person's id to tell them from another of the same name."""
    return f"id {person_id[:8]}"


def described(email: str | None, faces: int, merged: str = "", said: str = "") -> str:
    """Small print beneath a person's name in a list; `merged` is the name by which they were found, `said`
    what stands beside the name already.
    """
    told = (merged and f"{merged} was merged into them", email, counted_faces(faces))
    return ", ".join(each for each in told if each and each not in said)


def account(slack_id: str | None, email: str | None) -> str:
    """By which a person is told from others of the same name."""
    return ", ".join((mention(slack_id) if slack_id else NO_ACCOUNT, *([escaped(email)] if email else [])))


def in_photos(faces: int, photos: int, learned: int) -> str:
    """In how many pictures a person is tagged, and how many of their faces are learned."""
    if not faces:
        return NO_FACES
    where = "1 photo" if photos == 1 else f"{photos:,} photos"
    return f"{counted_faces(faces)} in {where}, {learned:,} of them learned."


def tagged_on(date: str, link: str) -> str:
    """Of one face; `link` leads to its message, where that is known."""
    return f"Tagged on {date}." + (f" <{link}|Open its message>" if link else "")


def numbered_alt(number: int) -> str:
    """Of a picture of several faces."""
    return f"Faces with numbers, of which number {number} is tagged as this person"


def numbered(number: int) -> str:
    """Which face it is of several in one picture."""
    return f"Number {number} in the picture below."


def which_part(part: int, parts: int) -> str:
    """Of a page with many faces; `part` counts from 1 on."""
    return f"Part {part} of {parts}" if parts > 1 else ""


def merging(name: str) -> str:
    """Above the question into whom somebody is merged."""
    return f"*{escaped(name)}* becomes part of the person whom you choose. It can be undone there."


def was_merged(name: str, date: str) -> str:
    """A person who is part of another one since then."""
    return f"{escaped(name)} was merged into them on {date}."
