"""The page posts photos into the channel, and has the app's shortcut in each message's menu."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.browsing import Visitor, running_sandbox, write_portrait
from tests.browser.looks import TO_END


@pytest.mark.ci
@pytest.mark.rule("sandbox-in-browser", "posted-photos")
def test_a_photo_is_posted_and_looked_at_again_by_the_menu_of_its_message(
    page: Page, tmp_path: Path, screenshot: Callable[[str], Path]
) -> None:
    (tmp_path / "photos").mkdir()
    write_portrait(tmp_path / "photos", 1)
    [photo] = [each for each in (tmp_path / "photos").iterdir() if each.suffix != ".json"]
    with running_sandbox(tmp_path) as sandbox:
        visitor = Visitor(page, sandbox.address)
        page.locator("[data-attach]").set_input_files(photo)
        word = page.locator("[data-ephemeral]")
        expect(word).to_contain_text("1 face found; I will ask about it here.")
        visitor.request()
        screenshot("posted-and-asked")
        assert page.locator("#messages").evaluate(TO_END) <= 1
        posted = page.locator("#messages article").filter(has=page.locator(".picture")).first
        more = posted.get_by_label("More actions")
        more.focus()
        more.press("Enter")
        screenshot("posted")
        posted.locator("[data-shortcut=find_faces]").press("Enter")
        expect(word.last).to_contain_text("This photo is known already")
