"""One sandbox for all tests here with a pool of requests, and a fresh page for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tagbot.sandbox.driver import Slack
from tests.browser import browsing
from tests.browser.browsing import RunningSandbox, Visitor, running_sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

NO_BROWSER = "there is no Chromium on this machine (Debian and Ubuntu: apt install chromium)"

POOL = 14
"""More requests than the tests use."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser, say so at each test of this folder."""
    if browsing.chromium() is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(NO_BROWSER))


class Tab:
    """A page, and what went wrong on it."""

    def __init__(self, page: "Page") -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: self._check(said.text, "Content Security" not in said.text))
        page.on("request", lambda asked: self._check(asked.url, "//127.0.0.1:" in asked.url))

    def _check(self, what: str, right: bool) -> None:
        if not right:
            self.wrong.append(what)


@pytest.fixture(scope="package", name="browser")
def _browser() -> Iterator["Browser"]:
    with browsing.browser() as running:
        yield running


@pytest.fixture(scope="package", name="sandbox")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    with running_sandbox(folder, MAX_OPEN_REQUESTS="100", MAX_GROUP="1", LINE_UP="0") as running:
        Slack(running.address).rules(rate_limits=0)
        yield running


@pytest.fixture(scope="package", name="pool")
def _pool(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The `ts` of requests that nobody has answered, one after the other."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(POOL):
        browsing.write_portrait(folder, number)
    sandbox.add(folder)
    slack = Slack(sandbox.address)
    requests = slack.wait_for(lambda: slack.messages() if len(slack.messages()) >= POOL else None, timeout=40)
    return iter([request.ts for request in requests])


@pytest.fixture(scope="package", name="tab")
def _tab(browser: "Browser") -> Tab:
    """The one that all tests use: to open another takes Chromium longer than most tests."""
    return Tab(browser.new_page())


@pytest.fixture(name="page")
def _page(tab: Tab) -> Iterator["Page"]:
    """An empty page, which fails its test when a script fails, or anything is asked of the outside."""
    tab.wrong.clear()
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    tab.page.emulate_media(color_scheme="light", reduced_motion="reduce")
    yield tab.page
    tab.page.goto("about:blank")
    assert tab.wrong == []


@pytest.fixture(name="visitor")
def _visitor(page: "Page", sandbox: RunningSandbox) -> Visitor:
    return Visitor(page, sandbox.address)


@pytest.fixture(name="asked")
def _asked(pool: Iterator[str], visitor: Visitor) -> "Locator":
    """An open request on the visitor's page."""
    return visitor.message(next(pool))


@pytest.fixture(name="screenshot")
def _screenshot(request: pytest.FixtureRequest, page: "Page") -> Callable[[str], Path]:
    """Keeps what the page shows as a file of the run: .pytest_cache/d/screenshots/NAME.png."""
    folder = request.config.rootpath / ".pytest_cache/d/screenshots"

    def take(name: str) -> Path:
        page.screenshot(path=folder / f"{name}.png")
        return folder / f"{name}.png"

    return take
