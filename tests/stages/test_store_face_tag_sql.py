"""StoreFaceTagSql: one vote for each face and tagger, and nobody sees what it says."""

import time

import pytest

from tagbot.database.models.bookkeeping import Effort
from tagbot.database.models.faces import Face
from tagbot.database.models.merges import merge
from tagbot.database.models.opt_outs import OptOut
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.rounds import ask_again
from tagbot.database.models.votes import Vote
from tagbot.errors import Reject, Retry
from tagbot.messages import AnswerGiven, FaceStored, FaceTagged
from tagbot.queues import Counts
from tagbot.slack import person_words, words
from tagbot.stages.store_face_tag_sql import store_face_tag_sql
from tagbot.vocabulary import SpecialAnswer
from tests.stages.scenes import (
    MakeWorld,
    drain_until,
    fresh,
    objects,
    person_of,
    say,
    seen,
    shown,
    votes,
    without_made_up_ids,
)
from tests.world import World, ts_of


def work(world: World, answer: AnswerGiven) -> list[FaceTagged]:
    """The stage alone, on one message."""
    return list(store_face_tag_sql(answer, world.services))


def last_words_to(world: World, member: str) -> str:
    """What this person alone was told last."""
    return world.told(member)[-1]


def test_an_answer_becomes_a_vote_and_the_next_message(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], people[1])
    (told,) = work(world, answer)
    assert votes(face) == {people[0]: people[1]}
    assert (told.face_id, told.round) == (face.id, 1)
    assert fresh(face).state == "open"


