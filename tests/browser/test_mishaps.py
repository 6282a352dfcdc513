"""The visitor breaks things, and nothing is lost."""

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.browsing import ANNA, BEN, CHIARA, RunningSandbox, Visitor, running_sandbox


def switch(visitor: Visitor, name: str) -> None:
    visitor.page.locator(f"[data-mishap={name}]").click()


def test_a_killed_bot_goes_on_where_it_was(visitor: Visitor, portrait: bytes) -> None:
    request = visitor.ask_about(portrait)
    visitor.pick(request, CHIARA)
    expect(request).to_contain_text("@anna")

    visitor.page.get_by_role("button", name="Kill the bot").click()
    expect(visitor.page.get_by_text("The bot is dead")).to_be_visible()
    visitor.become(BEN)
    visitor.pick(request, CHIARA)
    expect(request.get_by_role("alert")).to_contain_text("did not reach the bot")

    visitor.page.get_by_role("button", name="Start the bot").click()
    expect(visitor.page.get_by_text("is connected to Slack")).to_be_visible()
    visitor.pick(request, CHIARA)
    expect(request).to_contain_text("Tagged as Chiara De Luca")


@pytest.mark.parametrize("mishap", ["slack_down", "backend_down", "slack_slow"])
def test_a_photo_that_comes_in_bad_times_is_asked_about_when_they_are_over(
    visitor: Visitor, portrait: bytes, mishap: str
) -> None:
    open_before = visitor.page.locator("[data-action-id=tag_person]")
    count = open_before.count()
    switch(visitor, mishap)
    expect(visitor.page.locator(f"[data-mishap={mishap}]")).to_have_attribute("aria-pressed", "true")
    visitor.add_photo(portrait)
    if mishap != "slack_slow":
        expect(visitor.page.locator("[data-stage] .why").first).to_be_visible()
        expect(open_before).to_have_count(count)
        switch(visitor, mishap)
    expect(open_before).to_have_count(count + 1)
    if mishap == "slack_slow":
        switch(visitor, mishap)
    expect(visitor.page.get_by_text("is connected to Slack")).to_be_visible()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_everything_is_still_there_after_a_restart(
    browser: Browser, tmp_path: Path, portrait: bytes, number: int
) -> None:
    page = browser.new_page()
    with running_sandbox(tmp_path) as first:
        visitor = Visitor(page, first.address)
        request = visitor.ask_about(portrait)
        visitor.pick(request, CHIARA)
        expect(request).to_contain_text("@anna")
        page.wait_for_timeout(500)  # what was seen for so long is on the disk
        code = first.stop(number)
        expect(page.get_by_text("The sandbox does not answer")).to_be_visible()
    assert code == (0 if number == signal.SIGINT else -signal.SIGKILL)

    with running_sandbox(tmp_path, port=int(first.address.rpartition(":")[2])):
        # The page finds the new one by itself.
        expect(page.get_by_text("The sandbox does not answer")).to_be_hidden()
        expect(page.get_by_text("is connected to Slack")).to_be_visible()
        expect(request).to_contain_text("@anna")
        assert request.get_by_role("img").first.evaluate("image => image.naturalWidth") > 0
        visitor.become(BEN)
        visitor.pick(request, CHIARA)
        expect(request).to_contain_text("Tagged as Chiara De Luca")
    page.close()


def test_the_flow_behind_the_scenes_follows_a_face(visitor: Visitor, portrait: bytes) -> None:
    request = visitor.ask_about(portrait)
    request.hover()
    request.get_by_role("button", name="Follow").click()
    face = visitor.page.locator("[data-face]")
    id_in_small_print = re.search(r"Face ([0-9a-f-]{36})", request.inner_text())
    assert id_in_small_print
    expect(face).to_have_attribute("data-face", id_in_small_print[1])
    expect(face.locator("[aria-current=step]")).to_have_text("open")
    for member in (ANNA, BEN):
        visitor.become(member)
        visitor.pick(request, CHIARA)
    expect(face.locator("[aria-current=step]")).to_have_text("tagged")
    expect(face).to_contain_text("SendFaceForTraining")
    expect(visitor.page.locator("[data-queue=face-tagging]")).to_contain_text("empty")


def test_photos_arrive_by_drag_and_drop_and_what_is_none_is_refused(
    visitor: Visitor, sandbox: RunningSandbox, portrait: bytes
) -> None:
    assert sandbox.process.poll() is None
    before = visitor.page.locator("[data-action-id=tag_person]").count()
    visitor.page.evaluate(
        """bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
            data.items.add(new File(["milk"], "notes.txt", { type: "text/plain" }));
            document.querySelector(".drop").dispatchEvent(
                new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        list(portrait),
    )
    inbox = visitor.page.locator("#inbox")
    expect(inbox).to_contain_text("1 added, 0 known already, 1 refused")
    expect(inbox.locator(".refused")).to_contain_text("notes.txt: ")
    expect(visitor.page.locator("[data-action-id=tag_person]")).to_have_count(before + 1)
