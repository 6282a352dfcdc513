"""Each member's Home: filled by the app, opened by the member, used like a modal that nobody can close."""

from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused

from .conftest import Connect
from .samples import Json, actions, button, modal, section


@pytest.fixture
def anna(slack: Slack) -> str:
    return slack.people[0]


def home(*blocks: Json, **more: Any) -> Json:
    return {"type": "home", "blocks": list(blocks) or [section()], **more}


def refused(web: WebClient, view: Json, **more: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        web.views_publish(**{"user_id": "U0ANNA0001", "view": view, **more})
    return str(caught.value.response["error"])


def test_a_home_is_one_members_and_keeps_its_id(slack: Slack, web: WebClient, anna: str) -> None:
    assert slack.home(anna) is None
    first = web.views_publish(user_id=anna, view=home())["view"]
    again = web.views_publish(user_id=anna, view=home(actions(button())), hash=first["hash"])["view"]
    assert (again["id"], again["type"]) == (first["id"], "home")
    assert again["hash"] != first["hash"]
    found = slack.home(anna)
    assert found is not None
    assert [block["type"] for block in found.content["blocks"]] == ["actions"]
    assert slack.home(slack.people[1]) is None
    assert slack.views(anna) == [], "it is no modal"


@pytest.mark.parametrize(
    ("view", "more", "error"),
    [
        (modal(section()), {}, "invalid_arguments"),
        (home(title={"type": "plain_text", "text": "Home"}), {}, "invalid_arguments"),
        (home(*[section() for _ in range(101)]), {}, "invalid_arguments"),
        (home(), {"user_id": "U0NOBODY00"}, "user_not_found"),
        (home(), {"hash": "1.old"}, "hash_conflict"),
    ],
    ids=["a modal", "a title", "101 blocks", "nobody", "an old hash"],
)
def test_what_slack_would_not_take_is_refused(web: WebClient, view: Json, more: Json, error: str) -> None:
    web.views_publish(user_id="U0ANNA0001", view=home())
    assert refused(web, view, **more) == error


def test_an_app_without_a_home_is_told_so_and_nobody_can_open_it(
    slack: Slack, web: WebClient, anna: str
) -> None:
    slack.set_workspace(home_tab=False)
    assert refused(web, home()) == "not_enabled"
    with pytest.raises(Refused, match="no Home"):
        slack.open_home(anna)


def test_the_app_hears_each_time_that_a_home_is_opened(
    slack: Slack, web: WebClient, app: App, connect: Connect, anna: str
) -> None:
    heard: list[Json] = []

    @app.event("app_home_opened")
    def opened(event: Json) -> None:
        heard.append(event)

    connect(app)
    slack.open_home(anna)
    slack.wait_for(lambda: heard, "the event")
    view = web.views_publish(user_id=anna, view=home())["view"]
    slack.open_home(anna)
    slack.wait_for(lambda: len(heard) == 2, "the event again")
    first, second = heard
    assert (first["user"], first["tab"], first["channel"][0]) == (anna, "home", "D")
    assert "view" not in first
    assert second["view"]["id"] == view["id"]
    slack.set_workspace(subscriptions=[])
    slack.open_home(anna)
    assert len(slack.deliveries()) == 2


def test_a_click_in_a_home_comes_from_its_view_and_not_from_under_a_modal(
    slack: Slack, web: WebClient, app: App, connect: Connect, anna: str
) -> None:
    app.action("press")(lambda ack: ack())
    connect(app)
    view = web.views_publish(user_id=anna, view=home(actions(button())))["view"]
    act = slack.click(anna, view["id"], "press")
    assert act.acknowledged
    assert act.payload["container"] == {"type": "view", "view_id": view["id"]}
    assert (act.payload["view"]["type"], "response_url" in act.payload) == ("home", False)
    web.views_open(trigger_id=act.payload["trigger_id"], view=modal(section()))
    with pytest.raises(Refused):
        slack.click(anna, view["id"], "press")
    with pytest.raises(Refused):
        slack.click(slack.people[1], view["id"], "press")
