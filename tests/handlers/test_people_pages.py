"""PeoplePages: admins find people at Home, and see somebody's page."""

import json
from collections.abc import Callable

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.merges import merge
from tagbot.database.models.people import Person
from tagbot.messages import FaceReopened
from tagbot.sandbox.state import Json, View
from tagbot.slack import people_words, words
from tagbot.slack.person_page_view import MOST_FACES, people_modal
from tagbot.vocabulary import PEOPLE, ActionId
from tests.handlers.conftest import Desk
from tests.handlers.test_wrong_person import tagged
from tests.stages.made_up_people import known


@pytest.fixture(name="anna")
def _anna(desk: Desk) -> str:
    return desk.slack.people[0]


def said(view: View) -> str:
    return json.dumps(view.content, ensure_ascii=False)


def home_of(desk: Desk, member: str) -> View:
    desk.slack.open_home(member)
    return desk.slack.wait_for_home(member)


def looking(desk: Desk, member: str) -> View:
    """The modal that finds people, open in front of a member."""
    home = home_of(desk, member)
    assert desk.slack.click(member, home.id, ActionId.FIND_PERSON).acknowledged
    return desk.slack.wait_for_view(member)


def found(desk: Desk, view: View, typed: str) -> list[str]:
    act = desk.slack.suggest(view.member, view.id, ActionId.FOUND_PERSON, typed)
    assert (act.acknowledged, act.error) == (True, None)
    return [option["value"] for option in act.options]


def page_of(desk: Desk, member: str, person: Person) -> View:
    """Somebody's page, open in front of a member."""
    return turned_to(desk, looking(desk, member), person)


def turned_to(desk: Desk, view: View, person: Person) -> View:
    """The same in the modal that is open."""
    assert person.id in found(desk, view, str(person.name or person.slack_id))
    assert desk.slack.choose(view.member, view.id, ActionId.FOUND_PERSON, person.id).acknowledged
    return desk.slack.wait_for_view(view.member, lambda view: people_words.short_id(person.id) in said(view))


def person_in(face: Face) -> Person:
    assert face.person is not None
    return face.person


def changed_since(earlier: View) -> Callable[[View], bool]:
    return lambda view: view.hash != earlier.hash


def faces_on(view: View) -> list[str]:
    """The faces whose buttons say that they are somebody else's, by their block."""
    rows: list[Json] = view.content["blocks"]
    return [
        row["block_id"]
        for row in rows
        for element in row.get("elements", ())
        if element.get("action_id") == ActionId.WRONG_PERSON
    ]


@pytest.mark.rule("people-at-home")
def test_home_says_how_many_people_there_are_and_finds_one(desk: Desk, anna: str) -> None:
    zoe = known(1, "Zoë Moon", email="zoe@example.com", faces=2)
    known(2, "Ben Bell", slack_id="U0BENBELL0", faces=1)
    assert people_words.counted_people(2) in said(home_of(desk, anna))
    view = looking(desk, anna)
    assert len(found(desk, view, "")) == 2, "all are there before a letter is typed"
    assert found(desk, view, "zoe") == [zoe.id]
    page = turned_to(desk, view, zoe)
    for text in ("Zoë Moon", people_words.NO_ACCOUNT, "zoe@example.com", "2 faces in 2 photos, 2 of them"):
        assert text in said(page)
    assert people_words.CONSENT["none"] in said(page)
    assert len(faces_on(page)) == 2


@pytest.mark.rule("people-at-home")
def test_a_page_shows_the_newest_faces_first_and_turns(desk: Desk, anna: str) -> None:
    zoe = known(1, "Zoë Moon", faces=MOST_FACES * 2 + 3)
    for number, face in enumerate(Face.select().order_by(Face.id)):
        Face.note(face.id, tagged_at=1_700_000_000.0 + 86_400.0 * number)
    newest = [face.id for face in Face.select().order_by(Face.tagged_at.desc())]
    view, shown = page_of(desk, anna, zoe), []
    while True:
        assert len(view.content["blocks"]) <= 100
        shown += [block.split(":")[1] for block in faces_on(view)]
        if ActionId.OLDER_FACES not in said(view):
            break
        desk.slack.click(anna, view.id, ActionId.OLDER_FACES)
        view = desk.slack.wait_for_view(anna, changed_since(view))
    assert shown == newest
    assert people_words.which_part(3, 3) in said(view)
    desk.slack.click(anna, view.id, ActionId.NEWER_FACES)
    desk.slack.wait_for_view(anna, lambda view: people_words.which_part(2, 3) in said(view))


@pytest.mark.rule("people-at-home")
def test_a_face_has_its_picture_and_a_link_to_its_message(desk: Desk, anna: str) -> None:
    face = tagged(desk.world)
    page = page_of(desk, anna, person_in(face))
    assert str(face.crop_file) in said(page)
    assert people_words.FACE_ALT in said(page)
    assert "|Open its message>" in said(page)
    assert f"<@{person_in(face).slack_id}>" in said(page)


