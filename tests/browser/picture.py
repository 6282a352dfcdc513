"""What the README's picture of the page was made from, so that it cannot go stale unseen."""

import hashlib

from tagbot.sandbox.page.web_page import ASSETS
from tests.browser.browsing import ROOT
from tests.documents import picture

PICTURE = ROOT / "docs/pictures/sandbox.png"


def digest() -> str:
    """Of the page's files and of what the bot posts."""
    made_from = hashlib.sha256(picture.digest().encode())
    for path in sorted(ASSETS.iterdir()):
        made_from.update(path.name.encode() + path.read_bytes())
    return made_from.hexdigest()
