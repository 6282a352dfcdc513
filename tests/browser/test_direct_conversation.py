"""The page shows a member their direct conversation with the bot, and what is kept of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import ANNA, BEN, CHIARA, Visitor, running_sandbox, write_portrait


@pytest.mark.ci
@pytest.mark.rule("sandbox-in-browser", "consent-before-learning", "own-rights")
def test_a_member_is_asked_says_yes_and_gets_their_data(
    page: Page, tmp_path: Path, screenshot: Callable[[str], Path]
) -> None:
    (tmp_path / "photos").mkdir()
    write_portrait(tmp_path / "photos", 1)
    with running_sandbox(tmp_path, CONSENT="required") as sandbox:
        visitor = Visitor(page, sandbox.address)
        visitor.add_photos(tmp_path / "photos")
        asked = visitor.request()
        for member in (BEN, ANNA):
            visitor.become(member)
            visitor.pick(asked, CHIARA)
        expect(asked).to_contain_text("This picture is not learned until they agree.")
        messages = page.get_by_role("button", name="FaceTag Messages")
        expect(messages).to_have_count(0)

        visitor.become(CHIARA)
        expect(messages).to_contain_text("new")
        messages.click()
        expect(page.get_by_text("Sending messages to this app has been turned off.")).to_be_visible()
        question = page.locator("#messages article")
        expect(question).to_contain_text("May FaceTag learn your face?")
        screenshot("direct")
        page.locator("[data-action-id=consent_yes]").click()
        expect(question.first).to_contain_text("You agreed on")
        page.locator("#channels button").first.click()
        expect(asked).not_to_contain_text("until they agree")
        expect(asked).to_contain_text("Tagged as")  # while it is learned, it is not

        visitor.type_command("/facetag me")
        kept = page.locator("[data-ephemeral]").filter(has_text="What FaceTag keeps about you")
        expect(kept).to_contain_text("1 face in 1 photo is tagged as you. It is learned.")
        screenshot("me")
        kept.locator("[data-action-id=send_my_data]").click()
        expect(messages.locator(".unread")).to_be_visible()
        messages.click()
        expect(page.get_by_role("link", name="facetag-my-data.zip")).to_be_visible()
