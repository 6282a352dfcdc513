"""The sandbox as a process, and a visitor in front of it in a real browser."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tagbot.sandbox import defaults
from tests.world import FACE

ROOT = Path(__file__).parents[2]
ANNA, BEN, CHIARA, DAISUKE, ELIF = (row[0] for row in defaults.PEOPLE)

PATIENCE = 15_000
"""Milliseconds for something that takes the bot two seconds or three."""

SIDECAR = json.dumps(
    {
        "faces": [
            {
                "rectangle": {
                    "left": FACE.left - 100,
                    "top": FACE.top,
                    "width": FACE.width,
                    "height": FACE.height,
                }
            }
        ]
    }
).encode()
"""Where the face is in the portraits of the tests."""

ARGUMENTS = (
    "--no-sandbox",  # CI runs as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """Where this machine has a Chromium, if it has one."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def launch(playwright: Playwright) -> Browser:
    """Start the browser, with a profile of its own that is gone afterwards."""
    return playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))


@dataclass
class RunningSandbox:
    """`python bot.py --sandbox`, and where its page is."""

    process: "subprocess.Popen[str]"
    address: str

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
            env={**os.environ, "DATA_DIR": str(data_dir), **env},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            address = next(line.strip() for line in lines if line.startswith("http"))
            yield RunningSandbox(process, address)
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
        page.set_default_timeout(PATIENCE)
        page.goto(address)
        expect(page.get_by_text("is connected to Slack")).to_be_visible()

    def become(self, member: str) -> None:
        """Switch to another member."""
        self.page.locator(f"[data-member={member}]").check()
        expect(self.page.locator("[data-ts]").first).to_be_visible()

    def add_photo(self, photo: bytes) -> None:
        """Choose a photo for the inbox, with its sidecar: a face that is known need not be looked for."""
        files = (("portrait.png", "image/png", photo), ("portrait.json", "application/json", SIDECAR))
        self.page.locator("[data-inbox]").set_input_files(
            [{"name": name, "mimeType": kind, "buffer": content} for name, kind, content in files]
        )

    def ask_about(self, photo: bytes) -> Locator:
        """Add a photo of one face; its request, once it is there."""
        before = self._requests()
        self.add_photo(photo)
        self.page.wait_for_function(
            f"before => [...document.querySelectorAll({OPEN!r})].some(each => !before.includes(each.dataset.ts))",
            arg=before,
        )
        [ts] = set(self._requests()) - set(before)
        return self.message(ts)

    def request(self) -> Locator:
        """The newest open request, once there is one."""
        self.page.locator(OPEN).last.wait_for()
        return self.message(self._requests()[-1])

    def _requests(self) -> list[str]:
        found: list[str] = self.page.locator(OPEN).evaluate_all("all => all.map(each => each.dataset.ts)")
        return found

    def message(self, ts: str) -> Locator:
        """The message at this ts."""
        return self.page.locator(f"[data-ts='{ts}']")

    def pick(self, message: Locator, member: str) -> None:
        """Choose a person in a request."""
        message.locator("[data-action-id=tag_person]").click()
        message.locator(f"[data-value={member}]").click()

    def type_command(self, text: str) -> None:
        """Type into the field beneath the channel."""
        self.page.get_by_role("combobox", name="Message").fill(text)
        self.page.keyboard.press("Enter")
