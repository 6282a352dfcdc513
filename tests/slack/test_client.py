"""The app itself: its scopes, its tokens and its modals."""

import pytest

from tagbot.errors import Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.slack.client import SCOPES, Slack
from tests.slack.door import failure


def test_the_scopes_of_the_token_are_known(door: Slack) -> None:
    assert door.granted_scopes() >= set(SCOPES)


def test_a_wrong_app_token_is_refused_without_being_told(door: Slack, stand_in: SlackStandIn) -> None:
    door.check_app_token(stand_in.app_token)
    with pytest.raises(Retry) as why:
        door.check_app_token("xapp-wrong-secret")
    assert "secret" not in why.value.reason
    assert stand_in.connections() == []


def test_a_modal_opens_for_whom_the_click_was(door: Slack, stand_in: SlackStandIn) -> None:
    raised = failure(door, stand_in, "views.open")
    assert raised.reason == "views.open: invalid_trigger_id"
