import time
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack

from .samples import png


def fails(slack: Slack, web: WebClient) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        web.chat_postMessage(channel=slack.channel, text="a")
    return caught.value


@pytest.mark.parametrize("status", [500, 503])
def test_a_call_meets_a_bad_status(slack: Slack, web: WebClient, status: int) -> None:
    slack.fail("chat.postMessage", status=status)
    assert fails(slack, web).response.status_code == status
    assert not slack.messages()


def test_a_call_is_told_to_wait(slack: Slack, web: WebClient) -> None:
    slack.fail("chat.*", status=429, retry_after=7)
    response = fails(slack, web).response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    assert response.headers["Retry-After"] == "7"


def test_a_call_meets_an_error_of_slack(slack: Slack, web: WebClient) -> None:
    slack.fail("chat.postMessage", error="fatal_error")
    assert fails(slack, web).response["error"] == "fatal_error"


def test_a_fault_is_used_up(slack: Slack, web: WebClient) -> None:
    slack.fail("chat.postMessage", error="fatal_error", times=2)
    fails(slack, web)
    fails(slack, web)
    web.chat_postMessage(channel=slack.channel, text="a")


def test_a_fault_for_ever_is_healed(slack: Slack, web: WebClient) -> None:
    slack.fail("*", error="fatal_error", times=None)
    for _ in range(3):
        fails(slack, web)
    slack.heal()
    web.chat_postMessage(channel=slack.channel, text="a")


def test_a_fault_meets_only_its_methods(slack: Slack, web: WebClient) -> None:
    slack.fail("users.*", status=500)
    web.chat_postMessage(channel=slack.channel, text="a")


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize("how", [{"reset": True}, {"hang": 0.01}])
def test_a_connection_is_torn_before_or_after_the_effect(
    slack: Slack, web: WebClient, how: dict[str, Any], *, effect: bool
) -> None:
    slack.fail("chat.postMessage", effect=effect, **how)
    with pytest.raises((ConnectionResetError, RemoteDisconnected, URLError)):
        web.chat_postMessage(channel=slack.channel, text="a")
    assert len(slack.messages()) == (1 if effect else 0)
    (call,) = slack.calls("chat.postMessage")
    assert call.status is None
    assert call.fault.endswith("after the effect") is effect


def test_an_answer_can_be_bad_although_the_work_was_done(slack: Slack, web: WebClient) -> None:
    slack.fail("chat.postMessage", status=503, effect=True)
    fails(slack, web)
    assert len(slack.messages()) == 1


def test_the_default_client_posts_twice_when_the_answer_is_lost(slack: Slack) -> None:
    slack.fail("chat.postMessage", reset=True, effect=True)
    WebClient(slack.bot_token, base_url=slack.api_url).chat_postMessage(channel=slack.channel, text="a")
    assert len(slack.messages()) == 2


def test_a_call_is_late(slack: Slack, web: WebClient) -> None:
    slack.fail("chat.postMessage", delay=0.1)
    start = time.monotonic()
    web.chat_postMessage(channel=slack.channel, text="a")
    assert time.monotonic() - start >= 0.1


def test_the_upload_step_fails_too(slack: Slack, web: WebClient) -> None:
    slack.fail("upload", status=500)
    with pytest.raises(URLError):
        web.files_upload_v2(content=png(), filename="face.png")
