"""One sandbox for all tests here with a pool of requests, and a fresh page for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tagbot.sandbox.client import Slack
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


@pytest.fixture(scope="module", name="browser")
def _browser() -> Iterator["Browser"]:
    with browsing.browser() as running:
        yield running


@pytest.fixture(scope="module", name="sandbox")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), MAX_OPEN_REQUESTS="100") as running:
        yield running


@pytest.fixture(scope="module", name="pool")
def _pool(sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The `ts` of requests that nobody has answered, one after the other."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(POOL):
        browsing.write_portrait(folder, number)
    sandbox.add(folder)
    slack = Slack(sandbox.address)
    requests = slack.wait_for(lambda: slack.messages() if len(slack.messages()) >= POOL else None, timeout=40)
    return iter([request.ts for request in requests])


@pytest.fixture(name="page")
def _page(browser: "Browser") -> Iterator["Page"]:
    """A page that fails its test when a script fails, or anything is asked of the outside."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
    page.on("request", lambda asked: None if "//127.0.0.1:" in asked.url else wrong.append(asked.url))
    yield page
    page.close()
    assert wrong == []


@pytest.fixture(name="visitor")
def _visitor(page: "Page", sandbox: RunningSandbox) -> Visitor:
    return Visitor(page, sandbox.address)


@pytest.fixture(name="asked")
def _asked(visitor: Visitor, pool: Iterator[str]) -> "Locator":
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
