"""What a visitor does in the first minutes."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import ANNA, BEN, CHIARA, Visitor, running_sandbox
from tests.browser.looks import BAD_LISTS

LUNCH_BOT = "U0LUNCHBOT"
Screenshot = Callable[[str], Path]


@pytest.mark.rule("sandbox-same-bot", "sandbox-in-browser")
def test_two_picks_by_two_members_tag_the_first_face_within_seconds_of_the_start(
    page: Page, tmp_path: Path
) -> None:
    started = time.monotonic()
    with running_sandbox(tmp_path) as sandbox:
        visitor = Visitor(page, sandbox.address)
        visitor.page.get_by_role("button", name="Add sample photos").click()
        asked = visitor.request()
        # Five on a machine with nothing else to do; the rest is for one that runs other tests as well.
        assert time.monotonic() - started < 25
        expect(asked).to_contain_text("Who is this?")
        expect(asked.get_by_role("img")).to_have_count(2)

        visitor.become(BEN)
        visitor.pick(asked, CHIARA)
        expect(asked).to_contain_text("Answered so far: @Ben")
        visitor.become(ANNA)
        visitor.pick(asked, CHIARA)
        expect(asked).to_contain_text("Tagged as Chiara De Luca")
        expect(asked.locator("[data-action-id=tag_person]")).to_have_count(0)


@pytest.mark.ci
@pytest.mark.rule("sandbox-in-browser")
def test_on_a_phone_one_click_adds_all_of_the_teams_photos(page: Page, tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        visitor = Visitor(page, sandbox.address)
        visitor.page.set_viewport_size({"width": 390, "height": 844})
        visitor.page.locator("#panes").get_by_text("Inbox").click()
        strip = visitor.page.get_by_role("toolbar", name="The team's photos")
        expect(strip.get_by_role("button")).to_have_count(27)
        visitor.page.get_by_role("button", name="Add all of the team’s photos").click()
        expect(visitor.page.get_by_role("status").filter(has_text="27 added")).to_be_visible()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.ci
@pytest.mark.rule("sandbox-in-browser")
def test_a_wrong_tag_is_corrected(visitor: Visitor, asked: Locator, screenshot: Screenshot) -> None:
    for member in (ANNA, BEN):
        visitor.become(member)
        visitor.pick(asked, CHIARA)
    wrong = asked.locator("[data-action-id=wrong_person]")
    expect(asked).to_contain_text("Tagged as")

    wrong.click()
    visitor.page.get_by_role("button", name="Leave it").click()
    expect(asked).to_contain_text("Tagged as")
    wrong.click()
    screenshot("confirm")
    visitor.page.get_by_role("button", name="Ask again").click()

    expect(asked).to_contain_text("@Ben reopened this face")
    again = visitor.request()
    assert again.get_attribute("data-ts") != asked.get_attribute("data-ts")


@pytest.mark.rule("sandbox-in-browser")
def test_somebody_without_an_account_is_named_in_the_modal(
    visitor: Visitor, asked: Locator, screenshot: Screenshot
) -> None:
    asked.locator("[data-action-id=someone_else]").click()
    modal = visitor.page.locator("dialog[data-callback-id=someone_else]")
    name, email = (modal.locator(f"[data-block-id={block}]") for block in ("name", "email"))
    expect(modal.locator("[data-block-id=known]")).to_be_focused()

    modal.get_by_role("button", name="That's them").click()
    expect(modal).to_contain_text("Please choose somebody who was named before, or write a name.")
    expect(name).to_be_focused()
    name.fill("Eileen Collins")
    email.fill("nowhere")
    modal.get_by_role("button", name="That's them").click()
    expect(modal).to_contain_text("This does not look like an email address.")
    expect(name).to_have_value("Eileen Collins")
    screenshot("modal")

    email.fill("")
    modal.get_by_role("button", name="That's them").click()
    expect(modal).to_have_count(0)
    expect(asked).to_contain_text("Answered so far: @anna")


@pytest.mark.rule("sandbox-in-browser", "known-people")
def test_somebody_who_was_named_before_is_chosen_as_one_types(
    visitor: Visitor, asked: Locator, screenshot: Screenshot
) -> None:
    modal = visitor.page.locator("dialog[data-callback-id=someone_else]")
    for member in (ANNA, BEN):
        visitor.become(member)
        asked.locator("[data-action-id=someone_else]").click()
        modal.locator("[data-block-id=name]").fill("Mae Jemison")
        modal.get_by_role("button", name="That's them").click()
        expect(modal).to_have_count(0)
    expect(asked).to_contain_text("Tagged as Mae Jemison")

    again = visitor.request()
    again.locator("[data-action-id=someone_else]").click()
    known = modal.locator("[data-block-id=known]")
    known.press_sequentially("jem")
    expect(modal.get_by_role("option")).to_have_text(["Mae Jemison1 face"])
    screenshot("known")
    assert visitor.page.evaluate(BAD_LISTS) == []
    known.press("Enter")
    expect(known).to_have_value("Mae Jemison")
    modal.get_by_role("button", name="That's them").click()
    expect(modal).to_have_count(0)
    expect(again).to_contain_text("Answered so far: @Ben")


def test_a_modal_can_be_closed_in_three_ways(visitor: Visitor, asked: Locator) -> None:
    modal = visitor.page.locator("dialog[data-callback-id=someone_else]")
    closings: list[Callable[[], None]] = [
        lambda: modal.get_by_role("button", name="Cancel").click(),
        lambda: modal.get_by_role("button", name="Close").click(),
        lambda: visitor.page.keyboard.press("Escape"),
    ]
    for close in closings:
        asked.locator("[data-action-id=someone_else]").click()
        expect(modal).to_be_visible()
        close()
        expect(modal).to_have_count(0)


@pytest.mark.rule("sandbox-as-slack")
def test_a_command_is_suggested_and_answered_for_its_author_alone(
    visitor: Visitor, screenshot: Screenshot
) -> None:
    field = visitor.page.get_by_role("combobox", name="Message")
    field.press_sequentially("/face")
    expect(visitor.page.get_by_role("option")).to_have_count(5)
    screenshot("suggestions")
    for key in ("ArrowDown", "ArrowDown", "Enter", "Enter"):
        field.press(key)
    answer = visitor.page.locator("[data-ephemeral]").last
    expect(answer).to_contain_text("Faces:")
    expect(answer).to_contain_text("Only visible to you")

    visitor.page.locator(f"[data-member={BEN}]").check()
    expect(visitor.page.get_by_text("Faces:")).to_have_count(0)


@pytest.mark.rule("sandbox-as-slack")
def test_a_bot_cannot_be_chosen_and_only_who_tried_is_told(visitor: Visitor, asked: Locator) -> None:
    visitor.become(CHIARA)
    visitor.pick(asked, LUNCH_BOT)
    told = visitor.page.locator("[data-ephemeral]")
    expect(told).to_contain_text("@Lunch Bot cannot be chosen")
    expect(asked).to_contain_text("Nobody has answered yet")

    visitor.become(BEN)
    expect(told).to_have_count(0)


@pytest.mark.rule("sandbox-as-slack")
def test_an_unknown_command_is_refused_as_slack_does(visitor: Visitor) -> None:
    visitor.type_command("/dance")
    expect(visitor.page.get_by_role("alert").filter(has_text="/dance is not a valid command")).to_be_visible()
