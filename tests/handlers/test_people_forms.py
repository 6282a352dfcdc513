"""RenamePerson, MergePeople and ForgetSomebody: forms on a person's page, in which admins change people."""

from typing import Any

import pytest

from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.messages import ForgetAsked
from tagbot.sandbox.state import View
from tagbot.slack import people_words, words
from tagbot.vocabulary import ActionId, CallbackId, Field
from tests.handlers.conftest import Desk
from tests.handlers.test_people_pages import page_of, person_in, said, turned_to
from tests.handlers.test_wrong_person import tagged
from tests.stages.made_up_people import known


@pytest.fixture(name="anna")
def _anna(desk: Desk) -> str:
    return desk.slack.people[0]


def form(desk: Desk, page: View, action: str) -> View:
    """The form that a button of a page opens, above it."""
    assert desk.slack.click(page.member, page.id, action).acknowledged
    return desk.slack.wait_for_view(page.member, lambda view: view.content["callback_id"] == action)


def page_that_says(desk: Desk, member: str, text: str) -> View:
    return desk.slack.wait_for_view(
        member, lambda view: view.content["callback_id"] == CallbackId.PEOPLE and text in said(view)
    )


@pytest.mark.rule("people-changed")
def test_a_new_name_is_stored_before_slack_hears_of_it_and_the_page_has_it(desk: Desk, anna: str) -> None:
    zoe = known(1, "Zoe Mon")
    view = form(desk, page_of(desk, anna, zoe), ActionId.RENAME_PERSON)
    [field] = view.content["blocks"]
    assert field["element"]["initial_value"] == "Zoe Mon"
    assert "Zoe" not in view.content["private_metadata"]
    act = desk.slack.submit(anna, view.id, {Field.NAME: "  Zoë   Moon "})
    assert (act.acknowledged, act.error) == (True, None)
    assert Person.get_by_id(zoe.id).name == "Zoë Moon"
    page = page_that_says(desk, anna, people_words.RENAMED)
    assert "Zoë Moon" in said(page)
    assert len(desk.slack.views(anna)) == 1, "the form is closed"


@pytest.mark.rule("people-changed")
@pytest.mark.parametrize(("name", "why"), [("\u3164", "no name"), ("Z" * 201, "name too long")])
def test_a_name_that_cannot_be_is_said_so_in_the_form(desk: Desk, anna: str, name: str, why: str) -> None:
    zoe = known(1, "Zoë Moon")
    view = form(desk, page_of(desk, anna, zoe), ActionId.RENAME_PERSON)
    desk.slack.submit(anna, view.id, {Field.NAME: name})
    assert desk.slack.views(anna)[-1].errors == {Field.NAME: people_words.UNCHANGED[why]}
    assert Person.get_by_id(zoe.id).name == "Zoë Moon"


@pytest.mark.rule("people-changed")
def test_two_people_become_one_and_two_again(desk: Desk, anna: str) -> None:
    zoe, zora = known(1, "Zoë Moon", faces=2), known(2, "Zora Moon", email="z@example.com", faces=3)
    view = form(desk, page_of(desk, anna, zoe), ActionId.MERGE_PERSON)
    act = desk.slack.suggest(anna, view.id, Field.INTO, "z")
    assert [option["value"] for option in act.options] == [zora.id], "nobody is merged into themselves"
    act = desk.slack.submit(anna, view.id, {Field.INTO: zora.id})
    assert (act.acknowledged, act.error) == (True, None)
    assert Face.select().where(Face.person == zora.id).count() == 5
    page = page_that_says(desk, anna, people_words.MERGED)
    assert "5 faces in 5 photos" in said(page)
    assert "Zoë Moon was merged into them" in said(page)

    assert desk.slack.click(anna, page.id, ActionId.UNMERGE_PERSON).acknowledged
    assert Face.select().where(Face.person == zoe.id).count() == 2
    page = page_that_says(desk, anna, people_words.UNMERGED)
    assert "3 faces in 3 photos" in said(page)
    assert "was merged into them" not in said(page)


@pytest.mark.rule("people-changed")
def test_the_messages_say_at_once_who_it_is_by_now(desk: Desk, anna: str) -> None:
    face, zora = tagged(desk.world), known(2, "Zora Moon")
    chiara = person_in(face)

    def wait_until_shown(name: str | None) -> None:
        desk.slack.wait_for_message(lambda message: message.text.startswith(f"Tagged as {name}"))

    wait_until_shown(chiara.name)
    view = form(desk, page_of(desk, anna, chiara), ActionId.MERGE_PERSON)
    assert desk.slack.suggest(anna, view.id, Field.INTO, "zora").options
    desk.slack.submit(anna, view.id, {Field.INTO: zora.id})
    wait_until_shown("Zora Moon")
    desk.slack.click(anna, page_that_says(desk, anna, people_words.MERGED).id, ActionId.UNMERGE_PERSON)
    wait_until_shown(chiara.name)
    view = form(desk, turned_to(desk, desk.slack.views(anna)[-1], chiara), ActionId.RENAME_PERSON)
    desk.slack.submit(anna, view.id, {Field.NAME: "Chiara Neale"})
    wait_until_shown("Chiara Neale")


