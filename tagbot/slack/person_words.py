"""All that the bot says to people about themselves: consent, their own data, opting out. As in `words`."""

from collections.abc import Iterable, Mapping

from tagbot.lib.installation import COMMAND
from tagbot.slack.words import escaped, mention
from tagbot.vocabulary import ActionId, Consent

# --- The question for consent -------------------------------------------------------------------------------

BACKENDS: Mapping[str, str] = {
    "local": "in FaceTag's own database, from which they are sent nowhere",
    "rekognition": "at Amazon Rekognition, to which your pictures are sent for that",
}
"""Where what describes a face is kept, by training backend."""


SAY_NO_OR_NOTHING = "*You may say no, or nothing at all.* Then nothing of your face is learned."
SAY_NO = (
    "*You may say no.* Then all that was learned of your face goes, and nothing more is learned. As long as "
    "you say nothing, it may be learned."
)
"""Where people are not asked first."""


def consent_text(channel: str, admins: Iterable[str], backend: str, *, required: bool) -> str:
    """The default question: who runs this, what would be kept and for what, and how to say no. `required` is
    whether nothing is learned before a yes.
    """
    asked = ", ".join(map(mention, sorted(admins))) or f"the people in <#{channel}>"
    return (
        f"Hello! Your workspace uses FaceTag in <#{channel}> to name the people in its photos, and your team "
        f"has named you in one. It is run by your own workspace; {asked} can tell you more.\n\n"
        "*May FaceTag learn your face?* It would keep numbers that describe your face, made from those "
        f"pictures, {BACKENDS[backend]}. They serve one purpose: that your team is asked less about the "
        "next photo of you. They are used for nothing else, and go when you take your yes back.\n\n"
        f"{SAY_NO_OR_NOTHING if required else SAY_NO} It costs you nothing, and nobody is told. "
        "You can change your mind at any time, here or with `/facetag me`, where you also "
        "see all that is kept about you, and can have yourself forgotten."
    )


CONSENT_YES = "Yes, learn my face"
CONSENT_NO = "No, do not learn it"
CONSENT_BACK = "Take my yes back"
"""The same button as `CONSENT_NO`, for a person who has agreed."""


def consent_standing(standing: Consent, date: str) -> str:
    """Where a person's consent stands, to themselves; `date` is when they said so."""
    match standing:
        case Consent.GIVEN:
            return f"You agreed on {date}: your face may be learned."
        case Consent.REFUSED:
            return f"You said no on {date}: nothing of your face is learned."
        case Consent.WITHDRAWN:
            return f"You took your yes back on {date}: nothing of your face is learned."
        case Consent.ASKED:
            return "You were asked whether your face may be learned. Until you say yes, it is not."
        case _:
            return "You have not said yet whether your face may be learned."


HEARD: Mapping[str, str] = {
    ActionId.CONSENT_YES: "Thank you! Your yes is noted, and can be taken back here at any time.",
    ActionId.CONSENT_NO: "Your no is noted. What was learned of your face goes, and nothing more is learned.",
    ActionId.TAG_ME_AGAIN: "Welcome back! You can be tagged again.",
    ActionId.SEND_MY_DATA: "Your data is on its way to you, by direct message.",
    ActionId.PHOTOS_WITH_ME: "Your photos are on their way to you, by direct message.",
    ActionId.FORGET_ME: "You are being forgotten: in a moment, nothing here says who you are or shows your "
    "face.",
    ActionId.DO_NOT_TAG_ME: "You are kept out from now on, and in a moment nothing here says who you are or "
    "shows your face.",
}
"""Told at once after a click."""

NOBODY_YET = (
    "You are tagged in no photo, so there is nothing to learn, and your answer was not kept. Where consent "
    "is required, you are asked when you are named."
)
NOT_YOURS = "These buttons are somebody else's own, so nothing was changed. `/facetag me` has yours."
NOT_WRITTEN_TO = (
    "I cannot write to you directly here, so nothing was sent. FaceTag's operator can write the same file: "
    f"`{COMMAND} export --format zip --person …`."
)
DATA_SENT = "Here is all that is kept about you. The file README.txt in it says what is what."

