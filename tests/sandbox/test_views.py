from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Act, View

from .conftest import Connect
from .samples import Json, actions, button, modal, option, section, static_select, typed, users_select

Trigger = Callable[[], str]
Submit = Callable[..., Act]


@pytest.fixture
def anna(slack: Slack) -> str:
    return slack.people[0]


@pytest.fixture
def trigger(slack: Slack, web: WebClient, app: App, connect: Connect, anna: str) -> Trigger:
    """A click of Anna that was acknowledged; gives its trigger."""
    app.action("press")(lambda ack: ack())
    app.action("in_view")(lambda ack: ack())
    connect(app)
    ts = web.chat_postMessage(channel=slack.channel, text="a", blocks=[actions(button())])["ts"]

    def trigger() -> str:
        return str(slack.click(anna, ts, "press").payload["trigger_id"])

    return trigger


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def front(slack: Slack, member: str) -> View:
    return slack.views(member)[-1]


def test_a_view_opens_for_who_pressed(slack: Slack, web: WebClient, trigger: Trigger, anna: str) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal(typed()))["view"]
    assert view["root_view_id"] == view["id"] == front(slack, anna).id
    assert view["state"] == {"values": {"name": {"name": {"type": "plain_text_input", "value": None}}}}
    assert not slack.views(slack.people[1])


def test_a_trigger_is_good_once(web: WebClient, trigger: Trigger) -> None:
    once = trigger()
    web.views_open(trigger_id=once, view=modal(typed()))
    assert code(web.views_open, trigger_id=once, view=modal(typed())) == "exchanged_trigger_id"


def test_a_trigger_expires(slack: Slack, web: WebClient, trigger: Trigger) -> None:
    late = trigger()
    slack.rules(trigger_seconds=0)
    assert code(web.views_open, trigger_id=late, view=modal(typed())) == "expired_trigger_id"


@pytest.mark.parametrize("method", ["views_open", "views_push"])
def test_a_made_up_trigger_is_invalid(web: WebClient, method: str) -> None:
    assert code(getattr(web, method), trigger_id="1.2.3", view=modal(typed())) == "invalid_trigger_id"


def test_a_refused_view_leaves_the_trigger_unused(web: WebClient, trigger: Trigger) -> None:
    once = trigger()
    assert code(web.views_open, trigger_id=once, view=modal(typed(), title=None)) == "invalid_arguments"
    web.views_open(trigger_id=once, view=modal(typed()))


def test_three_views_lie_on_each_other_and_no_more(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    root = web.views_open(trigger_id=trigger(), view=modal(typed()))["view"]
    second = web.views_push(trigger_id=trigger(), view=modal(typed()))["view"]
    assert (second["previous_view_id"], second["root_view_id"]) == (root["id"], root["id"])
    web.views_push(trigger_id=trigger(), view=modal(typed()))
    assert code(web.views_push, trigger_id=trigger(), view=modal(typed())) == "push_limit_reached"
    assert len(slack.views(anna)) == 3


def test_nothing_is_pushed_onto_nothing(web: WebClient, trigger: Trigger) -> None:
    assert code(web.views_push, trigger_id=trigger(), view=modal(typed())) == "not_found"


def test_an_update_changes_the_view_and_its_hash(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal(section("loading")))["view"]
    after = web.views_update(view_id=view["id"], hash=view["hash"], view=modal(typed()))["view"]
    assert after["hash"] != view["hash"]
    assert front(slack, anna).content["blocks"][0]["type"] == "input"
    stale = {"view_id": view["id"], "hash": view["hash"], "view": modal(typed())}
    assert code(web.views_update, **stale) == "hash_conflict"


def test_an_update_finds_a_view_by_the_bots_own_name(web: WebClient, trigger: Trigger) -> None:
    web.views_open(trigger_id=trigger(), view=modal(typed(), external_id="mine"))
    web.views_update(external_id="mine", view=modal(section()))
    assert code(web.views_update, external_id="other", view=modal(section())) == "not_found"


def test_two_open_views_cannot_have_the_same_name(web: WebClient, trigger: Trigger) -> None:
    web.views_open(trigger_id=trigger(), view=modal(typed(), external_id="mine"))
    again = {"trigger_id": trigger(), "view": modal(typed(), external_id="mine")}
    assert code(web.views_push, **again) == "duplicate_external_id"


def test_a_closed_view_is_not_found(slack: Slack, web: WebClient, trigger: Trigger, anna: str) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal(typed()))["view"]["id"]
    slack.close_view(anna, view)
    assert code(web.views_update, view_id=view, view=modal(typed())) == "not_found"


