"""How the page looks, for eyes, keyboards and screen readers; and what it does with hostile words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from slack_sdk import WebClient

from tagbot.sandbox.defaults import FACES
from tagbot.sandbox.driver import Slack
from tests.browser.browsing import ANNA, BEN, CHIARA, RunningSandbox, Visitor
from tests.browser.looks import FAINT, NAMELESS, OVERLAPS

Screenshot = Callable[[str], Path]

pytestmark = pytest.mark.ci

TOGETHER = (
    ".messages :is(.button, .picker, .picture, .block, .message-head)",
    ".member",
    ".desk :is(button, .drop, .queue, .stage, h3)",
    ".team, .channel-head, .messages, .composer, .inbox, .behind, .panes",
)
"""What stands side by side; what is in a part that scrolls may be hidden by what is outside it."""


@pytest.fixture(name="web")
def _web(sandbox: RunningSandbox) -> WebClient:
    slack = Slack(sandbox.address)
    return WebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture(name="full")
def _full(visitor: Visitor, web: WebClient, asked: Locator) -> Visitor:
    """A channel with open requests, a message for the visitor alone and all kinds of blocks."""
    visitor.become(BEN)
    visitor.pick(asked, CHIARA)
    visitor.type_command("/facetag help")
    visitor.page.locator("[data-ephemeral]").first.wait_for()
    ts = web.chat_postMessage(channel=FACES, text="All kinds", blocks=KINDS)["ts"]
    expect(visitor.message(ts).get_by_role("heading", name="A header")).to_be_visible()
    return visitor


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text}


def rich(kind: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements)}


SIZES = [{"text": plain(size), "value": size} for size in ("S", "M", "L")]

KINDS: list[dict[str, Any]] = [
    {"type": "header", "text": plain("A header")},
    {
        "type": "section",
        "text": mrkdwn(f"*bold* _it_ ~gone~ `code` <@{ANNA}> <https://example.com|link>\n&gt; quoted"),
        "accessory": {
            "type": "static_select",
            "action_id": "size",
            "placeholder": plain("Size"),
            "options": SIZES,
        },
    },
    {"type": "section", "fields": [mrkdwn(f"*Field {each}*\nvalue") for each in range(4)]},
    {"type": "divider"},
    {
        "type": "rich_text",
        "elements": [
            rich("section", {"type": "text", "text": "rich", "style": {"bold": True}}),
            {**rich("list", rich("section", {"type": "user", "user_id": BEN})), "style": "bullet"},
        ],
    },
    {"type": "image", "image_url": "https://example.com/cat.png", "alt_text": "a cat"},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": each, "text": plain(each), "style": each}
            for each in ("primary", "danger")
        ],
    },
]


@pytest.mark.rule("sandbox-page")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overlaps_at_any_width(full: Visitor, screenshot: Screenshot, scheme: Any) -> None:
    page = full.page
    page.emulate_media(color_scheme=scheme)
    for width, height in ((390, 844), (1024, 768), (1600, 1000)):
        page.set_viewport_size({"width": width, "height": height})
        screenshot(f"page-{width}-{scheme}")
        for selector in TOGETHER:
            assert page.evaluate(OVERLAPS, selector) == [], width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.querySelector('#messages').scrollWidth") <= width
        assert page.evaluate(FAINT) == [], width


@pytest.mark.rule("sandbox-page")
def test_every_control_has_a_name_and_every_picture_its_text(full: Visitor) -> None:
    assert full.page.evaluate(NAMELESS) == []
    assert full.page.evaluate("document.querySelectorAll('[style]').length") == 0


@pytest.mark.rule("sandbox-page")
def test_the_page_can_be_driven_from_outside(full: Visitor) -> None:
    request = full.request()
    controls = request.locator("[data-action-id]")
    expect(controls).to_have_count(4)
    assert all(each.get_attribute("data-block-id", timeout=1000) for each in controls.all())
    assert [each.get_attribute("data-member") for each in full.page.locator("[data-member]").all()][:2] == [
        ANNA,
        BEN,
    ]


@pytest.mark.rule("sandbox-page")
def test_the_link_to_the_messages_leads_there_and_the_page_goes_on(visitor: Visitor, asked: Locator) -> None:
    page = visitor.page
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_be_focused()
    page.reload()
    expect(asked).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{visitor.address}#messages")
    expect(asked).to_be_visible()
    expect(page.locator("#trouble")).to_be_hidden()


@pytest.mark.rule("sandbox-page")
def test_a_request_is_answered_with_the_keyboard_alone(visitor: Visitor, asked: Locator) -> None:
    field = asked.get_by_role("combobox", name="Pick a person")
    field.focus()
    visitor.page.keyboard.type("chi")
    expect(asked.get_by_role("option")).to_have_count(1)
    visitor.page.keyboard.press("Enter")
    expect(field).to_have_value("Chiara De Luca")
    expect(asked).to_contain_text("Answered so far: @anna")
    expect(field).to_be_focused()


@pytest.mark.rule("sandbox-page")
def test_a_messages_menu_closes_with_escape_and_when_one_goes_on(visitor: Visitor, asked: Locator) -> None:
    more, item = asked.get_by_label("More actions"), asked.locator("[data-shortcut=find_faces]")
    more.press("Enter")
    visitor.page.keyboard.press("Tab")
    expect(item).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(item).to_be_hidden()
    expect(more).to_be_focused()
    more.press("Enter")
    expect(item).to_be_visible()
    visitor.page.keyboard.press("Shift+Tab")
    expect(item).to_be_hidden()
    more.press("Enter")
    visitor.page.get_by_role("heading", name="# faces").click()
    expect(item).to_be_hidden()


def test_who_is_typing_is_not_disturbed_when_somebody_else_answers(
    visitor: Visitor, sandbox: RunningSandbox, asked: Locator
) -> None:
    field = asked.locator("[data-action-id=tag_person]")
    field.click()
    visitor.page.keyboard.type("li")
    Slack(sandbox.address).click(BEN, asked.get_attribute("data-ts") or "", "dont_know")
    expect(asked).to_contain_text("Answered so far: @Ben")
    expect(field).to_have_value("li")
    expect(field).to_be_focused()
    expect(asked.get_by_role("option")).to_have_count(2)


@pytest.mark.rule("sandbox-as-slack")
def test_what_cannot_be_undone_is_red_where_slack_shows_it_so(
    visitor: Visitor, web: WebClient, screenshot: Screenshot
) -> None:
    question = {
        "title": plain("Sure?"),
        "text": plain("For ever."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    button = {"type": "button", "action_id": "end", "text": plain("End it"), "style": "danger"}
    block = {"type": "actions", "elements": [{**button, "confirm": {**question, "style": "danger"}}]}
    message = visitor.message(web.chat_postMessage(channel=FACES, text="The end", blocks=[block])["ts"])
    red = "rgb(192, 19, 67)"
    pressed = message.get_by_role("button", name="End it")
    expect(pressed).to_have_css("color", red)
    pressed.click()
    screenshot("danger")
    expect(visitor.page.get_by_role("button", name="Yes")).to_have_css("background-color", red)
    expect(visitor.page.get_by_role("button", name="No", exact=True)).not_to_have_css("background-color", red)
    visitor.page.keyboard.press("Escape")


def test_hostile_words_stay_words(visitor: Visitor, web: WebClient) -> None:
    hostile = "<img src=x onerror=alert(1)> <javascript:alert(1)|click> &lt;script&gt;alert(1)&lt;/script&gt;"
    ts = web.chat_postMessage(channel=FACES, text=hostile)["ts"]
    message = visitor.message(ts)
    expect(message).to_contain_text("<script>alert(1)</script>")
    expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    assert message.locator("a, script, .body img").count() == 0


def test_what_the_page_cannot_draw_is_shown_as_such(full: Visitor) -> None:
    shown = full.page.locator("[data-ts]").filter(has_text="A header").last
    expect(shown).to_contain_text("not fetched: a cat")
    drawn = full.page.evaluate(
        """async () => {
            const { drawBlocks } = await import("/page/assets/blocks.js");
            const parent = document.createElement("div");
            const names = { members: {}, channels: [] };
            drawBlocks(parent, [{ type: "video", title: "a film" }], { names, pictures: {} });
            return parent.textContent;
        }"""
    )
    assert "cannot draw the block “video”" in drawn
    assert "a film" in drawn


def test_replies_and_the_members_own_words_are_shown(visitor: Visitor, web: WebClient, page: Page) -> None:
    visitor.type_command("Good morning")
    mine = page.locator("[data-ts]").filter(has_text="Good morning").last
    expect(mine).to_contain_text("anna")
    web.chat_postMessage(channel=FACES, text="And to you", thread_ts=mine.get_attribute("data-ts"))
    mine.get_by_text("1 reply").click()
    expect(mine.locator("[data-ts]")).to_contain_text("And to you")
