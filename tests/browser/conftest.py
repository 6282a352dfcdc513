"""One sandbox for all tests here, a fresh page for each."""

import io
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from PIL import Image

from tests.browser.browsing import RunningSandbox, Visitor, chromium, launch, running_sandbox
from tests.world import astronaut

if chromium() is not None:
    from playwright.sync_api import Browser, Page, sync_playwright

NO_BROWSER = "there is no Chromium on this machine (Debian and Ubuntu: apt install chromium)"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser, say so at each test of this folder."""
    if chromium() is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(NO_BROWSER))


@pytest.fixture(scope="session", name="browser")
def _browser() -> Iterator["Browser"]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session", name="sandbox")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), MAX_OPEN_REQUESTS="100") as running:
        yield running


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


_number = count(1)


@pytest.fixture(name="portrait")
def _portrait() -> bytes:
    """A photo that was not there before, of a person whose face is where `FACE_IN_PORTRAIT` says."""
    photo = Image.open(io.BytesIO(astronaut())).convert("RGB").crop((100, 0, 340, 240))
    photo.putpixel((0, 0), (next(_number), 0, 0))
    file = io.BytesIO()
    photo.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(name="screenshot")
def _screenshot(request: pytest.FixtureRequest, page: "Page") -> Callable[[str], Path]:
    """Keeps what the page shows as a file of the run: .pytest_cache/d/screenshots/NAME.png."""
    folder = request.config.cache.mkdir("screenshots") if request.config.cache else Path("/tmp")

    def take(name: str) -> Path:
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