def test_a_view_that_is_too_large_is_refused(web: WebClient, trigger: Trigger) -> None:
    view = modal(*(section("x" * 2999) for _ in range(90)))
    assert code(web.views_open, trigger_id=trigger(), view=view) == "view_too_large"


# ---------------------------------------------------------------- submitting


@pytest.fixture
def submit(slack: Slack, web: WebClient, app: App, trigger: Trigger, anna: str) -> Submit:
    """Open a view, submit it with values, and let the app acknowledge it in some way."""

    def submit(answer: Json, values: Json | None = None, *blocks: Json) -> Act:
        app.view("someone_else")(lambda ack: ack(**answer))
        web.views_open(trigger_id=trigger(), view=modal(*(blocks or (typed(),))))
        return slack.submit(anna, front(slack, anna).id, {"name": "Grace"} if values is None else values)

    return submit


def test_a_plain_acknowledgement_closes_the_view(slack: Slack, submit: Submit, anna: str) -> None:
    act = submit({})
    assert act.acknowledged
    assert not slack.views(anna)


def test_the_submission_is_complete(submit: Submit) -> None:
    payload = submit({}).payload
    assert payload["type"] == "view_submission"
    view = payload["view"]
    assert (view["type"], view["callback_id"]) == ("modal", "someone_else")
    assert view["state"]["values"]["name"]["name"] == {"type": "plain_text_input", "value": "Grace"}
    assert {"id", "hash", "root_view_id", "previous_view_id", "private_metadata"} <= set(view)
    assert payload["response_urls"] == []


def test_errors_stay_on_the_view(slack: Slack, submit: Submit, anna: str) -> None:
    act = submit({"response_action": "errors", "errors": {"name": "Who is that?"}})
    assert act.acknowledged
    assert act.error is None
    assert front(slack, anna).errors == {"name": "Who is that?"}


def test_errors_must_name_an_input(slack: Slack, submit: Submit, anna: str) -> None:
    act = submit({"response_action": "errors", "errors": {"elsewhere": "no"}})
    assert act.error == "invalid_response_errors"
    assert front(slack, anna).errors == {}


def test_an_acknowledgement_updates_the_view(slack: Slack, submit: Submit, anna: str) -> None:
    submit({"response_action": "update", "view": modal(section("Thank you"))})
    (view,) = slack.views(anna)
    assert view.content["blocks"][0]["text"]["text"] == "Thank you"


def test_an_acknowledgement_pushes_a_view(slack: Slack, submit: Submit, anna: str) -> None:
    submit({"response_action": "push", "view": modal(section("More"))})
    assert len(slack.views(anna)) == 2


def test_an_acknowledgement_with_a_bad_view_is_an_error_for_the_person(
    slack: Slack, submit: Submit, anna: str
) -> None:
    act = submit({"response_action": "update", "view": modal(typed(), title=None)})
    assert act.error == "invalid_arguments: missing required field: title [json-pointer:/view]"
    assert len(slack.views(anna)) == 1


def test_clear_closes_every_view(slack: Slack, web: WebClient, app: App, trigger: Trigger, anna: str) -> None:
    app.view("someone_else")(lambda ack: ack(response_action="clear"))
    web.views_open(trigger_id=trigger(), view=modal(typed()))
    web.views_push(trigger_id=trigger(), view=modal(typed()))
    slack.submit(anna, front(slack, anna).id, {"name": "Grace"})
    assert not slack.views(anna)


def test_what_was_typed_survives_an_update(
    slack: Slack, web: WebClient, app: App, trigger: Trigger, anna: str
) -> None:
    app.view("someone_else")(lambda ack: ack(response_action="errors", errors={"name": "no"}))
    view = web.views_open(trigger_id=trigger(), view=modal(typed()))["view"]["id"]
    slack.submit(anna, view, {"name": "Grace"})
    after = web.views_update(view_id=view, view=modal(section(), typed()))["view"]
    assert after["state"]["values"]["name"]["name"]["value"] == "Grace"
    assert front(slack, anna).errors == {}


