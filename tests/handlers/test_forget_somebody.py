"""ForgetSomebody: an admin has somebody forgotten on their page."""

from typing import Any

import pytest

from tagbot.database.models.people import Person
from tagbot.messages import ForgetAsked
from tagbot.sandbox.state import View
from tagbot.slack import people_words, words
from tagbot.vocabulary import ActionId, CallbackId
from tests.handlers.conftest import Desk, connected_desk
from tests.handlers.test_people_pages import page_of, said
from tests.stages.made_up_people import known
from tests.world import World


@pytest.fixture(name="anna")
def _anna(desk: Desk) -> str:
    return desk.slack.people[0]


def page_that_says(desk: Desk, member: str, text: str) -> View:
    return desk.slack.wait_for_view(
        member, lambda view: view.content["callback_id"] == CallbackId.PEOPLE and text in said(view)
    )


@pytest.mark.rule("people-changed", "admins-only")
def test_an_admin_has_somebody_forgotten_on_the_queue_of_all_who_are(world: World) -> None:
    anna = world.slack.people[0]
    zoe = known(1, "Zoë Moon")
    with connected_desk(world, admins=frozenset({anna})) as desk:
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
        [asked] = world.messages("person-forget")
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
    [ActionId.FORGET_PERSON, ActionId.OLDER_FACES, ActionId.FIND_PERSON],
)
def test_in_other_hands_an_admins_control_is_told_so_and_changes_nothing(world: World, action: str) -> None:
    anna, ben = world.slack.people[:2]
    zoe = known(1, "Zoë Moon")
    with connected_desk(world, admins=frozenset({anna})) as desk:
        page = page_of(desk, anna, zoe)
        forged(desk, ben, page, action)
        desk.slack.wait_for_view(ben, lambda view: words.ADMINS_ONLY in said(view))
        assert len(desk.slack.views(ben)) <= 2
        assert world.messages("person-forget") == []
    assert Person.get_by_id(zoe.id).name == "Zoë Moon"
