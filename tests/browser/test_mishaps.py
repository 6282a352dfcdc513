"""The visitor breaks things, and nothing is lost."""

import re
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.browsing import BEN, CHIARA, Visitor, running_sandbox, write_portrait
from tests.browser.looks import FAINT

pytestmark = pytest.mark.ci


@pytest.mark.rule("sandbox-restart")
def test_a_killed_bot_goes_on_where_it_was(visitor: Visitor, asked: Locator) -> None:
    visitor.pick(asked, CHIARA)
    expect(asked).to_contain_text("@anna")

    visitor.page.get_by_role("button", name="Kill the bot").click()
    expect(visitor.page.get_by_text("The bot is dead")).to_be_visible()
    visitor.become(BEN)
    visitor.pick(asked, CHIARA)
    expect(asked.get_by_role("alert")).to_contain_text("did not reach the bot")

    visitor.page.get_by_role("button", name="Start the bot").click()
    expect(visitor.page.get_by_text("is connected to Slack")).to_be_visible()
    visitor.pick(asked, CHIARA)
    expect(asked).to_contain_text("Tagged as Chiara De Luca")


@pytest.mark.parametrize(
    ("mishap", "stage", "sample", "faces", "told"),
    [
        ("slack_down", "RequestTaggingOnSlack", "portraits.jpg", 2, "waiting for another attempt because"),
        ("backend_down", "DetectFaces", "astronaut.jpg", 1, "DetectFaces fails: "),
    ],
)
def test_a_photo_that_comes_in_bad_times_is_asked_about_when_they_are_over(
    visitor: Visitor, pool: object, mishap: str, stage: str, sample: str, faces: int, told: str
) -> None:
    assert pool, "its requests are all there, so that a new one is told"
    requests = visitor.page.locator("[data-action-id=tag_person]")
    count = requests.count()
    switch = visitor.page.locator(f"[data-mishap={mishap}]")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    visitor.page.locator(f"[data-sample='{sample}']").click()
    expect(visitor.page.locator(f"[data-stage={stage}] .why").first).to_be_visible()
    expect(requests).to_have_count(count)
    troubles = visitor.page.get_by_role("status", name="Trouble")
    expect(troubles).to_contain_text(told)
    expect(visitor.page.get_by_text("It has trouble")).to_be_visible()
    assert visitor.page.evaluate(FAINT) == []

    switch.click()
    expect(requests).to_have_count(count + faces)
    expect(visitor.page.get_by_text("is connected to Slack")).to_be_visible()
    expect(visitor.page.get_by_text("It has trouble")).to_be_hidden()
    expect(troubles).to_be_empty()


@pytest.mark.rule("sandbox-restart")
def test_everything_is_still_there_after_a_restart(page: Page, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    write_portrait(photos, 0)
    with running_sandbox(tmp_path) as first:
        visitor = Visitor(page, first.address)
        visitor.add_photos(photos)
        request = visitor.request()
        visitor.pick(request, CHIARA)
        expect(request).to_contain_text("@anna")
        assert first.stop(signal.SIGINT) == 0
        expect(page.get_by_text("The sandbox does not answer")).to_be_visible()

    with running_sandbox(tmp_path, port=int(first.address.rpartition(":")[2])):
        # The page finds the new one by itself.
        expect(page.get_by_text("The sandbox does not answer")).to_be_hidden()
        expect(page.get_by_text("is connected to Slack")).to_be_visible()
        expect(request).to_contain_text("@anna")
        assert request.get_by_role("img").first.evaluate("image => image.naturalWidth") > 0
        visitor.become(BEN)
        visitor.pick(request, CHIARA)
        expect(request).to_contain_text("Tagged as Chiara De Luca")


@pytest.mark.rule("sandbox-restart")
def test_a_damaged_database_is_told_of_in_words_and_ends_nothing(page: Page, tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as sandbox:
        Visitor(page, sandbox.address)
        page.get_by_role("button", name="Stop it kindly").click()
        expect(page.get_by_text("The bot does not run")).to_be_visible()
        with closing(sqlite3.connect(tmp_path / "sandbox/bot/tagbot.db")) as database, database:
            database.execute("UPDATE tally SET count = 'many'")
        troubles = page.get_by_role("status", name="Trouble")
        expect(troubles).to_contain_text("The bot's files cannot be read: they hold what no bot wrote")
        assert sandbox.stop() == 0
    assert (tmp_path / "sandbox.err").read_text() == ""


def test_the_flow_behind_the_scenes_follows_a_face(visitor: Visitor, asked: Locator) -> None:
    asked.hover()
    asked.get_by_role("button", name="Follow").click()
    face = visitor.page.locator("[data-face]")
    in_small_print = re.search(r"Face ([0-9a-f-]{36})", asked.inner_text())
    assert in_small_print
    expect(face).to_have_attribute("data-face", in_small_print[1])
    expect(face.locator("[aria-current=step]")).to_have_text("open")

    for member in (BEN, CHIARA):
        visitor.become(member)
        asked.locator("[data-action-id=not_a_face]").click()
    expect(face.locator("[aria-current=step]")).to_have_text("rejected")
    expect(face).to_contain_text("not a face")
    expect(face).to_contain_text("CleanupTag")
    expect(visitor.page.locator("[data-queue=face-tagging]")).to_contain_text("empty")


@pytest.mark.rule("sandbox-photos")
def test_photos_arrive_by_drag_and_drop_and_what_is_none_is_refused(visitor: Visitor, tmp_path: Path) -> None:
    write_portrait(tmp_path, 200)
    visitor.page.evaluate(
        """([photo, sidecar]) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(photo)], "dropped.jpg", { type: "image/jpeg" }));
            data.items.add(new File([sidecar], "dropped.json", { type: "application/json" }));
            data.items.add(new File(["milk"], "notes.txt", { type: "text/plain" }));
            document.querySelector(".drop").dispatchEvent(
                new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        [list((tmp_path / "200.jpg").read_bytes()), (tmp_path / "200.json").read_text()],
    )
    inbox = visitor.page.locator("#inbox")
    expect(inbox).to_contain_text("1 added, 0 known already, 1 refused")
    expect(inbox.locator(".refused")).to_contain_text("notes.txt: ")