# --- To a tagger --------------------------------------------------------------------------------------------


def does_not_want_to_be_tagged(who: str) -> str:
    """To a tagger who picked or typed somebody who opted out; `who` is a mention, or the name as typed."""
    return f"{who} does not want to be tagged, so your answer was not stored. Thank you for respecting that."


# --- /facetag me --------------------------------------------------------------------------------------------

ABOUT_YOU = "What FaceTag keeps about you"
KEPT_NOTHING = "You are tagged in no photo, so no face is kept under your name."
OPTED_OUT = (
    "You asked not to be tagged. Nothing of you is kept but a code that only this bot can make from your "
    "account, by which it knows that you cannot be chosen."
)
SEND_MY_DATA = "Send me my data"
DO_NOT_TAG_ME = "Do not tag me"
TAG_ME_AGAIN = "Tag me again"
FORGET_ME = "Forget me"
CANCEL = "Cancel"

CONFIRM: Mapping[str, tuple[str, str]] = {
    ActionId.DO_NOT_TAG_ME: (
        "Never be tagged?",
        (
            "Your name, your face and all that was learned of it go, as with “Forget me”, and for good. "
            "Nobody can tag you until you press “Tag me again” here."
        ),
    ),
    ActionId.TAG_ME_AGAIN: ("Be tagged again?", "Your team can choose you in photos again."),
    ActionId.FORGET_ME: (
        "Forget you?",
        (
            "Your name, your face and all that was learned of it go. What you answered about others stays, "
            "without your name. This cannot be undone."
        ),
    ),
}
"""Asked before these are done: a title, and what follows."""


def profile(name: str | None, email: str | None, *, has_picture: bool) -> str:
    """The part of a Slack profile that is kept."""
    kept = [
        *([f"your name ({escaped(name)})"] if name else []),
        *([f"your email address ({escaped(email)})"] if email else []),
        *(["where the picture of your profile is"] if has_picture else []),
    ]
    return f"From your profile: {', '.join(kept)}." if kept else ""


def counted_faces(faces: int, photos: int, learned: int) -> str:
    """In how many pictures a person is tagged, and how much of it is learned."""
    if not faces:
        return KEPT_NOTHING
    if faces == 1:
        return f"1 face in 1 photo is tagged as you. It is {'' if learned else 'not '}learned."
    in_model = (
        f"{learned} of them {'is' if learned == 1 else 'are'} learned" if learned else "none is learned"
    )
    return (
        f"{faces} faces in {'1 photo' if photos == 1 else f'{photos} photos'} are tagged as you; {in_model}."
    )


def counted_answers(answers: int) -> str:
    """How many of a person's own answers about others are kept."""
    if answers == 1:
        return "1 answer that you gave about a face is kept."
    return f"{answers} answers that you gave about faces are kept." if answers else ""


def waiting_for_yes(faces: int) -> str:
    """Faces that a yes would have learned."""
    return f"{'1 face waits' if faces == 1 else f'{faces} faces wait'} for your yes." if faces else ""


def said_to(text: str) -> str:
    """The text that a yes or no was to."""
    return f"The text that you answered:\n{text}"


# --- The file with a person's own data ----------------------------------------------------------------------

README = """\
This is all that FaceTag keeps about you.

data.json
  person    what it knows about you: its id for you, your name, and what it read in your Slack profile
  faces     every face that you are tagged as: where in which photo (by the SHA-256 of its file), who answered
            what, and whether the face is learned
  answers   what you answered about other people's faces
  consents  when and how you were asked, and agreed or not, whether your face may be learned, with the text
crops/      the pictures of those faces, cut out of the photos, by the id of the face

What was learned of a face is a row of numbers from which no picture can be made; it is kept as long as the
face is learned. `/facetag me` in Slack says what you can do about all this.
"""
