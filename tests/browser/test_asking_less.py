"""What a visitor sees of groups, of the line-up and of the machine's vote."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import ANNA, BEN, CHIARA, DAISUKE, ELIF, Visitor, running_sandbox

Screenshot = Callable[[str], Path]

GROUP = "[data-ts]:has([data-action-id=not_all_the_same])"

WAIT = 90_000
"""Milliseconds until the bot has looked at all of the team's faces."""


@pytest.mark.ci
@pytest.mark.timeout(300)
@pytest.mark.rule("sandbox-in-browser")
def test_a_visitor_sees_a_group_strikes_one_out_and_is_offered_names(
    page: Page, tmp_path: Path, screenshot: Screenshot
) -> None:
    with running_sandbox(tmp_path) as sandbox:
        visitor = Visitor(page, sandbox.address)
        page.get_by_role("button", name="Add all of the team’s photos").click()
        group = page.locator(GROUP).first
        group.wait_for(timeout=WAIT)
        group = visitor.message(group.get_attribute("data-ts") or "")
        modal = page.locator("dialog")

        page.set_viewport_size({"width": 390, "height": 844})
        group.get_by_role("button", name="Not all the same…").click()
        modal.get_by_role("checkbox", name="Face 2").check()
        screenshot("not-all-the-same")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        modal.get_by_role("button", name="Ask apart").click()
        expect(group).to_contain_text("@anna took a face out as not the same")
        page.set_viewport_size({"width": 1280, "height": 900})

        group.get_by_role("button", name="Look closer").click()
        expect(modal.get_by_role("img").first).to_be_visible()
        page.keyboard.press("Escape")
        expect(modal).to_have_count(0)

        offered = page.locator("[data-action-id=pick_1]").first
        # What is asked once the model knows two people offers their names.
        for person in (CHIARA, DAISUKE, ELIF, CHIARA, DAISUKE):
            if offered.count():
                break
            message = visitor.message(open_requests(page)[0])
            for tagger in (ANNA, BEN):
                visitor.become(tagger)
                visitor.pick(message, person)
            expect(message).to_contain_text("Tagged as", timeout=WAIT)
        offered.wait_for(timeout=WAIT)
        offered.scroll_into_view_if_needed()
        screenshot("line-up")
        offered.click()
        expect(page.locator("[data-ts]:has([data-action-id=pick_1])").first).to_contain_text("@Ben")


def open_requests(page: Page) -> list[str]:
    """The `ts` of what is asked now."""
    requests = page.locator("[data-ts]:has([data-action-id=tag_person])").all()
    return [each.get_attribute("data-ts") or "" for each in requests]


@pytest.mark.ci
@pytest.mark.rule("sandbox-restart")
def test_the_switch_of_the_machines_vote_starts_the_bot_anew_and_is_kept(page: Page, tmp_path: Path) -> None:
    switch = page.get_by_role("button", name="The machine may earn a vote")
    with running_sandbox(tmp_path) as first:
        visitor = Visitor(page, first.address)
        figures = page.locator("[data-stats]")
        expect(figures).to_contain_text("0 asked about, 0 labelled")
        expect(figures).to_contain_text("Its voteoff")
        switch.focus()
        page.keyboard.press("Space")
        expect(page.get_by_text("The bot is started anew")).to_be_visible()
        expect(page.get_by_text("is connected to Slack")).to_be_visible()
        expect(switch).to_have_attribute("aria-pressed", "true")
        expect(switch).to_be_focused()
        expect(figures).to_contain_text("not earned yet")
        visitor.page.set_viewport_size({"width": 390, "height": 844})
        visitor.page.locator("#panes").get_by_text("Behind").click()
        switch.scroll_into_view_if_needed()
        assert page.evaluate("document.documentElement.scrollWidth") == 390

    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto("about:blank")
    with running_sandbox(tmp_path) as again:
        Visitor(page, again.address)
        expect(switch).to_have_attribute("aria-pressed", "true")
