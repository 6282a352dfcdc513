"""People in Slack's modals and at Home, with the bot as a process."""

import json
from pathlib import Path

import pytest

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import View
from tests.scenario.flood import is_open
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot


def asked(bot: RunningBot, number: int) -> str:
    """The `ts` of a new request."""
    before = {message.ts for message in bot.slack.messages()}
    bot.put_face(number)
    return bot.slack.wait_for_message(
        lambda message: is_open(message) and message.ts not in before, timeout=PATIENCE
    ).ts


def modal(slack: Slack, member: str, ts: str) -> str:
    slack.click(member, ts, "someone_else")
    return slack.wait_for_view(member, lambda view: view.content["callback_id"] == "someone_else").id


def wait_until_tagged(slack: Slack, ts: str, name: str) -> None:
    slack.wait_for(lambda: slack.message(ts).text.startswith(f"Tagged as {name}"), name, PATIENCE)


@pytest.mark.rule("known-people")
def test_a_person_without_an_account_is_named_once_and_chosen_from_then_on(
    tmp_path: Path, stand_in: Slack
) -> None:
    anna, ben, *_ = stand_in.people
    with running_bot(tmp_path, stand_in) as bot:
        first = asked(bot, 1)
        for member in (anna, ben):
            stand_in.submit(member, modal(stand_in, member, first), {"name": "Zoë Moon"})
        wait_until_tagged(stand_in, first, "Zoë Moon")
        second = asked(bot, 2)
        for member in (anna, ben):
            view = modal(stand_in, member, second)
            [zoe] = stand_in.suggest(member, view, "known", "zoe").options
            act = stand_in.submit(member, view, {"known": zoe["value"], "name": "Somebody New"})
            assert (act.acknowledged, act.error, stand_in.views(member)) == (True, None, [])
        wait_until_tagged(stand_in, second, "Zoë Moon")
        one, other = bot.export()
        assert one["person"] == other["person"] == {**one["person"], "slack_id": None, "name": "Zoë Moon"}


def button_of(view: View, action: str) -> bool:
    return f'"{action}"' in json.dumps(view.content)


def page_of(slack: Slack, member: str, name: str) -> View:
    """Somebody's page, found at Home."""
    slack.open_home(member)
    home = slack.wait_for_home(member, lambda home: button_of(home, "find_person"), timeout=PATIENCE)
    slack.click(member, home.id, "find_person")
    search = slack.wait_for_view(member, lambda view: view.content["callback_id"] == "people")
    [option] = slack.suggest(member, search.id, "found_person", name).options
    slack.choose(member, search.id, "found_person", option["value"])
    return slack.wait_for_view(member, lambda view: name in json.dumps(view.content, ensure_ascii=False))


@pytest.mark.rule("people-at-home", "people-changed")
def test_an_admin_finds_merges_unmerges_renames_and_has_forgotten_at_home(
    tmp_path: Path, stand_in: Slack
) -> None:
    anna, ben, *_ = stand_in.people
    with running_bot(tmp_path, stand_in, ADMINS=anna) as bot:
        for number, name in ((1, "Zoë Moon"), (2, "Zora Moon")):
            ts = asked(bot, number)
            for member in (anna, ben):
                stand_in.submit(member, modal(stand_in, member, ts), {"name": name})
            wait_until_tagged(stand_in, ts, name)
        page = page_of(stand_in, anna, "Zoë Moon")
        stand_in.click(anna, page.id, "merge_person")
        form = stand_in.wait_for_view(anna, lambda view: view.content["callback_id"] == "merge_person")
        [zora] = stand_in.suggest(anna, form.id, "into", "zora").options
        assert stand_in.submit(anna, form.id, {"into": zora["value"]}).error is None
        wait_until_tagged(stand_in, ts, "Zora Moon")
        assert {line["person"]["name"] for line in bot.export()} == {"Zora Moon"}

        merged = stand_in.wait_for_view(anna, lambda view: button_of(view, "unmerge_person"))
        assert stand_in.click(anna, merged.id, "unmerge_person").error is None
        assert {line["person"]["name"] for line in bot.export()} == {"Zoë Moon", "Zora Moon"}

        apart = stand_in.wait_for_view(anna, lambda view: not button_of(view, "unmerge_person"))
        stand_in.click(anna, apart.id, "rename_person")
        form = stand_in.wait_for_view(anna, lambda view: view.content["callback_id"] == "rename_person")
        assert stand_in.submit(anna, form.id, {"name": "Zora Neale"}).error is None
        wait_until_tagged(stand_in, ts, "Zora Neale")

        renamed = stand_in.wait_for_view(anna, lambda view: button_of(view, "forget_person"))
        assert stand_in.click(anna, renamed.id, "forget_person").error is None
        stand_in.wait_for(lambda: "asked to be forgotten" in stand_in.message(ts).text, "it", PATIENCE)
        bot.wait_for_status(quiet)
        assert {line["person"]["name"] for line in bot.export()} == {"Zoë Moon"}
