"""EnrichUser: name, email and picture of a person come from their Slack profile."""

import threading
from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.merges import merge, rename, unmerge
from tagbot.database.models.people import Person
from tagbot.database.opening import connected
from tagbot.errors import Reject, Retry
from tagbot.messages import PersonAdded
from tagbot.slack import words
from tagbot.stages.enrich_user import enrich_user
from tests.stages.scenes import drain_until, requests, seen, shown, tagged, without_made_up_ids
from tests.world import World, ts_of


def somebody(slack_id: str) -> Person:
    """A person whose profile was not read yet."""
    return Person.with_slack_id(slack_id, now=1.0)


def work(world: World, person: Person) -> Person:
    """The stage alone, on one message; the person afterwards."""
    assert enrich_user(PersonAdded(person_id=person.id), world.services) == ()
    again: Person = Person.get_by_id(person.id)
    return again


@pytest.mark.rule("name-from-profile")
def test_name_email_and_picture_are_stored(world: World, people: list[str]) -> None:
    person = work(world, somebody(people[2]))
    member = world.slack.members()[people[2]]
    assert (person.name, person.email) == (member.real_name, member.email)
    assert str(person.picture_url).startswith(member.image)
    assert person.enriched_at


@pytest.mark.rule("name-from-profile")
@pytest.mark.parametrize(
    ("real_name", "display_name", "name"),
    [("Ann Lee", "annie", "Ann Lee"), ("", "annie", "annie"), ("", "", "ann.handle")],
)
def test_the_real_name_goes_before_the_display_name(
    world: World, people: list[str], real_name: str, display_name: str, name: str
) -> None:
    world.slack.set_member(people[2], name="ann.handle", real_name=real_name, display_name=display_name)
    assert work(world, somebody(people[2])).name == name


@pytest.mark.rule("names-turn-nothing", "name-from-profile")
def test_a_profile_with_a_name_that_turns_text_or_cannot_be_seen_does_no_harm(
    world: World, people: list[str]
) -> None:
    world.slack.set_member(people[2], real_name="Ann\u202e  Lee\n")
    assert work(world, somebody(people[2])).name == "Ann Lee"
    world.slack.set_member(people[2], real_name="\u3164", display_name="annie")
    assert work(world, Person.get()).name == "annie"


@pytest.mark.rule("name-from-profile")
def test_a_profile_without_email_and_picture_is_fine(world: World, people: list[str]) -> None:
    world.slack.set_member(people[2], email="", image="")
    person = work(world, somebody(people[2]))
    assert (person.email, person.picture_url) == (None, None)


@pytest.mark.rule("name-once-known")
def test_every_message_that_mentions_the_person_says_the_name_from_then_on(
    world: World, people: list[str]
) -> None:
    faces = [tagged(world, people[2]) for _ in range(2)]
    world.slack.set_member(people[2], real_name="Chiara Bianchi")
    work(world, Person.get())
    for face in faces:
        message = shown(world, face)
        assert "Tagged as Chiara Bianchi" in message.text
        assert words.mention(people[2]) not in message.text
    assert len(requests(world)) == 2


def test_messages_are_refreshed_without_waiting_for_the_timed_job(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    world.slack.set_member(people[2], real_name="Chiara Bianchi")
    work(world, Person.get())
    ts = ts_of(Face.get_by_id(face.id))
    world.slack.wait_for(lambda: "Chiara Bianchi" in world.slack.message(ts).text)


def test_a_person_without_an_account_keeps_what_people_wrote(world: World) -> None:
    person = Person.with_name("Zoë Moon", "zoe@example.com", now=1.0)
    again = work(world, person)
    assert (again.name, again.email) == ("Zoë Moon", "zoe@example.com")
    assert world.slack.calls("users.info") == []


def test_twice_is_harmless(world: World, people: list[str]) -> None:
    first = work(world, somebody(people[2]))
    again = work(world, first)
    assert (again.name, again.email, again.picture_url) == (first.name, first.email, first.picture_url)
    assert Person.select().count() == 1


def test_what_the_training_backend_learns_meanwhile_is_kept(world: World, people: list[str]) -> None:
    person = somebody(people[2])
    world.slack.fail("users.info", delay=0.5)

    def enrich() -> None:
        with connected():
            enrich_user(PersonAdded(person_id=person.id), world.services)

    reading = threading.Thread(target=enrich)
    reading.start()
    world.slack.wait_for(lambda: world.slack.calls("users.info"))
    Person.update(training_ref="known").where(Person.id == person.id).execute()
    reading.join()
    again = Person.get_by_id(person.id)
    assert (again.training_ref, again.name) == ("known", "Chiara De Luca")


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        ({"status": 429, "retry_after": 6}, 6.0),
        ({"status": 500}, None),
        ({"reset": True}, None),
        ({"error": "missing_scope"}, None),
        ({"error": "token_revoked"}, None),
    ],
    ids=str,
)
def test_a_profile_that_cannot_be_read_now_is_read_later(
    world: World, people: list[str], fault: dict[str, Any], after: float | None
) -> None:
    person = somebody(people[2])
    world.slack.fail("users.info", **fault)
    with pytest.raises(Retry) as why:
        work(world, person)
    assert why.value.after == after
    assert Person.get_by_id(person.id).enriched_at is None
    if after is None:
        world.publish(PersonAdded(person_id=person.id))
        drain_until(world, lambda: Person.get_by_id(person.id).name)


def test_without_the_scope_for_addresses_the_name_is_stored(world: World, people: list[str]) -> None:
    scopes = world.slack.state()["workspace"]["scopes"]
    world.slack.set_workspace(scopes=[scope for scope in scopes if scope != "users:read.email"])
    person = work(world, somebody(people[2]))
    assert (person.name, person.email) == ("Chiara De Luca", None)


def test_a_person_who_was_forgotten_meanwhile_stays_so(world: World) -> None:
    assert enrich_user(PersonAdded(person_id="0" * 36), world.services) == ()
    assert Person.select().count() == 0


def test_somebody_whom_slack_no_longer_knows_is_rejected(world: World) -> None:
    with pytest.raises(Reject):
        work(world, somebody("U0NOBODY99"))


@pytest.mark.rule("rename")
def test_the_name_that_an_admin_gave_stays(world: World, people: list[str]) -> None:
    face = tagged(world, people[2])
    person = Person.get(Person.slack_id == people[2])
    rename(person.id, "The Boss", world.services.now())
    assert shown(world, face).text.startswith("Tagged as The Boss")
    again = work(world, person)
    assert (again.name, again.email) == ("The Boss", world.slack.members()[people[2]].email)


@pytest.mark.rule("merge-faces-and-votes", "unmerge-exact")
def test_messages_say_the_one_name_and_after_an_unmerge_each_its_own(world: World, people: list[str]) -> None:
    faces = [tagged(world, person) for person in people[2:4]]
    persons = [Person.get(Person.slack_id == person) for person in people[2:4]]
    before = [seen(shown(world, face)) for face in faces]
    merge(persons[0].id, persons[1].id, world.services.opt_out_key, world.services.now())
    for face in faces:
        assert shown(world, face).text.startswith(f"Tagged as {persons[1].name}")
    unmerge(persons[0].id)
    assert [without_made_up_ids(seen(shown(world, face))) for face in faces] == [
        without_made_up_ids(each) for each in before
    ]
