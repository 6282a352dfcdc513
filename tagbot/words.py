"""All that the bot says to people in Slack, in one voice: short, kind, saying what happens next."""

from collections.abc import Sequence

QUESTION = "Who is this?"
PICK = "Pick a person"
FACE_ALT = "The face to name, cut out of the photo"
CONTEXT_ALT = "The photo around it, with the face in a double frame"
TAGGED_ALT = "The face that was named"

SHOWN_TAGGERS = 20
"""So many are named; more would push the message apart on a phone."""

REJECTED = {
    "no_face": "no face could be found in it",
    "too_blurred": "it is too blurred to learn from",
    "too_small": "it is too small to recognise anybody",
}
"""Why a face was rejected, after “This picture was set aside: ”."""

NOT_SENT = {
    "person_full": "There are already enough pictures of this person, so this one was not added to the model.",
}
"""Why a tagged face was not sent to the model."""

CLOSED = "This face is closed already, so your answer does not count any more. Thank you all the same!"
NOT_STORED = "Sorry, your answer could not be stored just now. Please try again in a minute."
UNKNOWN_ACT = "I do not know this control any more; perhaps the message is an old one. Nothing was changed."

HELP = """\
*FaceTag* asks in this channel who the people in your photos are. Pick a name under a face; \
when enough of you agree, the face is tagged.
• `/facetag status` – what is waiting, what is done, what failed and why
• `/facetag help` – this text"""


def escaped(text: str) -> str:
    """Text from elsewhere, so that Slack takes none of it for a mention, a link or a channel-wide call."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mention(slack_id: str) -> str:
    """A member, as Slack writes them."""
    return f"<@{slack_id}>"


def progress(required_votes: int, taggers: Sequence[str], *, differ: bool) -> str:
    """How far an open request is: who has answered, never what."""
    needed = "One answer is enough." if required_votes == 1 else f"{required_votes} people have to agree."
    if not taggers:
        return f"{needed} Nobody has answered yet."
    not_yet = " You do not agree yet, so one more look helps." if differ else ""
    return f"{needed} Answered so far: {_listed(taggers)}.{not_yet}"


def agreed(taggers: Sequence[str]) -> str:
    """Who answered, once the face is closed."""
    return f"Answered by {_listed(taggers)}." if taggers else ""


def tagged_as(name: str) -> str:
    """`name` is a name or a mention."""
    return f"Tagged as {name}"


def rejected(reason: str) -> str:
    """`reason` is one of `REJECTED`."""
    return f"This picture was set aside: {REJECTED.get(reason, reason.replace('_', ' '))}."


def learning() -> str:
    """While the training backend works."""
    return "You agree. The face is being learned; this takes a moment."


def small_print(face_id: str) -> str:
    """The line by which an operator finds a face again."""
    return f"Face {face_id}"


def _listed(members: Sequence[str]) -> str:
    shown = [mention(member) for member in members[:SHOWN_TAGGERS]]
    more = len(members) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
