"""Asking a person by direct message whether they may be learned: once, and never again."""

from collections.abc import Callable
from datetime import UTC, datetime

from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText, standing
from tagbot.database.models.people import Person
from tagbot.errors import Retry
from tagbot.settings import Settings
from tagbot.slack import person_words
from tagbot.slack.api_failures import OutcomeUnknown
from tagbot.slack.blocks import Rendered
from tagbot.slack.client import Slack
from tagbot.slack.direct_messages import CannotBeWrittenTo
from tagbot.slack.history import SETTLE_SECONDS
from tagbot.slack.person_messages import ConsentShown, consent_message
from tagbot.vocabulary import Consent, EventType


def text_of_today(settings: Settings) -> str:
    """The text that people are asked to agree to now: the operator's, or the default."""
    return settings.consent_text or person_words.consent_text(
        settings.slack_channel, settings.admins, settings.training_backend
    )


def ask_for_consent(person: Person, text: str, slack: Slack, now: Callable[[], float]) -> None:
    """Ask a person with an account who was not asked yet, and has said nothing.

    Slack does not recognise a repeated post: so the intent is noted, and after a crash or a lost answer the
    conversation is searched for the question before it is posted.
    """
    question = ConsentQuestion.of(person.id)
    if person.slack_id is None or standing(person.id) != Consent.NONE:
        return
    if question is not None and question.problem is not None:
        return
    try:
        channel = slack.direct.open(person.slack_id)
        ts = _posted_before(question, channel, slack, now) or _post(person, text, channel, slack, now)
    except CannotBeWrittenTo as why:
        _note(person, text, now, asking_since=None, problem=why.reason)
        return
    ConsentQuestion.put(person.id, message_ts=ts, asked_at=now(), shows=Consent.ASKED)


def show_answer(person: Person, slack: Slack) -> None:
    """Have the question say what was answered, and offer what is left to say."""
    question, said = ConsentQuestion.of(person.id), ConsentStatement.latest(person.id)
    if question is None or question.message_ts is None or question.channel is None or said is None:
        return
    if question.shows != said.said:
        message = _rendered(person, question.text_id, Consent(said.said), said.at)
        slack.direct.update(question.channel, question.message_ts, message)
        ConsentQuestion.put(person.id, shows=said.said)


def _posted_before(
    question: ConsentQuestion | None, channel: str, slack: Slack, now: Callable[[], float]
) -> str | None:
    """The `ts` of the question that an earlier attempt posted, if it did."""
    if question is None or question.asking_since is None:
        return None
    rest = question.asking_since + SETTLE_SECONDS - now()
    if rest > 0:
        raise Retry("a question may still be on its way", after=rest)
    payload = _payload(question.person_id)
    return slack.direct.find(channel, EventType.CONSENT, payload, question.asking_since)


def _post(person: Person, text: str, channel: str, slack: Slack, now: Callable[[], float]) -> str:
    text_id = _note(person, text, now, asking_since=now(), channel=channel)
    message = _rendered(person, text_id, Consent.ASKED)
    try:
        return slack.direct.post(channel, message, EventType.CONSENT, _payload(person.id))
    except OutcomeUnknown as lost:
        raise OutcomeUnknown(lost.reason, after=SETTLE_SECONDS) from None
    except Retry:
        ConsentQuestion.put(person.id, asking_since=None)  # it was surely not posted
        raise


def _note(person: Person, text: str, now: Callable[[], float], **changes: object) -> str:
    text_id = ConsentText.keep(text, now())
    ConsentQuestion.put(person.id, text=text_id, **changes)
    return text_id


def _payload(person_id: str) -> dict[str, str]:
    return {"person": person_id}


def _rendered(person: Person, text_id: str, standing: Consent, at: float | None = None) -> Rendered:
    return consent_message(
        ConsentShown(
            slack_id=person.slack_id or "",
            text=ConsentText.get_by_id(text_id).text,
            text_id=text_id,
            standing=standing,
            date=day(at),
        )
    )


def day(at: float | None) -> str:
    """The date of a time in seconds since 1970; empty for none."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