@pytest.mark.rule("people-changed")
def test_a_merge_that_cannot_be_is_said_so_in_the_form(desk: Desk, anna: str) -> None:
    zoe, zora = known(1, "Zoë Moon"), known(2, "Zora Moon", faces=0)
    view = form(desk, page_of(desk, anna, zoe), ActionId.MERGE_PERSON)
    desk.slack.suggest(anna, view.id, Field.INTO, "zora")
    Person.delete().where(Person.id == zora.id).execute()
    desk.slack.submit(anna, view.id, {Field.INTO: zora.id})
    assert desk.slack.views(anna)[-1].errors == {Field.INTO: people_words.UNCHANGED["unknown"]}


@pytest.mark.rule("people-changed")
def test_an_undone_merge_that_somebody_else_undid_is_said_so(desk: Desk, anna: str) -> None:
    zoe, zora = known(1, "Zoë Moon"), known(2, "Zora Moon")
    view = form(desk, page_of(desk, anna, zoe), ActionId.MERGE_PERSON)
    desk.slack.suggest(anna, view.id, Field.INTO, "zora")
    desk.slack.submit(anna, view.id, {Field.INTO: zora.id})
    page = page_that_says(desk, anna, people_words.MERGED)
    Person.update(merged_into=None, merged_at=None).where(Person.id == zoe.id).execute()
    desk.slack.click(anna, page.id, ActionId.UNMERGE_PERSON)
    desk.slack.wait_for_view(anna, lambda view: people_words.UNCHANGED["not merged"] in said(view))


@pytest.mark.rule("people-changed", "admins-only")
def test_an_admin_has_somebody_forgotten_on_the_queue_of_all_who_are(admins_desk: Desk) -> None:
    desk = admins_desk
    anna = desk.slack.people[0]
    zoe = known(1, "Zoë Moon")
    page = page_of(desk, anna, zoe)
    [button] = [
        element
        for block in page.content["blocks"]
        for element in block.get("elements", ())
        if element.get("action_id") == ActionId.FORGET_PERSON
    ]
    assert button["confirm"]["title"]["text"] == people_words.FORGET_TITLE
    act = desk.slack.click(anna, page.id, ActionId.FORGET_PERSON)
    assert (act.acknowledged, act.error) == (True, None)
    [asked] = desk.world.messages("person-forget")
    assert isinstance(asked, ForgetAsked)
    assert (asked.person, asked.never_again) == (zoe.id, False)
    page = page_that_says(desk, anna, people_words.BEING_FORGOTTEN)
    assert "Zoë" not in said(page)


@pytest.mark.rule("people-changed", "without-admins")
def test_without_admins_nobody_else_can_be_forgotten_in_slack(desk: Desk, anna: str) -> None:
    page = page_of(desk, anna, known(1, "Zoë Moon"))
    assert ActionId.FORGET_PERSON not in said(page)
    forged(desk, anna, page, ActionId.FORGET_PERSON)
    desk.slack.wait_for_view(anna, lambda view: words.ADMINS_ONLY in said(view))
    assert desk.world.messages("person-forget") == []


def forged(desk: Desk, member: str, page: View, action: str) -> None:
    """A page with a button that the bot did not give this member, and a click on it."""
    value = page.content["private_metadata"].split('"')[3]
    button: dict[str, Any] = {"type": "button", "action_id": action, "value": value}
    button["text"] = {"type": "plain_text", "text": "Forged"}
    names = ("type", "callback_id", "title", "close", "private_metadata")
    view = {name: page.content[name] for name in names}
    view["blocks"] = [{"type": "actions", "block_id": f"people:{value}", "elements": [button]}]
    act = desk.slack.slash(member, "/facetag", "help")
    opened = desk.client.views_open(trigger_id=act.payload["trigger_id"], view=view)["view"]["id"]
    assert desk.slack.click(member, str(opened), action).acknowledged


@pytest.mark.rule("people-changed", "admins-only")
@pytest.mark.parametrize(
    "action",
    [
        ActionId.RENAME_PERSON, ActionId.MERGE_PERSON, ActionId.UNMERGE_PERSON, ActionId.FORGET_PERSON,
        ActionId.OLDER_FACES, ActionId.FIND_PERSON,
    ],
)  # fmt: skip
def test_in_other_hands_an_admins_control_is_told_so_and_changes_nothing(
    admins_desk: Desk, action: str
) -> None:
    desk = admins_desk
    anna, ben = desk.slack.people[:2]
    zoe = known(1, "Zoë Moon")
    page = page_of(desk, anna, zoe)
    forged(desk, ben, page, action)
    desk.slack.wait_for_view(ben, lambda view: words.ADMINS_ONLY in said(view))
    assert len(desk.slack.views(ben)) <= 2
    assert desk.world.messages("person-forget") == []
    assert Person.get_by_id(zoe.id).name == "Zoë Moon"


@pytest.mark.rule("people-changed", "admins-only")
def test_a_form_in_other_hands_is_told_so_and_changes_nothing(admins_desk: Desk) -> None:
    desk = admins_desk
    anna, ben = desk.slack.people[:2]
    zoe = known(1, "Zoë Moon")
    view = form(desk, page_of(desk, anna, zoe), ActionId.RENAME_PERSON)
    names = ("type", "callback_id", "title", "submit", "close", "private_metadata", "blocks")
    act = desk.slack.slash(ben, "/facetag", "help")
    copied = {name: view.content[name] for name in names}
    opened = desk.client.views_open(trigger_id=act.payload["trigger_id"], view=copied)["view"]["id"]
    desk.slack.submit(ben, str(opened), {Field.NAME: "Mine now"})
    assert desk.slack.views(ben)[-1].errors == {Field.NAME: words.ADMINS_ONLY}
    assert Person.get_by_id(zoe.id).name == "Zoë Moon"
