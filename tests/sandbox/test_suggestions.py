"""Selects whose options the app is asked for as somebody types."""

from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Act

from .conftest import Connect
from .samples import Json, actions, modal, option, plain, static_select, typed

SELECT: Json = {"type": "external_select", "action_id": "known", "min_query_length": 1}
Answering = Callable[[Any], None]


@pytest.fixture(name="anna")
def _anna(slack: Slack) -> str:
    return slack.people[0]


@pytest.fixture(name="answer")
def _answer(app: App, connect: Connect) -> Answering:
    """Have the app answer whatever is typed with this."""
    given: list[Any] = []
    app.options("known")(lambda ack: ack(given[-1]))
    for name in ("known", "press"):
        app.action(name)(lambda ack: ack())
    app.view("someone_else")(lambda ack: ack())
    connect(app)
    return given.append


@pytest.fixture(name="view")
def _view(slack: Slack, web: WebClient, answer: Answering, anna: str) -> str:
    """A modal with such a select, and one of another kind."""
    del answer
    ts = web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(static_select("press"))])["ts"]
    trigger = slack.choose(anna, ts, "press", "one").payload["trigger_id"]
    known = {**typed("known", optional=True), "element": SELECT}
    shown = web.views_open(trigger_id=trigger, view=modal(known, typed("name", optional=True)))
    return str(shown["view"]["id"])


def test_the_app_hears_what_was_typed_and_where(
    slack: Slack, answer: Answering, view: str, anna: str
) -> None:
    answer({"options": [option("p1", "Zoë")]})
    act = slack.suggest(anna, view, "known", "zo")
    asked = act.payload
    assert (asked["type"], asked["value"]) == ("block_suggestion", "zo")
    assert (asked["action_id"], asked["block_id"]) == ("known", "known")
    assert asked["container"] == {"type": "view", "view_id": view}
    assert asked["view"]["id"] == view
    assert "trigger_id" not in asked
    assert "response_url" not in asked
    assert [each["value"] for each in act.options] == ["p1"]


def test_in_a_message_its_channel_comes_along_and_the_choice_arrives_whole(
    slack: Slack, web: WebClient, answer: Answering, anna: str
) -> None:
    ts = str(web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(SELECT)])["ts"])
    answer({"option_groups": [{"label": plain("G"), "options": [option("p1", "Zoë")]}]})
    asked = slack.suggest(anna, ts, "known", "z").payload
    assert (asked["container"]["message_ts"], asked["channel"]["id"]) == (ts, slack.channel)
    chosen = slack.choose(anna, ts, "known", "p1").payload["actions"][0]
    assert (chosen["type"], chosen["selected_option"]["value"]) == ("external_select", "p1")


def test_only_what_was_offered_last_can_be_chosen(
    slack: Slack, answer: Answering, view: str, anna: str
) -> None:
    with pytest.raises(Refused, match="does not offer p1"):
        slack.submit(anna, view, {"known": "p1"})
    answer({"options": [option("p1", "Zoë")]})
    slack.suggest(anna, view, "known", "zo")
    answer({"options": [option("p2", "Zora")]})
    slack.suggest(anna, view, "known", "zor")
    with pytest.raises(Refused, match="does not offer p1; it offers p2"):
        slack.submit(anna, view, {"known": "p1"})
    held = slack.submit(anna, view, {"known": "p2"}).payload["view"]["state"]["values"]["known"]["known"]
    assert (held["type"], held["selected_option"]["value"]) == ("external_select", "p2")


def test_what_stays_empty_is_null(slack: Slack, view: str, anna: str) -> None:
    held = slack.submit(anna, view, {}).payload["view"]["state"]["values"]["known"]["known"]
    assert held == {"type": "external_select", "selected_option": None}


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        {},
        {"text": "nobody"},
        {"options": [option(str(number)) for number in range(101)]},
        {"options": [option("p1", "x" * 76)]},
        {"options": [option("p1", "")]},
        {"options": [option("x" * 151)]},
        {"options": [option("p1", description=plain("x" * 76))]},
        {"options": [{"text": {"type": "mrkdwn", "text": "a"}, "value": "p1"}]},
        {"options": [], "option_groups": []},
    ],
)
def test_an_answer_that_slack_does_not_take_offers_nothing(
    slack: Slack, answer: Answering, view: str, anna: str, wrong: Any
) -> None:
    answer(wrong)
    act: Act = slack.suggest(anna, view, "known", "zo")
    assert act.error is not None
    assert act.error.startswith("invalid_options")
    assert act.options == []


def test_that_nobody_fits_is_an_answer(slack: Slack, answer: Answering, view: str, anna: str) -> None:
    answer({"options": []})
    act = slack.suggest(anna, view, "known", "zo")
    assert (act.error, act.options) == (None, [])


def test_an_app_that_takes_longer_than_slack_waits_offers_nothing(
    slack: Slack, app: App, connect: Connect, web: WebClient, anna: str
) -> None:
    slack.rules(acknowledge_seconds=0.05)

    @app.options("known")
    def late(ack: Ack) -> None:
        slack.wait_for(lambda: all(act.done for act in slack.acts()), "Slack to give up")
        ack(options=[option("p1")])

    connect(app)
    ts = str(web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(SELECT)])["ts"])
    act = slack.suggest(anna, ts, "known", "z")
    assert (act.error, act.options) == ("operation_timeout", [])


def test_the_client_asks_from_so_many_letters_on(slack: Slack, web: WebClient, anna: str) -> None:
    unsaid = {name: value for name, value in SELECT.items() if name != "min_query_length"}
    ts = str(web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(unsaid)])["ts"])
    with pytest.raises(Refused, match="before 3 letters"):
        slack.suggest(anna, ts, "known", "zo")


def test_a_select_with_options_of_its_own_asks_nobody(slack: Slack, web: WebClient, anna: str) -> None:
    ts = str(web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(static_select())])["ts"])
    with pytest.raises(Refused, match="nobody is asked"):
        slack.suggest(anna, ts, "pick", "one")
