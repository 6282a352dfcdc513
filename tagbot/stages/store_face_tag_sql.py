"""Store a tagger's answer as their vote, and show that they answered."""

from collections.abc import Iterator, Sequence

from tagbot.database.models.asked import AskedFace, AskedRequest, asked_in, note_channel
from tagbot.database.models.bookkeeping import Effort
from tagbot.database.models.named_people import person_meant
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import OWN_ID_LENGTH, Person
from tagbot.database.models.places import note_posted
from tagbot.database.models.requests import Request
from tagbot.database.models.votes import Vote
from tagbot.database.write_lock import writing
from tagbot.lib.names import clean_email, clean_name, email_key, name_key
from tagbot.lib.unseen import can_be_seen
from tagbot.messages import ANYWAY, AnswerGiven, FaceTagged
from tagbot.services import Services
from tagbot.slack import person_words, words
from tagbot.stages.answers_about_forgotten import about_somebody_forgotten
from tagbot.stages.clicks_on_closed_faces import faces_answered, tell_that_it_came_late
from tagbot.stages.send_face_for_training import can_be_trained_anyway
from tagbot.vocabulary import ActionId, SpecialAnswer, State


def store_face_tag_sql(message: AnswerGiven, services: Services) -> Iterator[FaceTagged]:
    """Store the vote, in place of an earlier one by the same tagger."""
    # Again is harmless: there is one vote for each face and tagger, and the same answer writes nothing.
    if message.answer == ActionId.TRAIN_ANYWAY:
        yield from _send_anyway(message, services)
        return
    services.homes.answered(message.tagger)
    # An older version left names as they were typed.
    name, email = clean_name(message.name), clean_email(message.email)
    picked = Person.with_own_id(message.answer)
    answer = message.answer if picked is None else picked.as_answer
    meant = picked.root() if picked is not None else None  # a merged one may have been offered before
    asked_about, has_account = (meant.as_answer, bool(meant.slack_id)) if meant else (answer, True)
    named = name if has_account or meant is None else meant.name or ""
    if (why := _why_not(message, asked_about, named, services, has_account=has_account)) is not None:
        services.tell(message, why)
        return
    with writing():
        if (refusal := about_somebody_forgotten(message, answer, name, email)) is not None:
            services.tell(message, refusal)
            return
        asked = asked_in(message.face_id, message.round)
        if asked is not None:
            _note_that_it_is_posted(asked, message)
        answered = faces_answered(asked, message, services.slack.channel.id)
        if _store_votes(answered, message, answer, name, email):
            Effort.add_answer(message.clicks or 1)
        still_open = [face for face in answered if face.state == State.OPEN]
        if asked is not None and still_open:
            Request.answers_changed(asked.id)
        elif asked is not None and not answered and message.channel:
            note_channel(asked, message.channel)
    if not answered:
        tell_that_it_came_late(message, services)
    if asked is not None and (still_open or not answered):
        services.updates.show_soon(asked.id)
    for face in still_open:
        yield FaceTagged(face_id=face.id, round=face.round, cause=f"{message.tagger}:{message.at:.6f}")


def _why_not(
    message: AnswerGiven, answer: str, name: str, services: Services, *, has_account: bool
) -> str | None:
    """Words for the tagger, whose answer names nobody who can be tagged; None where it does."""
    if not message.answer and not can_be_seen(name):
        return words.NAME_MISSING
    if has_account and len(answer) == OWN_ID_LENGTH:  # offered before its person was forgotten
        return words.FORGOTTEN_MEANWHILE
    account = has_account and answer not in ("", SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW)
    if (opted_out := _opted_out(answer if account else "", name, services)) is not None:
        return person_words.does_not_want_to_be_tagged(opted_out)
    if account and not services.slack.members.can_be_chosen(answer, by=message.tagger):
        return words.cannot_be_chosen(answer)
    return None


def _opted_out(account: str, name: str, services: Services) -> str | None:
    """The person who does not want to be tagged, as the tagger is told of them: whose account was picked, or
    has the name that was typed.
    """
    if account and OptOut.has(account, services.opt_out_key):
        return words.mention(account)
    if name and OptOut.select().exists():
        accounts = services.slack.members.called(name)
        if any(OptOut.has(each, services.opt_out_key) for each in accounts):
            return words.escaped(name)
    return None


def _store_votes(
    faces: Sequence[AskedFace], message: AnswerGiven, answer: str, name: str, email: str
) -> bool:
    """One on each of these faces; whether any of them is new."""
    # A person without a Slack account is one of our own, as soon as people agree.
    is_new = False
    for face in faces:
        answer = answer or person_meant(name_key(name), email_key(email), face.id)
        is_new |= Vote.put(
            face_id=face.id,
            tagger=message.tagger,
            answer=answer,
            round=face.round,
            at=message.at,
            name=name,
            email=email,
        )
    return is_new


def _send_anyway(message: AnswerGiven, services: Services) -> Iterator[FaceTagged]:
    """Pass on what an admin wants, for each face of the request for which it can still be done."""
    cause = f"{ANYWAY}{message.tagger}:{message.at:.6f}"
    asked = asked_in(message.face_id, message.round)
    wanted = [
        FaceTagged(face_id=face.id, round=face.round, cause=cause)
        for face in (asked.faces if asked is not None else ())
    ]
    possible = [each for each in wanted if can_be_trained_anyway(each)]
    yield from possible
    if not possible:
        services.tell(message, words.NOT_DIFFERING)


def _note_that_it_is_posted(asked: AskedRequest, message: AnswerGiven) -> None:
    """A click proves that the request is in the channel, also while Slack's answer to the post is under
    way.
    """
    waiting = [face for face in asked.faces if face.state == State.WAITING]
    if not waiting or not message.message_ts:
        return
    asked.message_ts, asked.channel = message.message_ts, message.channel or asked.channel
    note_posted(asked.id, message_ts=asked.message_ts, channel=asked.channel, posted_at=message.received)
    for face in waiting:
        face.state = State.OPEN
