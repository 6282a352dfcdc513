"""`make screenshots`: photograph the sandbox's page for the README."""

import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import ViewportSize, expect

from tests.browser.browsing import ANNA, BEN, CHIARA, Visitor, browser, running_sandbox, write_portrait
from tests.browser.picture import PICTURE, digest
from tests.documents.picture import DRAWN_FROM

SIZE: ViewportSize = {"width": 1280, "height": 1120}


def main() -> None:
    """Have two faces asked about, one of them tagged, and press the shutter."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory() as photos,
        browser() as chromium,
        running_sandbox(Path(folder)) as sandbox,
    ):
        visitor = Visitor(chromium.new_page(viewport=SIZE), sandbox.address)
        act(visitor, Path(photos))
        visitor.page.screenshot(path=PICTURE)
    noted = PngInfo()
    noted.add_text(DRAWN_FROM, digest())
    with Image.open(PICTURE) as picture:
        picture.load()
    picture.quantize(255, dither=Image.Dither.FLOYDSTEINBERG).save(PICTURE, pnginfo=noted, optimize=True)


def act(visitor: Visitor, photos: Path) -> None:
    """What is to see on the picture: a tagged face, and one that Ben has answered and Anna is about to."""
    page = visitor.page
    write_portrait(photos, 0)
    visitor.add_photos(photos)
    tagged = visitor.request()
    for member in (ANNA, BEN):
        visitor.become(member)
        visitor.pick(tagged, CHIARA)
    expect(tagged).to_contain_text("Tagged as Chiara De Luca")
    page.locator("[data-sample='astronaut.jpg']").click()
    request = visitor.request()
    visitor.pick(request, CHIARA)
    expect(request).to_contain_text("@Ben")
    visitor.become(ANNA)
    request.locator("[data-action-id=tag_person]").click()
    page.mouse.move(0, 0)
    page.locator("#messages").evaluate("messages => messages.scrollTo(0, 0)")
    expect(page.locator("[data-face]")).to_contain_text("StoreFaceTagSql")


if __name__ == "__main__":
    main()
