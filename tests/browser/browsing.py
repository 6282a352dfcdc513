"""The sandbox as a process, and a visitor in front of it in a real browser."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect, sync_playwright  # noqa: A004 - as Playwright calls it

from tagbot.sandbox import defaults
from tests.clean_environment import clean_environment
from tests.world import PORTRAIT_FACE, portrait

ROOT = Path(__file__).parents[2]
ANNA, BEN, CHIARA, DAISUKE, ELIF = (row[0] for row in defaults.PEOPLE)

PATIENCE = 30_000
"""Milliseconds for something that takes the bot two seconds or three."""

PICKS = 3
"""How often somebody tries to choose a person, or to open a form, where what they click changes meanwhile."""

ARGUMENTS = (
    "--no-sandbox",  # CI runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

BROWSERS = (
    "chromium-headless-shell",  # the same without all that is for people: it takes a tenth less
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)


def chromium() -> str | None:
    """Where this machine has a Chromium, if it has one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


@contextmanager
def browser() -> Iterator[Browser]:
    """The browser, with a profile of its own that is gone afterwards."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield running
        running.close()


def write_portrait(folder: Path, number: int) -> None:
    """Write a photo with a face, and a sidecar that has it: so nobody waits for it to be found."""
    (folder / f"{number:02d}.jpg").write_bytes(portrait(number))
    (folder / f"{number:02d}.json").write_text(json.dumps({"faces": [{"rectangle": asdict(PORTRAIT_FACE)}]}))


@dataclass
class RunningSandbox:
    """`python bot.py --sandbox`, and where its page is."""

    process: "subprocess.Popen[str]"
    address: str
    data_dir: Path

    def add(self, *paths: Path) -> None:
        """Add photos as the page says that one does in a terminal."""
        bot_dir = self.data_dir / "sandbox/bot"
        command = [sys.executable, "bot.py", "add", *map(str, paths)]
        subprocess.run(
            command, cwd=ROOT, env=clean_environment(DATA_DIR=str(bot_dir)), check=True, capture_output=True
        )

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as Ctrl-C does; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def running_sandbox(data_dir: Path, port: int = 0, **env: str) -> Iterator[RunningSandbox]:
    """Start the sandbox, and wait until it says where it answers."""
    with (data_dir / "sandbox.err").open("a") as errors:
        process = subprocess.Popen(
            [sys.executable, "bot.py", "--sandbox", "--port", str(port)],
            cwd=ROOT,
            env=clean_environment(DATA_DIR=str(data_dir), **env),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            address = next(line.strip() for line in lines if line.startswith("http"))
            yield RunningSandbox(process, address, data_dir)
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate(timeout=20)


OPEN = "[data-ts]:has([data-action-id=tag_person])"
"""Open requests."""


class Visitor:
    """Who looks at the page: is one member after the other, and uses what they see."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        expect(page.get_by_text("is connected to Slack")).to_be_visible()

    def become(self, member: str) -> None:
        """Switch to another member."""
        self.page.locator(f"[data-member={member}]").check()
        expect(self.page.locator("[data-ts]").first).to_be_visible()

    def add_photos(self, folder: Path) -> None:
        """Choose photos for the inbox, with their sidecars."""
        self.page.locator("[data-inbox]").set_input_files(sorted(folder.iterdir()))

    def request(self) -> Locator:
        """The newest open request, once there is one."""
        self.page.locator(OPEN).last.wait_for()
        return self.message(self.page.locator(OPEN).last.get_attribute("data-ts") or "")

    def message(self, ts: str) -> Locator:
        """The message at this ts."""
        return self.page.locator(f"[data-ts='{ts}']")

    def pick(self, message: Locator, member: str) -> None:
        """Choose a person in a request; once more where the message was drawn anew before the click, as
        somebody at the page would.
        """
        option = message.locator(f"[data-value={member}]")
        for left in reversed(range(PICKS)):
            message.locator("[data-action-id=tag_person]").click()
            try:
                option.click(timeout=PATIENCE / PICKS)
            except TimeoutError:
                if not left:
                    raise
            else:
                return

    def open_form(self, button: Locator) -> Locator:
        """Click on a button that opens a form; once more where it was drawn anew before the click."""
        form = self.page.locator("dialog")
        for left in reversed(range(PICKS)):
            button.click()
            try:
                form.wait_for(timeout=PATIENCE / PICKS)
            except TimeoutError:
                if not left:
                    raise
            else:
                break
        return form

    def type_command(self, text: str) -> None:
        """Type into the field beneath the channel."""
        self.page.get_by_role("combobox", name="Message").fill(text)
        self.page.keyboard.press("Enter")
