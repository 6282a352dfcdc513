import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.defaults import LUNCH
from tagbot.sandbox.driver import Slack


@pytest.fixture
def slack_in_a_hurry(slack: Slack) -> Slack:
    slack.rules(rate_limits=1)
    return slack


def test_a_channel_takes_a_short_burst_and_then_one_post_a_second(
    slack_in_a_hurry: Slack, web: WebClient
) -> None:
    for _ in range(4):
        web.chat_postMessage(channel=slack_in_a_hurry.channel, text="a")
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel=slack_in_a_hurry.channel, text="a")
    response = caught.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert 1 <= int(response.headers["Retry-After"]) <= 4
    assert len(slack_in_a_hurry.messages()) == 4
    assert slack_in_a_hurry.busiest() == 5


def test_another_channel_and_another_method_go_on(slack_in_a_hurry: Slack, web: WebClient) -> None:
    slack_in_a_hurry.set_channel(LUNCH, members=[slack_in_a_hurry.bot_user])
    for _ in range(4):
        web.chat_postMessage(channel=slack_in_a_hurry.channel, text="a")
    web.chat_postMessage(channel=LUNCH, text="a")
    web.auth_test()


@pytest.mark.parametrize(
    ("method", "calls"), [("users.list", 20), ("conversations.info", 50), ("users.info", 100)]
)
def test_each_tier_has_its_calls_a_minute(
    slack_in_a_hurry: Slack, web: WebClient, method: str, calls: int
) -> None:
    what = {"channel": slack_in_a_hurry.channel, "user": slack_in_a_hurry.people[0]}
    for _ in range(calls):
        web.api_call(method, params=what)
    with pytest.raises(SlackApiError) as caught:
        web.api_call(method, params=what)
    assert caught.value.response.status_code == 429


def test_limits_are_scaled(slack: Slack, web: WebClient) -> None:
    slack.rules(rate_limits=1_000_000)
    for _ in range(20):
        web.chat_postMessage(channel=slack.channel, text="a")


def test_limits_are_switched_off(slack: Slack, web: WebClient) -> None:
    slack.rules(rate_limits=0)
    for _ in range(30):
        web.users_list()
