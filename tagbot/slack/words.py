"""All that the bot says to people in Slack, in one voice: short, kind, saying what happens next."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tagbot.lib.installation import COMMAND
from tagbot.lib.unseen import printable_lines
from tagbot.vocabulary import FORGOTTEN as FORGOTTEN_TAGGER
from tagbot.vocabulary import NotSentReason, RejectionReason

# --- The request --------------------------------------------------------------------------------------------

QUESTION = "Who is this?"
PICK = "Pick a person"
NOT_A_FACE = "Not a face"
DONT_KNOW = "I don't know"
SOMEONE_ELSE = "Someone else…"
WRONG_PERSON = "Wrong person?"
TRAIN_ANYWAY = "Add it anyway"
FACE_TITLE = "Face"
CONTEXT_TITLE = "Photo"
"""Of the two pictures as files, which the whole workspace may see."""
FACE_ALT = "The face to name, cut out of the photo"
CONTEXT_ALT = "The photo around it, with the face in a double frame"
TAGGED_ALT = "The face that was named"
SOMEBODY = "somebody"
"""In place of a name, where none is known."""
FACES_TITLE = "Faces"
NOT_ALL_THE_SAME = "Not all the same…"
LOOK_CLOSER = "Look closer"
LEARNING = "Thank you, that is enough answers. The result appears here in a moment."

OPERATOR = "FaceTag's operator"
"""Who does something by a command on the machine."""
SHOWN_TAGGERS = 20
"""So many are named; more would push the message apart on a phone."""

REJECTED: Mapping[str, str] = {
    RejectionReason.NO_FACE: "No face could be found in this picture, so it cannot be learned.",
    RejectionReason.TOO_BLURRED: "This picture is too blurred to learn from.",
    RejectionReason.TOO_DARK: "This picture is too dark to learn from.",
    RejectionReason.TURNED_AWAY: "This face is turned away too far to learn from.",
    RejectionReason.SEVERAL_FACES: "There are several faces in this picture, so it cannot be learned.",
    RejectionReason.LOW_QUALITY: "This picture is not good enough to learn from.",
    RejectionReason.TOO_LARGE: "This picture is too large to be learned.",
    RejectionReason.NOT_AN_IMAGE: "This picture cannot be read, so it cannot be learned.",
    RejectionReason.TOO_SMALL: "This face is too small to recognise anybody.",
    RejectionReason.NOT_A_FACE: "You agree that there is nobody to tag here.",
    RejectionReason.UNKNOWN: "Nobody here knows who this is. `/facetag retry` with the id below asks again.",
    RejectionReason.UNANSWERED: "This question went unanswered too long. `/facetag retry` with the id below "
    "asks again.",
}
"""Why a face was rejected, by its reason."""

NOT_SENT: Mapping[str, str] = {
    NotSentReason.PERSON_FULL: "The model has enough pictures of this person, so this one was not added.",
    NotSentReason.MODEL_FULL: "The model is full, so this picture was not added.",
    NotSentReason.DIFFERS: "You and the machine differ: it sees somebody else here. Your word counts, so the "
    "face stays tagged; it was not added to the model.",
    NotSentReason.NO_CONSENT: "This picture is not learned until they agree.",
}
"""Why a tagged face was not sent to the model."""

# --- The modal ----------------------------------------------------------------------------------------------

MODAL_TITLE = "Someone else"
MODAL_SUBMIT = "That's them"
MODAL_CLOSE = "Cancel"
MODAL_NAME = "Or a new name"
MODAL_NAME_HINT = "First and last name, so that everybody means the same person."
MODAL_EMAIL = "Email"
NAME_MISSING = "Please write a name."
NAME_TOO_LONG = "Please use at most 200 letters."
EMAIL_WRONG = "This does not look like an email address. You may leave it empty."

# --- Which of several faces --------------------------------------------------------------------------------

ODD_ONES_TITLE = "Not all the same"
ODD_ONES = "Which faces are not the same person as the others?"
ODD_ONES_HINT = "They are asked about again, apart, when their turn comes. Answers about the others stay."
ODD_ONES_SUBMIT = "Ask apart"
WRONG_ONES_TITLE = "Wrong person?"
WRONG_ONES = "Which faces got the wrong person?"
WRONG_ONES_HINT = "They leave the model, and the channel is asked once more who they are."
WRONG_ONES_SUBMIT = "Ask again"
LOOK_CLOSER_TITLE = "Look closer"
LOOK_CLOSER_CLOSE = "Close"
LOOK_CLOSER_WAIT = "One moment, the photos are on their way…"
LOOK_CLOSER_GONE = "Its photo was kept for a while only, and is gone."
LOOK_CLOSER_FAILED = "The photos cannot be shown just now. Please close this and try again in a minute."

# --- The question whether a tag is wrong -------------------------------------------------------------------

REOPEN_TITLE = "Ask again?"
REOPEN_TEXT = "The name is taken off, what was learned of this face goes, and the channel is asked once more."
REOPEN_YES = "Ask again"
REOPEN_NO = "Leave it"

# --- To one person ------------------------------------------------------------------------------------------

CLOSED = "This question is closed already, so your answer does not count any more. Thank you all the same!"
FACE_GONE = (
    "I do not know this face any more, so your answer does not count. "
    "If its photo is still wanted, please add it again."
)
ASKED_ELSEWHERE = (
    "This question is asked in another message now, so your answer here does not count. Please answer there."
)
NOTHING_TO_SPLIT = "These faces are no longer asked about together. Nothing was changed, but thank you!"
NOT_TAGGED = "This face is no longer tagged, so there is nothing to reopen."
NOT_DIFFERING = (
    "This face can no longer be added to the model: somebody was faster, or it is asked about again."
)
NOT_STORED = "Sorry, that could not be stored just now. Please try again in a minute."
BUSY = "Sorry, Slack is busy just now, so that could not be done. Please click again in a moment."
NOT_DONE = "Sorry, that could not be done just now. Please try again in a minute."
UNKNOWN_ACT = "I do not know this button any more; perhaps the message is an old one. Nothing was changed."
NO_SAY = (
    "Thank you, but only full members of this workspace have a say here: guests and people of other "
    "organisations do not. Nothing was changed."
)
ADMINS_ONLY = "Only FaceTag's admins can do this. Please ask one of them."

PICTURES_GONE = "this face cannot be asked about again: its pictures were kept for a while only, and are gone"
FORGOTTEN = "Somebody asked to be forgotten, so there is nothing left to see here."
FORGOTTEN_MEANWHILE = (
    "Somebody asked to be forgotten while you answered, and I cannot tell any more whom you meant. Your "
    "answer was not stored. If you meant somebody else, please answer once more."
)
BEING_FORGOTTEN = (
    "This person is being forgotten just now, so your answer was not stored. In a minute they can be named "
    "anew, if they agree to that."
)

# --- To the channel -----------------------------------------------------------------------------------------

HELD_UP = (
    "Tagging is held up: something that I need has not worked for more than ten minutes. Your answers are "
    "safe, and I go on by myself once it works again. `/facetag status` says what is wrong; `/facetag retry` "
    "tries again what was given up."
)
GOES_ON = "Tagging goes on: what was held up is done. Thank you for your patience!"

HELP = """\
*FaceTag* asks in its channel who the people in your photos are. Pick a name under a face; \
when enough of you agree, the face is tagged.
My Home, under Apps, has all that waits for your answer, and says how to add a photo.
• `/facetag status` – what is done, what waits and why
• `/facetag retry` – try again whatever was given up
• `/facetag retry QUEUE` or `/facetag retry FACE` – the same for one queue, or for one face; \
a face that was set aside is asked about again
• `/facetag me` – what is kept about you, and what you can do about it
• `/facetag help` – this text"""


def left_in_model(backend: str) -> str:
    """Told to whom reopened the face."""
    return (
        f"This face is asked about again. It was learned by another training backend ({backend}), "
        "where it could not be taken out. `/facetag status` says what to do."
    )


def escaped(text: str) -> str:
    """Text from elsewhere, so that Slack takes none of it for a mention, a link or a channel-wide call, and
    that it turns no direction of what follows.
    """
    return printable_lines(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def forgotten_here(count: int) -> str:
    """Why so many faces are not in this message any more."""
    faces = "a face is" if count == 1 else f"{count} faces are"
    return f"Somebody asked to be forgotten: {faces} not here any more."


def member(tagger: str) -> str:
    """A tagger, or somebody in place of one who was forgotten."""
    return SOMEBODY if tagger.startswith(FORGOTTEN_TAGGER) else mention(tagger)


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


def offered(names: int) -> str:
    """How many names stand on buttons; which, the buttons alone say."""
    if names == 1:
        return "1 name is offered as a button."
    return f"{names} names are offered as buttons." if names else ""


def answered_by(taggers: Sequence[str], *, machine_agreed: bool = False) -> str:
    """The taggers of a closed face."""
    agreed = "; the machine agreed" if machine_agreed else ""
    return f"Answered by {_listed(taggers)}{agreed}." if taggers else ""


def tagged_as(name: str) -> str:
    """`name` is a name or a mention."""
    return f"Tagged as {name}"


def rejected(reason: str) -> str:
    """`reason` is one of `REJECTED`."""
    return REJECTED.get(reason, f"This face was set aside ({reason.replace('_', ' ')}).")


def reopened(by: str | None, *, is_elsewhere: bool = False, count: int = 1) -> str:
    """`by` is who had so many faces asked about again, None for an operator; with `is_elsewhere`, the channel
    that tags is another one now.
    """
    if by is None and is_elsewhere:
        return "This question has moved: it is asked again in a new message, in another channel."
    who = member(by) if by else OPERATOR
    faces = "this face" if count == 1 else f"these {count} faces"
    return f"{who} reopened {faces}. {_asked_again(count)}"


def left_the_request(by: str | None, count: int, *, struck_out: bool) -> str:
    """Why so many faces are not asked about here any more; `by` as above."""
    who = member(by) if by else OPERATOR
    faces = "a face" if count == 1 else f"{count} faces"
    did = f"took {faces} out as not the same" if struck_out else f"reopened {faces}"
    return f"{who} {did}. {_asked_again(count)}"


def _asked_again(count: int) -> str:
    if count == 1:
        return "It is asked about again, in a new message, when its turn comes."
    return "They are asked about again, in new messages, when their turn comes."


def group_question(count: int) -> str:
    """The heading of a request about several faces."""
    return f"These {count} faces look like one person. Who is it?"


def grid_alt(count: int) -> str:
    """Of the picture of several faces."""
    return f"{count} faces to name, each cut out of its photo, with a number on each"


def tagged_grid_alt(count: int) -> str:
    """Of the same picture in the message of a request that is closed."""
    return f"The {count} faces that were asked about"


def numbered_photo_alt(number: int) -> str:
    """Of the photo around one of several faces."""
    return f"The photo around face {number}, with the face in a double frame"


def face_number(number: int) -> str:
    """One of several faces, by its number in the picture."""
    return f"Face {number}"


def all_faces(count: int) -> str:
    """All of those that a request is about."""
    return "both faces" if count == 2 else f"all {count} faces"


def numbered_faces(numbers: Sequence[int]) -> str:
    """Some of them, by their numbers in the picture."""
    *others, last = map(str, numbers)
    return f"faces {', '.join(others)} and {last}" if others else f"face {last}"


def of_faces(sentence: str, whose: str) -> str:
    """The sentence, and the faces that it is about."""
    return f"{sentence} ({whose})"


def cannot_be_chosen(slack_id: str) -> str:
    """To a tagger who picked somebody who is no person of this workspace."""
    return f"{mention(slack_id)} cannot be chosen: only people with an active account can. Please pick again."


def retried(messages: int, *, asked_again: int) -> str:
    """The outcome of `retry`."""
    parts = []
    if asked_again:
        parts.append(
            "1 face is asked about again."
            if asked_again == 1
            else f"{asked_again} faces are asked about again."
        )
    if messages or not asked_again:
        parts.append(
            "1 message is tried again." if messages == 1 else f"{messages} messages are tried again."
        )
    return " ".join(parts)


def queue_unusable(queue: str, reason: str) -> str:
    """A line of what `retry` did: nothing here."""
    return f"{queue}: nothing, as {escaped(reason)}"


RETRY_THEM = (
    "What was given up is tried again when somebody says `/facetag retry`, best once its cause is gone."
)


def more_lines(number: int) -> str:
    """The end of a status that is too long for Slack."""
    return f"… and {number} more lines, which `{COMMAND} status` prints."


def no_status(reason: str) -> str:
    """In place of the status."""
    return f"I cannot tell just now: {escaped(reason)}. What you answered before is safe."


def duration(seconds: float) -> str:
    """About how long, in one unit."""
    unit, length = next(
        ((unit, length) for unit, length in (("day", 86_400), ("hour", 3_600)) if seconds >= 2 * length),
        ("minute", 60),
    )
    number = max(1, round(seconds / length))
    return f"{number} {unit}" + ("s" if number > 1 else "")


def moment(time: datetime) -> str:
    """When it was, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M UTC")


def nothing_of_that_name(target: str) -> str:
    """To who asked to retry something that is neither a queue nor a face."""
    return f"There is no queue and no face {escaped(target)}. Nothing was changed."


def small_print(face_id: str) -> str:
    """The line by which an operator finds a face again."""
    return f"Face {face_id}"


def _listed(members: Sequence[str]) -> str:
    shown = [member(tagger) for tagger in members[:SHOWN_TAGGERS]]
    more = len(members) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