@pytest.mark.rule("voters-shown-votes-hidden", "choice-kept-secret")
def test_the_request_says_who_has_answered_and_never_what(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    tagger, chosen = people[0], people[4]
    name = world.slack.members()[chosen].real_name
    work(world, world.answer(face, tagger, chosen))
    message = shown(world, face)
    assert words.mention(tagger) in message.text
    assert any(words.mention(tagger) in str(each.get("text")) for each in objects(message.blocks))
    for everything in (seen(message), repr(message.history)):
        assert chosen not in everything
        assert name not in everything


@pytest.mark.rule("voters-shown-votes-hidden")
@pytest.mark.parametrize("answer", [SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW, "somebody by name"])
def test_the_request_looks_the_same_whatever_was_answered(
    world: World, people: list[str], answer: str
) -> None:
    face, other = world.face(posted=True), world.face(posted=True)
    work(world, world.answer(other, people[0], people[3]))
    if answer in (SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW):
        work(world, world.answer(face, people[0], answer))
    else:
        work(world, world.answer(face, people[0], "", name="Zora Neale", email="zora@example.com"))
    mine, theirs = seen(shown(world, face)), seen(shown(world, other))
    one, two = fresh(face), fresh(other)
    for ids in ((one.id, two.id), (one.crop_file, two.crop_file), (one.context_file, two.context_file)):
        assert all(ids)
        mine = mine.replace(str(ids[0]), str(ids[1]))
    assert without_made_up_ids(mine) == without_made_up_ids(theirs)
    assert "Zora" not in mine


@pytest.mark.rule("one-vote-each")
def test_a_later_answer_replaces_the_earlier_one(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    say(world, face, people[1], people[0])
    say(world, face, people[2], people[0])
    assert votes(face) == {people[0]: people[2]}


@pytest.mark.rule("one-vote-each")
def test_the_later_answer_counts_whichever_is_worked_on_first(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    now = world.services.now()
    work(world, world.answer(face, people[0], people[2], at=now + 0.000_002))
    work(world, world.answer(face, people[0], people[1], at=now + 0.000_001))
    assert votes(face) == {people[0]: people[2]}


@pytest.mark.rule("one-vote-each")
def test_two_answers_of_one_tagger_are_one_vote(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    say(world, face, people[1], people[0], people[0])
    assert fresh(face).state == "open"
    assert votes(face) == {people[0]: people[1]}


def test_twice_is_harmless(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], people[1])
    first = work(world, answer)  # a crash before its output was stored…
    again = work(world, answer)  # … and the message once more
    assert [each.id for each in first] == [each.id for each in again]
    assert votes(face) == {people[0]: people[1]}
    assert Vote.select().count() == 1


@pytest.mark.rule("stats-json")
def test_an_answer_counts_with_its_clicks_and_a_redelivery_counts_nothing(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], people[1], clicks=2)
    for _ in range(2):
        work(world, answer)
    assert Effort.counts() == {"answers": 1, "clicks": 2}
    work(world, world.answer(face, people[0], SpecialAnswer.DONT_KNOW, clicks=1))
    work(world, answer)
    assert Effort.counts() == {"answers": 2, "clicks": 3}, "a change of mind is an answer more"


@pytest.mark.rule("stats-json")
def test_an_answer_that_an_older_version_left_is_one_click(world: World, people: list[str]) -> None:
    work(world, world.answer(world.face(posted=True), people[0], people[1]))
    assert Effort.counts() == {"answers": 1, "clicks": 1}


@pytest.mark.rule("stats-json")
def test_an_answer_that_is_not_stored_does_not_count(world: World, people: list[str]) -> None:
    bot = next(member for member, profile in world.slack.members().items() if profile.is_bot)
    face = world.face(posted=True)
    work(world, world.answer(face, people[0], bot, clicks=2))
    work(world, world.answer(face, people[0], "", name="\u3164", clicks=3))
    say(world, face, people[2], *people[:2])
    before = Effort.counts()
    work(world, world.answer(fresh(face), people[3], people[2], at=world.services.now() + 60.0, clicks=2))
    assert (set(votes(face)), Effort.counts()) == ({*people[:2]}, before)
    assert before == {"answers": 2, "clicks": 2}


@pytest.mark.rule("stats-json")
def test_an_answer_about_several_faces_is_one_answer(world: World, people: list[str]) -> None:
    one, other = world.face(posted=True), world.face()
    Face.update(request=one.request_id, state="open", pending=None).where(Face.id == other.id).execute()
    work(world, world.answer(one, people[0], people[1], clicks=2))
    assert len(votes(one)) == len(votes(other)) == 1
    assert Effort.counts() == {"answers": 1, "clicks": 2}


@pytest.mark.rule("told-again-harmless")
def test_a_repetition_after_the_face_was_trained_changes_and_tells_nothing(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], people[2])
    world.publish(answer)
    world.drain()
    say(world, face, people[2], people[1])
    assert fresh(face).state == "tagged"
    assert work(world, answer) == []
    assert votes(face) == {people[0]: people[2], people[1]: people[2]}
    assert world.told(people[0]) == []


# --- Who can be chosen ----------------------------------------------------------------------------------


@pytest.mark.rule("not-choosable", "told-to-one-alone")
@pytest.mark.failure("bot-picked")
@pytest.mark.parametrize("who", ["a bot", "the bot itself", "somebody who left", "nobody", "Slackbot"])
def test_who_is_no_active_person_cannot_be_chosen(world: World, people: list[str], who: str) -> None:
    chosen = {
        "a bot": world.slack.other_bot,
        "the bot itself": world.slack.bot_user,
        "somebody who left": world.slack.former,
        "nobody": "U0NOBODY99",
        "Slackbot": "USLACKBOT",
    }[who]
    if who == "Slackbot":  # Slack's own is no bot by its profile
        world.slack.set_member(chosen, name="slackbot", real_name="Slackbot")
    face = world.face(posted=True)
    assert work(world, world.answer(face, people[0], chosen)) == []
    assert votes(face) == {}
    assert last_words_to(world, people[0]) == words.cannot_be_chosen(chosen)
    assert all(world.told(other) == [] for other in people[1:])


@pytest.mark.rule("opted-out", "told-to-one-alone")
@pytest.mark.parametrize("how", ["picked", "offered", "typed", "typed otherwise"])
def test_who_opted_out_cannot_be_tagged_and_the_tagger_alone_is_told(
    world: World, people: list[str], how: str
) -> None:
    person, offered = people[2], Person.with_slack_id(people[2], 1.0)
    face = world.face(posted=True)
    answer = {"picked": person, "offered": offered.id}.get(how, "")
    name = {"typed": "Chiara De Luca", "typed otherwise": "CHIARA  de luca"}.get(how, "")
    OptOut.keep_out(person, world.services.opt_out_key, 1.0)
    assert person not in str(list(OptOut.select().dicts()))
    assert work(world, world.answer(face, people[0], answer, name=name)) == []
    assert votes(face) == {}
    told = words.mention(person) if answer else " ".join(name.split())
    assert last_words_to(world, people[0]) == person_words.does_not_want_to_be_tagged(told)
    assert all(world.told(other) == [] for other in people[1:])
    work(world, world.answer(face, people[1], "", name="Somebody Else"))
    assert len(votes(face)) == 1, "all others can be"
    OptOut.let_in(person, world.services.opt_out_key)
    work(world, world.answer(face, people[0], answer, name=name))
    assert len(votes(face)) == 2


@pytest.mark.rule("merged-is-one", "merge-faces-and-votes")
def test_a_late_click_on_the_name_of_one_who_was_merged_counts_for_the_other(
    world: World, people: list[str]
) -> None:
    chiara, zoe = Person.with_slack_id(people[2], 1.0), Person.with_name("Zoë Nowak", None, 1.0)
    face = world.face(posted=True)
    late = world.answer(face, people[0], zoe.id)
    merge(zoe.id, chiara.id, world.services.opt_out_key, 1.0)
    world.publish(late)
    world.publish(world.answer(face, people[1], people[2]))
    world.drain()
    assert person_of(face) == people[2]
    assert votes(face) == dict.fromkeys(people[:2], people[2])


@pytest.mark.rule("merged-is-one", "opted-out")
def test_one_who_is_a_part_of_somebody_who_opted_out_cannot_be_tagged_either(
    world: World, people: list[str]
) -> None:
    chiara, zoe = Person.with_slack_id(people[2], 1.0), Person.with_name("Zoë Nowak", None, 1.0)
    merge(zoe.id, chiara.id, world.services.opt_out_key, 1.0)
    OptOut.keep_out(people[2], world.services.opt_out_key, 1.0)
    face = world.face(posted=True)
    assert work(world, world.answer(face, people[0], zoe.id)) == []
    assert votes(face) == {}


@pytest.mark.rule("not-choosable")
def test_an_earlier_answer_stays_when_a_bot_is_chosen_later(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    say(world, face, people[1], people[0])
    work(world, world.answer(face, people[0], world.slack.other_bot))
    assert votes(face) == {people[0]: people[1]}


def test_people_can_choose_themselves(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    work(world, world.answer(face, people[0], people[0]))
    assert votes(face) == {people[0]: people[0]}


# --- Someone without an account -------------------------------------------------------------------------


@pytest.mark.rule("same-name-same-person")
def test_one_name_is_one_person_whatever_its_spelling(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    spellings = [
        ("Zoë O’Brien", ""),
        ("  zoë   o'brien ", "zoe@example.com"),
        ("ZOË O`BRIEN", "Zoe@Example.com"),
        ("Zoe\u0308\u200b O'Brien", ""),  # the same letters, composed of two characters each
    ]
    for tagger, (name, email) in zip(people, spellings, strict=False):
        work(world, world.answer(face, tagger, "", name=name, email=email))
    assert len(set(votes(face).values())) == 1
    assert votes(world.face(posted=True)) == {}


@pytest.mark.rule("one-word-changes-nothing")
def test_a_name_stays_with_the_vote_until_people_agree(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    for name in ("Zoë", "Ann", "Ben"):
        work(world, world.answer(face, people[0], "", name=name, email="a@example.com"))
    assert Person.select().count() == 0
    [vote] = Vote.select()
    assert (vote.name, vote.email) == ("Ben", "a@example.com")


@pytest.mark.rule("same-name-same-person")
def test_the_same_name_on_another_face_is_the_same_person(world: World, people: list[str]) -> None:
    one, other, third = (world.face(posted=True) for _ in range(3))
    work(world, world.answer(one, people[0], "", name="Zoë"))
    work(world, world.answer(other, people[1], "", name="ZOË", email="zoe@example.com"))
    work(world, world.answer(third, people[2], "", name="zoë", email="other@example.com"))
    assert votes(one)[people[0]] == votes(other)[people[1]]
    assert votes(third)[people[2]] != votes(other)[people[1]]


@pytest.mark.rule("told-again-harmless")
def test_a_name_that_is_told_again_is_the_same_vote(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], "", name="Zoë")
    work(world, answer)
    first = votes(face)
    work(world, answer)
    assert votes(face) == first


@pytest.mark.rule("unseen-is-no-name")
def test_a_name_of_nothing_that_an_older_version_took_is_refused(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    assert work(world, world.answer(face, people[0], "", name="\u3164")) == []
    assert votes(face) == {}
    assert last_words_to(world, people[0]) == words.NAME_MISSING


def test_different_names_are_different_people(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    work(world, world.answer(face, people[0], "", name="Ann Lee"))
    work(world, world.answer(face, people[1], "", name="Anne Lee"))
    assert len(set(votes(face).values())) == 2


# --- Closed faces and other rounds ----------------------------------------------------------------------


@pytest.mark.rule("click-on-closed-face")
@pytest.mark.failure("face-closed")
def test_an_answer_clicked_after_closing_is_told_so_and_changes_nothing(
    world: World, people: list[str]
) -> None:
    face = world.face(posted=True)
    say(world, face, people[2], *people[:2])
    before = seen(shown(world, face))
    assert work(world, world.answer(fresh(face), people[3], people[4])) == []
    assert last_words_to(world, people[3]) == words.CLOSED
    assert people[3] not in votes(face)
    assert seen(shown(world, face)) == before


@pytest.mark.rule("late-answer")
def test_an_answer_clicked_while_open_is_stored_also_after_closing(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    late = world.answer(face, people[3], people[4])
    say(world, face, people[2], *people[:2])
    before = seen(shown(world, face))
    assert work(world, late) == []
    assert votes(face)[people[3]] == people[4]
    assert person_of(face) == people[2]
    assert world.told(people[3]) == []
    assert seen(shown(world, face)) == before


@pytest.mark.rule("late-answer")
@pytest.mark.parametrize("ahead", [-3.0, 3.0])
def test_a_slack_clock_that_differs_from_ours_wrongs_no_tagger(
    world: World, people: list[str], ahead: float
) -> None:
    face = world.face(posted=True)
    now = world.services.now()
    late = world.answer(face, people[3], people[4], at=now + ahead, received=now)
    say(world, face, people[2], *people[:2])
    work(world, late)
    assert people[3] in votes(face)


@pytest.mark.rule("answers-of-their-round")
def test_an_answer_of_an_old_round_is_told_where_it_is_asked(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    old = world.answer(face, people[3], people[4])
    say(world, face, people[2], *people[:2])
    assert ask_again(face.id, 1, "tagged", by=people[0])
    world.publish(FaceStored(face_id=face.id, round=2))
    world.drain()
    assert work(world, old) == []
    assert votes(face) == {}
    assert last_words_to(world, people[3]) == words.ASKED_ELSEWHERE


def test_a_click_before_the_post_was_noted_opens_the_face(world: World, people: list[str]) -> None:
    face = world.face()  # Slack has the request, we have no answer to the post yet
    Face.note(face.id, request=Request.create(id="R", posting_since=world.services.now()))
    answer = world.answer(face, people[0], people[1], message_ts="1700000000.000100")
    (told,) = work(world, answer)
    assert told.face_id == face.id
    assert (fresh(face).state, ts_of(fresh(face))) == ("open", "1700000000.000100")
    assert votes(face) == {people[0]: people[1]}


# --- Failures -------------------------------------------------------------------------------------------


def test_an_unknown_face_is_rejected(world: World, people: list[str]) -> None:
    answer = AnswerGiven(face_id="0" * 36, tagger=people[0], answer=people[1], at=1.0)
    with pytest.raises(Reject):
        work(world, answer)
    world.publish(answer)
    world.drain()
    assert world.queues["face-tagging"].counts() == Counts(dead=1)


@pytest.mark.rule("backup-restored")
@pytest.mark.failure("disk-lost", shows="who is told")
def test_a_click_about_a_face_that_a_backup_did_not_have_is_told_so(world: World, people: list[str]) -> None:
    ts, channel = "1700000000.000100", world.settings.slack_channel
    answer = AnswerGiven(
        face_id="0" * 36, tagger=people[0], answer=people[1], at=1.0, message_ts=ts, channel=channel
    )
    world.publish(answer)
    world.drain()
    assert world.queues["face-tagging"].counts() == Counts()
    assert world.told(people[0]) == [words.FACE_GONE]


@pytest.mark.rule("outside-trouble-keeps-votes")
@pytest.mark.failure("readme-slack-away", shows="what happens")
@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 7}, 7.0),
        ({"status": 503}, None),
        ({"reset": True}, None),
        ({"error": "missing_scope"}, None),
        ({"error": "token_revoked"}, None),
        ({"error": "internal_error"}, None),
    ],
)
def test_an_answer_is_kept_while_slack_cannot_say_who_was_chosen(
    world: World, people: list[str], fault: dict[str, object], after: float | None
) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], people[1])
    world.slack.fail("users.info", **fault)
    with pytest.raises(Retry) as why:
        work(world, answer)
    assert why.value.after == after
    assert votes(face) == {}


@pytest.mark.failure("readme-slack-away", shows="what happens")
def test_an_answer_that_was_put_off_is_stored_when_slack_is_back(make_world: MakeWorld) -> None:
    world = make_world(RETRY_BASE_SECONDS="0.01", RETRY_MAX_SECONDS="0.01")
    face, people = world.face(posted=True), world.slack.people
    world.slack.fail("users.info", status=503, times=2)
    world.publish(world.answer(face, people[0], people[1]))
    drain_until(world, lambda: votes(face))
    assert votes(face) == {people[0]: people[1]}
    assert len(world.slack.calls("users.info")) == 4, "three times of the tagger, and once of who was chosen"


def test_what_could_not_be_told_is_told_later(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    answer = world.answer(face, people[0], world.slack.other_bot)
    world.slack.fail("chat.postEphemeral", status=503)
    assert work(world, answer) == []
    assert last_words_to(world, people[0]) == words.cannot_be_chosen(world.slack.other_bot)


@pytest.mark.ci
@pytest.mark.rule("one-holds-up-no-other")
@pytest.mark.parametrize("different", [True, False])
def test_260_wrong_choices_of_one_member_do_not_delay_the_others(
    make_world: MakeWorld, different: bool
) -> None:
    world = make_world(RETRY_BASE_SECONDS="1", RETRY_MAX_SECONDS="300", SLACK_POSTS_PER_SECOND="1")
    face, (anna, *others) = world.face(posted=True), world.slack.people
    world.slack.rules(rate_limits=1.0)
    for number in range(260):
        wrong = f"U0NOBODY{number:03}" if different else world.slack.other_bot
        world.publish(world.answer(face, anna, wrong))
    for other in others[:2]:
        world.publish(world.answer(face, other, others[2]))
    started = time.monotonic()
    while sum(worker.work_once(timeout=0) for worker in world.workers):
        pass
    assert time.monotonic() - started < 30.0
    assert fresh(face).state == "tagged"
    assert anna not in votes(face)
    world.slack.wait_for_ephemeral(anna)
    assert not any(call.status == 429 for call in world.slack.calls("users.info"))
    assert len(world.slack.calls("chat.postEphemeral")) < 25


@pytest.mark.rule("told-each-time")
def test_a_member_who_is_refused_at_several_messages_hears_it_for_each(
    world: World, people: list[str]
) -> None:
    bot, faces = world.slack.other_bot, [world.face(posted=True) for _ in range(2)]
    world.slack.fail("chat.postEphemeral", status=429, retry_after=2)  # all of it waits together
    for face in (faces[0], faces[0], *faces):
        work(world, world.answer(face, people[0], bot))
    assert world.told(people[0]) == [words.cannot_be_chosen(bot)] * 2


def test_who_has_left_the_channel_need_not_be_told(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    world.slack.set_channel(members=[*people[1:], world.slack.bot_user])
    assert work(world, world.answer(face, people[0], world.slack.other_bot)) == []


def test_an_update_that_fails_does_not_hold_up_the_vote(world: World, people: list[str]) -> None:
    face = world.face(posted=True)
    world.slack.fail("chat.update", status=500)
    assert len(work(world, world.answer(face, people[0], people[1]))) == 1
    assert votes(face) == {people[0]: people[1]}