INPUTS = (
    typed("name"),
    typed("email", "email_text_input", optional=True),
    typed("who", element=users_select("who"), optional=True),
    typed("pick", element=static_select("pick"), optional=True),
    typed(
        "short", element={"type": "plain_text_input", "action_id": "short", "max_length": 3}, optional=True
    ),
)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, "name must be filled in"),
        ({"name": ""}, "name must be filled in"),
        ({"name": "G", "other": "x"}, "no input other"),
        ({"name": "G", "email": "nowhere"}, "nowhere is not an email address"),
        ({"name": "G", "who": "U0NOBODY00"}, "no member U0NOBODY00"),
        ({"name": "G", "pick": "three"}, "does not offer three"),
        ({"name": "G", "short": "long"}, "too short or too long"),
    ],
)
def test_a_form_that_slack_would_not_send_is_refused(submit: Submit, values: Json, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        submit({}, values, *INPUTS)


def test_every_kind_of_input_is_sent(slack: Slack, submit: Submit) -> None:
    values = {"name": "G", "email": "g@example.com", "who": slack.people[1], "pick": "two", "short": "abc"}
    sent = submit({}, values, *INPUTS).payload["view"]["state"]["values"]
    assert sent["email"]["email"] == {"type": "email_text_input", "value": "g@example.com"}
    assert sent["who"]["who"] == {"type": "users_select", "selected_user": slack.people[1]}
    assert sent["pick"]["pick"]["selected_option"]["value"] == "two"


def test_a_view_without_a_button_cannot_be_submitted(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    web.views_open(trigger_id=trigger(), view=modal(section(), submit=None))
    with pytest.raises(Refused, match="no submit button"):
        slack.submit(anna, front(slack, anna).id, {})


def test_only_the_front_view_of_ones_own_can_be_used(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    root = web.views_open(trigger_id=trigger(), view=modal(typed()))["view"]["id"]
    web.views_push(trigger_id=trigger(), view=modal(typed()))
    for member, view in ((anna, root), (slack.people[1], front(slack, anna).id)):
        with pytest.raises(Refused, match="in front of them"):
            slack.submit(member, view, {"name": "G"})


def test_an_element_of_a_view_is_used_without_channel_and_message(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal(actions(button("in_view"))))["view"]["id"]
    payload = slack.click(anna, view, "in_view").payload
    assert payload["container"] == {"type": "view", "view_id": view}
    assert payload["view"]["id"] == view
    assert not {"channel", "message", "response_url"} & set(payload)


def test_an_input_says_nothing_until_it_is_submitted(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    view = web.views_open(trigger_id=trigger(), view=modal(typed("who", element=users_select("who"))))
    with pytest.raises(Refused, match="until the view is submitted"):
        slack.choose(anna, view["view"]["id"], "who", anna)


@pytest.mark.parametrize("clear", [False, True])
def test_the_app_hears_of_a_closed_view_if_it_asked(
    slack: Slack, web: WebClient, app: App, trigger: Trigger, anna: str, *, clear: bool
) -> None:
    app.view_closed("someone_else")(closed)
    web.views_open(trigger_id=trigger(), view=modal(typed(), notify_on_close=True))
    act = slack.close_view(anna, front(slack, anna).id, clear=clear)
    assert act.acknowledged
    assert act.payload["is_cleared"] is clear
    assert not slack.views(anna)


def closed(ack: Ack) -> None:
    ack()


def boxes(*values: str, **more: Any) -> Json:
    """An input in which several may be ticked."""
    element = {"type": "checkboxes", "action_id": "odd", "options": [option(each) for each in values], **more}
    return typed("odd", element=element)


def test_boxes_tell_which_are_ticked_in_the_order_in_which_they_stand_there(
    slack: Slack, web: WebClient, app: App, trigger: Trigger, anna: str
) -> None:
    app.view("someone_else")(closed)
    opened = web.views_open(trigger_id=trigger(), view=modal(boxes("a", "b", "c")))["view"]
    nothing = {"type": "checkboxes", "selected_options": []}
    assert opened["state"] == {"values": {"odd": {"odd": nothing}}}
    payload = slack.submit(anna, opened["id"], {"odd": ["c", "a"]}).payload
    ticked = payload["view"]["state"]["values"]["odd"]["odd"]
    assert ticked["type"] == "checkboxes"
    assert [each["value"] for each in ticked["selected_options"]] == ["a", "c"]


def test_boxes_of_which_one_has_to_be_ticked_are_not_sent_without(
    slack: Slack, web: WebClient, trigger: Trigger, anna: str
) -> None:
    web.views_open(trigger_id=trigger(), view=modal(boxes("a", "b")))
    for values, sentence in (({}, "must be filled in"), ({"odd": ["z"]}, "does not offer z")):
        with pytest.raises(Refused, match=sentence):
            slack.submit(anna, front(slack, anna).id, values)


def test_there_are_ten_boxes_at_most_and_none_without_a_value(web: WebClient, trigger: Trigger) -> None:
    for wrong in (boxes(*map(str, range(11))), boxes(), boxes("")):
        assert code(web.views_open, trigger_id=trigger(), view=modal(wrong)) == "invalid_arguments"
    web.views_open(trigger_id=trigger(), view=modal(boxes(*map(str, range(10)))))