@pytest.mark.rule("people-at-home")
def test_a_picture_that_is_gone_from_slack_is_said_in_words_and_keeps_no_other_from_the_page(
    desk: Desk, anna: str
) -> None:
    first, second = tagged(desk.world), tagged(desk.world)
    desk.client.files_delete(file=str(first.crop_file))
    page_of(desk, anna, person_in(first))
    page = desk.slack.wait_for_view(anna, lambda view: str(second.crop_file) in said(view))
    assert str(first.crop_file) not in said(page)
    assert said(page).count(people_words.NO_PICTURE) == 1
    assert len(faces_on(page)) == 2


@pytest.mark.rule("people-at-home", "wrong-person")
def test_not_this_person_reopens_the_face_as_in_its_message(desk: Desk, anna: str) -> None:
    face = tagged(desk.world)
    page = page_of(desk, anna, person_in(face))
    [block] = faces_on(page)
    act = desk.slack.click(anna, page.id, ActionId.WRONG_PERSON, block_id=block)
    assert (act.acknowledged, act.error) == (True, None)
    assert desk.world.messages("face-undo") == [FaceReopened(face_id=face.id, round=1, by=anna)]
    page = desk.slack.wait_for_view(anna, lambda view: people_words.ASKED_AGAIN in said(view))
    assert faces_on(page) == []


@pytest.mark.rule("people-at-home", "namesakes-told-apart")
def test_two_of_one_name_are_told_apart_where_they_are_found_and_on_their_pages(
    desk: Desk, anna: str
) -> None:
    one, other = known(1, "Ann Lee", faces=1), known(2, "Ann Lee", slack_id="U0ANNLEE00", faces=1)
    view = looking(desk, anna)
    options = desk.slack.suggest(anna, view.id, ActionId.FOUND_PERSON, "ann").options
    assert len({option["text"]["text"] for option in options}) == 2
    assert people_words.NO_ACCOUNT in said(turned_to(desk, view, one))
    assert "<@U0ANNLEE00>" in said(turned_to(desk, view, other))


@pytest.mark.rule("people-at-home")
def test_somebody_is_found_by_the_name_of_one_who_was_merged_into_them_and_it_is_said_why(
    desk: Desk, anna: str
) -> None:
    zoe, ann = known(1, "Zoë Moon", faces=1), known(2, "Ann Lee", faces=1)
    merge(ann.id, zoe.id, desk.world.services.opt_out_key, now=2.0)
    view = looking(desk, anna)
    [option] = desk.slack.suggest(anna, view.id, ActionId.FOUND_PERSON, "ann").options
    assert (option["value"], option["text"]["text"]) == (zoe.id, "Zoë Moon")
    assert option["description"]["text"] == "Ann Lee was merged into them, 2 faces"


@pytest.mark.rule("people-at-home", "admins-only")
def test_other_hands_than_an_admins_see_nothing_and_are_told_so(admins_desk: Desk) -> None:
    desk = admins_desk
    anna, ben = desk.slack.people[:2]
    zoe = known(1, "Zoë Moon")
    assert PEOPLE not in said(home_of(desk, ben))
    page = page_of(desk, anna, zoe)
    act = desk.slack.slash(ben, "/facetag", "help")
    view = {name: page.content[name] for name in ("type", "callback_id", "title", "close", "blocks")}
    view["private_metadata"] = page.content["private_metadata"]
    forged = str(desk.client.views_open(trigger_id=act.payload["trigger_id"], view=view)["view"]["id"])
    assert desk.slack.suggest(ben, forged, ActionId.FOUND_PERSON, "zoe").options == []
    block = faces_on(page)[0]
    assert desk.slack.click(ben, forged, ActionId.WRONG_PERSON, block_id=block).acknowledged
    desk.slack.wait_for_view(ben, lambda view: words.ADMINS_ONLY in said(view))
    assert desk.world.messages("face-undo") == []


@pytest.mark.rule("people-at-home", "who-has-a-say")
def test_a_guest_sees_no_people_and_is_told_so(desk: Desk) -> None:
    known(1, "Zoë Moon")
    guest = desk.slack.set_member("U0GUEST001", is_restricted=True).id
    desk.slack.set_channel(members=[*desk.slack.people, desk.slack.bot_user, guest])
    assert PEOPLE not in said(home_of(desk, guest))
    act = desk.slack.slash(guest, "/facetag", "help")
    opened = desk.client.views_open(trigger_id=act.payload["trigger_id"], view=people_modal())
    view = str(opened["view"]["id"])
    assert desk.slack.suggest(guest, view, ActionId.FOUND_PERSON, "zoe").options == []


@pytest.mark.rule("people-at-home")
def test_somebody_who_is_not_there_any_more_is_said_so(desk: Desk, anna: str) -> None:
    zoe = known(1, "Zoë Moon", faces=0)
    view = looking(desk, anna)
    found(desk, view, "zoe")
    Person.delete().where(Person.id == zoe.id).execute()
    desk.slack.choose(anna, view.id, ActionId.FOUND_PERSON, zoe.id)
    desk.slack.wait_for_view(anna, lambda view: people_words.GONE in said(view))
