"""The world as tests set it up and read it."""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slack_sdk import WebClient

from tagbot.sandbox.driver import Slack, running_slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import APP_TOKEN, BOT_TOKEN

from .samples import METADATA, section


def test_the_default_world_is_a_small_team(slack: Slack) -> None:
    members = slack.members()
    assert len(slack.people) == 5
    assert len({members[person].real_name for person in slack.people}) == 5
    assert all(members[person].email and members[person].image for person in slack.people)
    assert members[slack.former].deleted
    assert members[slack.other_bot].is_bot
    assert members[slack.bot_user].is_bot


def test_people_come_change_and_go(slack: Slack) -> None:
    slack.set_member("U0GRACE007", real_name="Grace Hopper", email="grace@example.com")
    slack.set_member("U0GRACE007", display_name="amazing")
    slack.set_member(slack.people[0], deleted=True)
    members = slack.members()
    grace = members["U0GRACE007"]
    assert (grace.real_name, grace.display_name) == ("Grace Hopper", "amazing")
    with pytest.raises(Refused, match="deactivated"):
        slack.say(slack.people[0], "hello?")


def test_a_channel_is_added(slack: Slack, web: WebClient) -> None:
    slack.set_channel("C0NEW00001", name="new", is_private=True, members=[slack.bot_user])
    assert web.conversations_info(channel="C0NEW00001")["channel"]["name"] == "new"


def test_a_members_channels_are_those_that_the_bot_can_know_of(slack: Slack, web: WebClient) -> None:
    anna = slack.people[0]
    slack.set_channel("C0OURS0001", is_private=True, members=[slack.bot_user, anna])
    slack.set_channel("C0THEIRS01", is_private=True, members=[anna])
    slack.set_channel("C0OLD00001", is_archived=True, members=[anna])

    def listed(**arguments: Any) -> list[str]:
        return [each["id"] for each in web.users_conversations(user=anna, **arguments)["channels"]]

    assert listed() == ["C0FACES01", "C0LUNCH01", "C0OLD00001"]
    both = "public_channel,private_channel"
    assert listed(types=both, exclude_archived=True) == ["C0FACES01", "C0LUNCH01", "C0OURS0001"]
    assert listed(types=both, limit=1) == ["C0FACES01"]


@pytest.mark.parametrize("kind", ["member", "channel", "rules", "workspace", "fail"])
def test_what_cannot_be_set_is_refused(slack: Slack, kind: str) -> None:
    sets: dict[str, Callable[[], object]] = {
        "member": lambda: slack.set_member("U0GRACE007", shoe_size=38),
        "channel": lambda: slack.set_channel(colour="red"),
        "rules": lambda: slack.rules(gravity=9.81),
        "workspace": lambda: slack.set_workspace(team_id="T1"),
        "fail": lambda: slack.fail("*", explode=True),
    }
    with pytest.raises(Refused):
        sets[kind]()


def test_the_whole_state_is_plain_data(slack: Slack, web: WebClient) -> None:
    web.chat_postMessage(channel=slack.channel, text="a", blocks=[section()], metadata=METADATA)
    state = slack.state()
    assert json.loads(json.dumps(state)) == state
    assert state["workspace"]["channels"][slack.channel]["messages"][0]["text"] == "a"


def test_waiting_ends_with_the_change(slack: Slack, web: WebClient) -> None:
    posting = threading.Timer(0.1, web.chat_postMessage, kwargs={"channel": slack.channel, "text": "late"})
    posting.start()
    start = time.monotonic()
    assert slack.wait_for_message().text == "late"
    assert time.monotonic() - start < 2
    posting.join()


def test_waiting_in_vain_says_for_what(slack: Slack) -> None:
    with pytest.raises(TimeoutError, match="a message"):
        slack.wait_for_message(timeout=0.05)


def test_the_posts_of_the_busiest_second_are_counted(slack: Slack, web: WebClient) -> None:
    for _ in range(3):
        web.chat_postMessage(channel=slack.channel, text="a")
    assert slack.busiest() == 3
    assert slack.busiest(seconds=0) == 0
    assert slack.busiest("chat.update") == 0


def test_two_worlds_know_nothing_of_each_other(slack: Slack, web: WebClient) -> None:
    with running_slack() as other:
        web.chat_postMessage(channel=slack.channel, text="a")
        assert not other.messages()


def test_a_page_of_another_site_controls_nothing(slack: Slack) -> None:
    request = urllib.request.Request(  # noqa: S310 - the sandbox's own address
        f"{slack.address}/_control/heal", b"{}", {"Origin": "https://elsewhere.example.com"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)  # noqa: S310 - as above
    caught.value.close()
    assert caught.value.code == 403


def test_the_server_runs_alone(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "tagbot.sandbox", "--port", "0"]
    with (
        (tmp_path / "stderr").open("w") as errors,
        subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        assert server.stdout
        line = server.stdout.readline()
        slack = Slack(line.split()[0].removesuffix("/api/"))
        assert (slack.bot_token, slack.app_token) == (BOT_TOKEN, APP_TOKEN)
        assert WebClient(slack.bot_token, base_url=slack.api_url).auth_test()["ok"]
        server.terminate()
        assert server.wait(10) == 0
    assert (tmp_path / "stderr").read_text() == ""
