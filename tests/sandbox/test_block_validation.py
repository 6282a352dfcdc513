"""blocks.validate, as its page describes it."""

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tagbot.sandbox.driver import Slack

from .samples import modal, picture, section, typed


def refused(web: WebClient, **given: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        web.blocks_validate(**given)
    answer = caught.value.response.data
    assert isinstance(answer, dict)
    return answer


def test_what_slack_would_take_is_fine_and_shown_to_nobody(slack: Slack, web: WebClient) -> None:
    assert web.blocks_validate(blocks=[section(), picture("F0ELSEWHERE")])["ok"]
    assert web.blocks_validate(message={"blocks": [section()]})["ok"]
    assert web.blocks_validate(view=modal(typed()))["ok"]
    assert web.blocks_validate(view={"type": "home", "blocks": [section()]})["ok"]
    assert slack.messages() == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"blocks": [section("")]}, "invalid_blocks"),
        ({"message": {"blocks": [section("")]}}, "invalid_message"),
        ({"view": modal(typed(), title=None)}, "invalid_view"),
    ],
)
def test_what_is_wrong_is_told_with_a_pointer(web: WebClient, given: dict[str, Any], error: str) -> None:
    answer = refused(web, **given)
    assert answer["error"] == error
    for each in answer["errors"]:
        assert each["code"] == "failed_constraint"
        assert each["pointer"].startswith("/")
        assert each["message"]


@pytest.mark.parametrize("given", [{}, {"blocks": [section()], "view": modal(typed())}])
def test_it_takes_exactly_one_of_them(web: WebClient, given: dict[str, Any]) -> None:
    assert refused(web, **given)["error"] == "invalid_arguments"
