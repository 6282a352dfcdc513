"""The page as a thumb and as eyes on a phone have it, and what holds there holds on a desk too."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.browsing import RunningSandbox, Visitor
from tests.browser.looks import BAD_LISTS, CUT, FAINT, RING_OUTSIDE, SMALL, TO_END

Screenshot = Callable[[str], Path]

pytestmark = pytest.mark.ci

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}

THUMB = 36
"""Pixels that a thumb needs."""


def wait_until(page: Page, condition: str) -> None:
    """Wait for a condition in JavaScript. Playwright's own way evaluates it anew each time, which the page's
    policy forbids to a text.
    """
    look = f"const look = () => {condition} ? done() : requestAnimationFrame(look);"
    page.evaluate(f"() => new Promise((done) => {{ {look} look(); }})")


@pytest.fixture(name="newest")
def _newest(visitor: Visitor, pool: Iterator[str]) -> Locator:  # noqa: ARG001 - one of these
    """An open request, to look at."""
    return visitor.request()


@pytest.fixture(name="phone")
def _phone(visitor: Visitor, newest: Locator) -> Visitor:  # noqa: ARG001 - what is to see
    """A phone with an open request and a message for the visitor alone."""
    visitor.type_command("/facetag help")
    visitor.page.locator("[data-ephemeral]").first.wait_for()
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    return visitor


@pytest.mark.rule("sandbox-page")
def test_on_a_phone_a_thumb_can_press_everything_and_nothing_is_cut_off(
    phone: Visitor, screenshot: Screenshot
) -> None:
    page, panes = phone.page, phone.page.locator("#panes")
    for pane in ("Inbox", "Behind", "Slack"):
        panes.get_by_text(pane).click()
        screenshot(f"phone-{pane.lower()}")
        assert page.evaluate(SMALL, THUMB) == [], pane
        assert page.evaluate(CUT) == [], pane
    page.get_by_role("button", name="FaceTag Home").click()
    expect(page.get_by_role("link", name="Open this question").first).to_be_visible()
    assert page.evaluate(SMALL, THUMB) == []
    phone.open_form(page.locator("#home [data-action-id=someone_else]").first)
    screenshot("phone-dialog")
    assert page.evaluate(SMALL, THUMB) == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


@pytest.mark.rule("sandbox-page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_list_opens_below_its_field_and_says_readably_that_nothing_fits(
    visitor: Visitor, newest: Locator, screenshot: Screenshot, scheme: Any
) -> None:
    page, field = visitor.page, newest.locator("[data-action-id=tag_person]")
    page.emulate_media(color_scheme=scheme)
    for width, least in ((390, 40), (1280, 28)):
        page.set_viewport_size({"width": width, "height": 844})
        field.scroll_into_view_if_needed()
        field.click()
        expect(newest.get_by_role("option").first).to_be_visible()
        screenshot(f"list-{width}-{scheme}")
        assert page.evaluate(BAD_LISTS) == [], width
        bottom = field.evaluate("each => each.getBoundingClientRect().bottom")
        assert newest.get_by_role("listbox").evaluate("each => each.getBoundingClientRect().top") >= bottom
        assert (
            min(newest.get_by_role("option").evaluate_all("all => all.map((each) => each.offsetHeight)"))
            >= least
        )
        page.keyboard.type("zzz")
        expect(newest.get_by_text("Nobody of that name")).to_be_visible()
        screenshot(f"nobody-{width}-{scheme}")
        assert page.evaluate(FAINT) == [], width
        assert page.evaluate(BAD_LISTS) == [], width
        page.keyboard.press("Escape")


@pytest.mark.rule("sandbox-page")
def test_a_list_stays_at_its_field_when_the_channel_is_scrolled(visitor: Visitor, newest: Locator) -> None:
    page, field = visitor.page, newest.locator("[data-action-id=tag_person]")
    field.click()
    shown = newest.get_by_role("listbox")
    expect(shown).to_be_visible()
    page.locator("#messages").evaluate("list => list.scrollBy(0, list.scrollTop > 40 ? -40 : 40)")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.evaluate(BAD_LISTS) == []
    page.locator("#messages").evaluate(
        "list => list.scrollTo(0, list.scrollTop > list.scrollHeight / 2 ? 0 : list.scrollHeight)"
    )
    expect(shown).to_be_hidden()
    expect(field).to_be_focused()


@pytest.mark.rule("sandbox-page")
@pytest.mark.usefixtures("newest")
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_channel_stays_at_its_end_when_its_pictures_come_until_somebody_scrolls_up(
    page: Page, sandbox: RunningSandbox, size: Any
) -> None:
    page.goto("about:blank")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/_control/contents/*", hold)
    Visitor(page, sandbox.address)
    messages = page.locator("#messages")
    expect(messages.locator("img.picture").last).to_be_attached()
    page.set_viewport_size(size)
    for each in held:
        each.continue_()
    page.unroute("**/_control/contents/*")
    wait_until(page, "[...document.querySelectorAll('#messages .picture')].every((each) => each.complete)")
    assert messages.evaluate(TO_END) <= 1

    shown = messages.locator("img.picture").last
    shown.evaluate("each => each.height += 200")
    shown.evaluate("each => each.src = each.src + '?again'")
    wait_until(page, f"({TO_END})(document.querySelector('#messages')) <= 1")

    messages.evaluate("list => list.scrollTo(0, 100)")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shown.evaluate("each => new Promise((done) => { each.onload = done; each.src = each.src + '&more'; })")
    assert messages.evaluate("list => list.scrollTop") == 100


@pytest.mark.rule("sandbox-page")
@pytest.mark.usefixtures("newest")
def test_the_ring_of_a_pane_with_the_focus_lies_within_it(visitor: Visitor) -> None:
    page = visitor.page
    for pane, name in (("#messages", "# faces"), ("#home", "FaceTag Home")):
        page.get_by_role("button", name=name).click()
        page.locator(pane).focus()
        page.keyboard.press("ArrowUp")
        ring = page.locator(f"{pane}:focus-visible")
        expect(ring).to_have_count(1)
        assert ring.evaluate(RING_OUTSIDE) == 0
    # What lies in the channel would cover a ring that is drawn inside of it: there it is a border.
    page.get_by_role("button", name="# faces").click()
    page.locator("#messages").focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("#messages:focus-visible")).to_have_css("border-right-color", "rgb(18, 100, 163)")
