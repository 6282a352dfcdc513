"""Messages to one person about themselves: the question for consent, and what is kept of them; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, HeaderBlock, PlainTextObject

from tagbot.slack import person_words as words
from tagbot.slack import sent_photo_words
from tagbot.slack.blocks import Rendered, asking_first, button, rendered, section
from tagbot.vocabulary import PERSON, ActionId, Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentShown:
    """All that the question for consent shows."""

    slack_id: str
    text: str
    text_id: str
    """By which an answer says what it was to."""
    standing: Consent
    date: str = ""
    """When the person said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptShown:
    """All that a person is shown of what is kept of them."""

    slack_id: str
    name: str | None = None
    email: str | None = None
    has_picture: bool = False
    faces: int = 0
    photos: int = 0
    learned: int = 0
    waiting: int = 0
    """Faces that a yes would have learned."""
    answers: int = 0
    is_person: bool = False
    """Whether they were ever tagged: only then is there something to agree to."""
    text: str = ""
    """The words that they may agree to."""
    text_id: str = ""
    standing: Consent = Consent.NONE
    date: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotosShown:
    """All that follows the photos which a person was sent."""

    slack_id: str
    has_sent: bool
    """Whether they were sent any, just now or before."""
    more: int
    """How many were not sent yet."""
    next: int
    """How many of these the next click brings."""
    after: str
    """Where they begin."""
    gone: Sequence[str] = ()
    """The days of those that are no longer kept."""


def block_id(slack_id: str) -> str:
    """Of the block that holds a person's own buttons."""
    return f"{PERSON}{slack_id}"


def whose(block: str) -> str:
    """Slack id of the person whose own buttons a block holds."""
    return block.removeprefix(PERSON)


def consent_message(shown: ConsentShown) -> Rendered:
    """The question, which also says what was answered."""
    status = words.consent_standing(shown.standing, shown.date)
    note = status if shown.standing not in (Consent.ASKED, Consent.NONE) else ""
    buttons = _consent_buttons(shown.standing, shown.text_id)
    controls = [ActionsBlock(block_id=block_id(shown.slack_id), elements=buttons)]
    return rendered([shown.text, note, *_labels(buttons)], [section(shown.text)], [note], controls)


def kept_message(shown: KeptShown) -> Rendered:
    """All that is kept of a person, with their buttons."""
    if shown.opted_out:
        lines = [words.OPTED_OUT]
        buttons: list[ButtonElement] = [_asking_first(ActionId.TAG_ME_AGAIN, words.TAG_ME_AGAIN)]
    else:
        lines = [
            words.counted_faces(shown.faces, shown.photos, shown.learned),
            words.profile(shown.name, shown.email, has_picture=shown.has_picture),
            words.consent_standing(shown.standing, shown.date) if shown.is_person else "",
            words.waiting_for_yes(shown.waiting),
            words.counted_answers(shown.answers),
        ]
        buttons = [
            *(_consent_buttons(shown.standing, shown.text_id) if shown.is_person else []),
            button(ActionId.PHOTOS_WITH_ME, sent_photo_words.PHOTOS_WITH_ME),
            button(ActionId.SEND_MY_DATA, words.SEND_MY_DATA),
            _asking_first(ActionId.DO_NOT_TAG_ME, words.DO_NOT_TAG_ME),
            _asking_first(ActionId.FORGET_ME, words.FORGET_ME),
        ]
    told = [line for line in lines if line]
    asks = shown.is_person and shown.standing != Consent.GIVEN and not shown.opted_out
    question = [shown.text] if asks and shown.text else []
    blocks = [
        HeaderBlock(text=PlainTextObject(text=words.ABOUT_YOU)),
        section("\n".join(told)),
        *map(section, question),
    ]
    controls = [ActionsBlock(block_id=block_id(shown.slack_id), elements=buttons)]
    return rendered([words.ABOUT_YOU, *told, *question, *_labels(buttons)], blocks, [], controls)


def after_photos(shown: PhotosShown) -> Rendered:
    """What follows the photos that a person was sent."""
    if shown.next:
        more = sent_photo_words.how_many_more(shown.more)
    elif shown.has_sent:
        more = sent_photo_words.THAT_IS_ALL
    else:
        more = "" if shown.gone else sent_photo_words.NONE
    told = [each for each in (more, sent_photo_words.no_longer_kept(shown.gone)) if each]
    label = sent_photo_words.next_ones(shown.next)
    buttons = [button(ActionId.PHOTOS_WITH_ME, label, shown.after)] if shown.next else []
    controls = [ActionsBlock(block_id=block_id(shown.slack_id), elements=buttons)] if buttons else []
    return rendered([*told, *_labels(buttons)], [section("\n".join(told))], [], controls)


def _consent_buttons(standing: Consent, text_id: str) -> list[ButtonElement]:
    """Both where nothing is decided; else the one that changes it."""
    label = words.CONSENT_BACK if standing == Consent.GIVEN else words.CONSENT_NO
    yes = button(ActionId.CONSENT_YES, words.CONSENT_YES, text_id)
    no = button(ActionId.CONSENT_NO, label, text_id)
    match standing:
        case Consent.GIVEN:
            return [no]
        case Consent.REFUSED | Consent.WITHDRAWN:
            return [yes]
        case _:
            return [yes, no]


def _asking_first(action_id: ActionId, label: str) -> ButtonElement:
    title, text = words.CONFIRM[action_id]
    is_final = action_id in (ActionId.FORGET_ME, ActionId.DO_NOT_TAG_ME)
    return asking_first(button(action_id, label), title, text, label, words.CANCEL, is_final=is_final)


def _labels(buttons: Sequence[ButtonElement]) -> list[str]:
    return [f"{each.text.text}." for each in buttons if each.text is not None]
