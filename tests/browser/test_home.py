"""The app's Home on the page: a newcomer's three tasks, with the keyboard alone, and how it looks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tagbot.sandbox.driver import Slack
from tagbot.slack import people_words
from tests.browser.browsing import ANNA, BEN, CHIARA, RunningSandbox, Visitor, running_sandbox, write_portrait
from tests.browser.looks import BAD_LISTS, FAINT, NAMELESS, OVERLAPS

Screenshot = Callable[[str], Path]

pytestmark = pytest.mark.ci

WAITING = "#home .actions:has([data-action-id=tag_person])"
"""The controls of what waits at Home."""


@pytest.fixture(name="home")
def _home(visitor: Visitor, pool: Iterator[str]) -> Locator:  # noqa: ARG001 - what waits there
    """The Home of the member whom the visitor plays, opened with the keyboard alone."""
    entry = visitor.page.get_by_role("button", name="FaceTag Home")
    entry.focus()
    visitor.page.keyboard.press("Enter")
    visitor.page.locator(WAITING).first.wait_for()
    return visitor.page.locator("#home")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(60):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("it cannot be reached with the keyboard")


@pytest.mark.rule("sandbox-home", "sandbox-page", "places-at-home")
def test_a_question_is_answered_at_home_and_the_answer_changed_with_the_keyboard_alone(
    visitor: Visitor, home: Locator, sandbox: RunningSandbox, tmp_path: Path, screenshot: Screenshot
) -> None:
    page = visitor.page
    first = page.locator(WAITING).first
    block = first.locator("[data-block-id]").first.get_attribute("data-block-id")
    picker = home.locator(f"[data-block-id='{block}'][data-action-id=tag_person]")
    tab_to(page, picker)
    page.keyboard.type("chi")
    page.keyboard.press("Enter")
    expect(picker).to_have_count(0)
    expect(page.locator("#home .block:focus")).to_contain_text("You said: @Chiara De Luca. Thank you!")
    screenshot("home-answered")
    write_portrait(tmp_path, 300)
    sandbox.add(tmp_path / "300.jpg")
    # Then one more question stands there, and the focus is on the first of its controls: none is missed.
    expect(page.locator(WAITING).first.locator("input, button").first).to_be_focused()

    change = home.locator(f"[data-block-id='{block}'][data-action-id=change_answer]")
    tab_to(page, change)
    page.keyboard.press("Enter")
    modal = page.locator("dialog[data-callback-id=change_answer]")
    expect(modal).to_be_visible()
    screenshot("change-answer")
    tab_to(page, modal.get_by_role("button", name="I don't know"))
    page.keyboard.press("Enter")
    expect(modal).to_contain_text("Thank you, your answer is on its way.")
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
    expect(change).to_be_focused()
    expect(home).to_contain_text("You said: I don't know")
    expect(change).to_be_focused()


@pytest.mark.rule("sandbox-home")
def test_a_link_at_home_leads_to_the_question_in_the_channel_and_back(
    visitor: Visitor, home: Locator
) -> None:
    page = visitor.page
    home.get_by_role("link", name="Open this question in the channel").first.press("Enter")
    expect(page.locator("#messages article:focus")).to_contain_text("Who is this?")
    expect(page.get_by_role("heading", name="# faces")).to_be_visible()
    page.go_back()
    expect(home).to_be_visible()
    home.get_by_role("link", name="#faces").first.click()
    expect(page.get_by_role("combobox", name="Message")).to_be_visible()


@pytest.mark.rule("sandbox-home")
def test_each_member_has_a_home_of_their_own_which_stays_when_the_page_is_loaded_again(
    visitor: Visitor, home: Locator, sandbox: RunningSandbox
) -> None:
    page = visitor.page
    page.locator(f"[data-member={BEN}]").check()
    expect(page.locator(WAITING).first).to_be_visible()
    mine = Slack(sandbox.address).home(BEN)
    assert mine
    [own] = [block for block in mine.content["blocks"] if block["block_id"].startswith("person:")]
    expect(home.locator(f"[data-block-id='{own['block_id']}']").first).to_be_visible()
    page.reload()
    expect(page.locator(f"[data-member={BEN}]")).to_be_checked()
    expect(page.locator(WAITING).first).to_be_visible()


@pytest.mark.rule("sandbox-home")
def test_own_data_is_asked_for_at_home_and_comes_as_a_message(visitor: Visitor, home: Locator) -> None:
    page = visitor.page
    home.get_by_role("button", name="Forget me").press("Enter")
    asked = page.get_by_role("dialog", name="Forget you?")
    expect(asked.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(home.get_by_role("button", name="Forget me")).to_be_focused()
    home.get_by_role("button", name="Send me my data").press("Enter")
    messages = page.get_by_role("button", name="FaceTag Messages")
    notice = page.get_by_role("dialog")
    expect(notice).to_contain_text("on its way")
    page.keyboard.press("Escape")
    expect(notice).to_have_count(0)
    expect(messages).to_contain_text("new")
    messages.press("Enter")
    expect(page.get_by_role("link", name="facetag-my-data.zip").last).to_be_visible()


@pytest.mark.rule("sandbox-home", "home")
def test_a_guest_is_asked_nothing_at_home_and_has_the_same_rights(visitor: Visitor, home: Locator) -> None:
    visitor.page.get_by_role("radio", name="Gil Moreau (guest)").check()
    expect(home).to_contain_text("Nothing is asked of you here")
    expect(visitor.page.locator(WAITING)).to_have_count(0)
    expect(home.get_by_role("button", name="Do not tag me")).to_be_visible()


@pytest.mark.rule("sandbox-page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps_at_home_at_any_width(
    visitor: Visitor, home: Locator, screenshot: Screenshot, scheme: Any
) -> None:
    page = visitor.page
    page.emulate_media(color_scheme=scheme)
    for width, height in ((390, 844), (1024, 768), (1600, 1000)):
        page.set_viewport_size({"width": width, "height": height})
        screenshot(f"home-{width}-{scheme}")
        assert page.evaluate(OVERLAPS, "#home :is(.button, .picker, .picture, .block)") == [], width
        assert page.evaluate(OVERLAPS, ".team :is(button, label)") == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert home.evaluate("each => each.scrollWidth <= each.clientWidth"), width
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(FAINT) == []


@pytest.mark.rule("sandbox-home")
def test_a_home_that_nobody_filled_says_so_and_is_filled_when_the_bot_is_there(
    page: Page, tmp_path: Path
) -> None:
    with running_sandbox(tmp_path) as sandbox:
        visitor = Visitor(page, sandbox.address)
        page.get_by_role("button", name="Stop it kindly").click()
        expect(page.get_by_text("The bot does not run")).to_be_visible()
        page.get_by_role("button", name="FaceTag Home").click()
        home = page.locator("#home")
        expect(home.get_by_role("status")).to_contain_text("It does as soon as the bot runs")
        page.get_by_role("button", name="Start the bot").click()
        expect(home).to_contain_text("Nothing waits for your answer just now.")

        write_portrait(tmp_path, 1)
        sandbox.add(tmp_path / "01.jpg")
        expect(page.locator(WAITING)).to_have_count(1)
        visitor.pick(home, CHIARA)
        visitor.page.locator(f"[data-member={ANNA}]").check()
        expect(home).to_contain_text("You said: @Chiara De Luca")


@pytest.mark.rule("sandbox-home", "people-at-home")
def test_somebody_is_found_at_home_and_their_page_has_their_faces(
    visitor: Visitor, pool: Iterator[str], screenshot: Screenshot
) -> None:
    page, asked = visitor.page, visitor.message(next(pool))
    for member in (ANNA, BEN):
        visitor.become(member)
        visitor.pick(asked, CHIARA)
    expect(asked).to_contain_text("Tagged as Chiara De Luca")
    page.get_by_role("button", name="FaceTag Home").click()
    page.locator("#home").get_by_role("button", name="Find somebody").click()
    modal = page.locator("dialog[data-callback-id=people]")
    modal.locator("[data-action-id=found_person]").press_sequentially("chi")
    for width, height in ((390, 844), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        expect(modal.get_by_role("option").first).to_be_visible()
        screenshot(f"people-{width}")
        assert page.evaluate(BAD_LISTS) == [], width
    modal.get_by_role("option").first.click()
    expect(modal.get_by_role("heading", name="Chiara De Luca")).to_be_visible()
    expect(modal.get_by_role("img").first).to_be_visible()
    screenshot("person")
    form = page.locator("dialog[data-callback-id=rename_person]")
    modal.get_by_role("button", name="Rename…").click()
    expect(form).to_be_visible()
    screenshot("rename")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    expect(modal.get_by_role("button", name="Rename…")).to_be_focused()
    for name in ("Chiara Neale", "Chiara De Luca"):
        page.keyboard.press("Enter")
        form.get_by_role("textbox").fill(name)
        page.keyboard.press("Enter")
        expect(form).to_have_count(0)
        expect(modal.get_by_role("heading", name=name)).to_be_visible()
        expect(modal).to_contain_text(people_words.RENAMED)
        expect(modal.get_by_role("button", name="Rename…")).to_be_focused()
    page.keyboard.press("Escape")
    expect(modal).to_have_count(0)
