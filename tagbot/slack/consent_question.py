"""Asking a person by direct message whether they may be learned: once, and never again."""

from collections.abc import Callable
from datetime import UTC, datetime

from tagbot.database.models.consents import ConsentQuestion, ConsentStatement, ConsentText, standing
from tagbot.database.models.people import Person
from tagbot.settings import Settings
from tagbot.slack import person_words
from tagbot.slack.blocks import Rendered
from tagbot.slack.client import Slack
from tagbot.slack.direct_messages import CannotBeWrittenTo
from tagbot.slack.person_messages import ConsentShown, consent_message
from tagbot.vocabulary import Consent, EventType


def text_of_today(settings: Settings) -> str:
    """The text that people are asked to agree to now: the operator's, or the default."""
    return settings.consent_text or person_words.consent_text(
        settings.slack_channel,
        settings.admins,
        settings.training_backend,
        required=settings.requires_consent,
    )


def ask_for_consent(person: Person, text: str, slack: Slack, now: Callable[[], float]) -> None:
    """Ask a person with an account who was not asked yet, and has said nothing."""
    question = ConsentQuestion.of(person.id)
    if person.slack_id is None or standing(person.id) != Consent.NONE:
        return
    if question is not None and question.problem is not None:
        return
    try:
        ts = _post(person, question, text, slack, now)
    except CannotBeWrittenTo as why:
        text_id = ConsentText.keep(text, now())
        ConsentQuestion.put(person.id, text=text_id, asking_since=None, problem=why.reason)
        return
    ConsentQuestion.put(person.id, message_ts=ts, asked_at=now(), shows=Consent.ASKED)


def show_answer(person: Person, slack: Slack) -> None:
    """Have the question say what was answered, and offer what is left to say; it asks again where silence
    holds since a merge.
    """
    question, said = ConsentQuestion.of(person.id), ConsentStatement.latest(person.id)
    if question is None or question.message_ts is None or question.channel is None:
        return
    shows, at = (Consent.ASKED, None) if said is None else (Consent(said.said), said.at)
    if question.shows != shows:
        text_id = question.text_id
        message = _rendered(person, _kept(text_id), text_id, shows, at)
        slack.direct.update(question.channel, question.message_ts, message)
        ConsentQuestion.put(person.id, shows=shows)


def show_question_anew(channel: str, ts: str, slack: Slack) -> None:
    """Have a question show its text as it is kept now; none where its person was forgotten meanwhile."""
    here = (ConsentQuestion.channel == channel) & (ConsentQuestion.message_ts == ts)
    question: ConsentQuestion | None = ConsentQuestion.get_or_none(here)
    if question is not None:
        person, shows = Person.get_by_id(question.person_id), Consent(question.shows or Consent.ASKED)
        said = None if shows == Consent.ASKED else ConsentStatement.latest(person.id)
        at = None if said is None else said.at
        slack.direct.update(
            channel, ts, _rendered(person, _kept(question.text_id), question.text_id, shows, at)
        )


def _post(
    person: Person, question: ConsentQuestion | None, text: str, slack: Slack, now: Callable[[], float]
) -> str:
    """In the words of today; the `ts` of the message, also of one that an earlier attempt posted."""
    channel = slack.direct.open(str(person.slack_id))
    text_id = ConsentText.keep(text, now())

    def note(since: float | None) -> None:
        ConsentQuestion.put(person.id, text=text_id, asking_since=since, channel=channel)

    return slack.direct.post_once(
        channel,
        _rendered(person, text, text_id, Consent.ASKED),
        EventType.CONSENT,
        {"person": person.id},
        posting_since=None if question is None else question.asking_since,
        note=note,
        now=now(),
    )


def _kept(text_id: str) -> str:
    return str(ConsentText.get_by_id(text_id).text)


def _rendered(
    person: Person, text: str, text_id: str, standing: Consent, at: float | None = None
) -> Rendered:
    return consent_message(
        ConsentShown(
            slack_id=person.slack_id or "",
            text=text,
            text_id=text_id,
            standing=standing,
            date=day(at),
        )
    )


def day(at: float | None) -> str:
    """The date of a time in seconds since 1970; empty for none."""
    return "" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")
