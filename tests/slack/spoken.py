"""What a message says to eyes alone: its plain text has to say all of it."""

from collections.abc import Iterator
from typing import Any

from tagbot.sandbox import block_kit
from tagbot.slack.blocks import Rendered


def unspoken(rendered: Rendered) -> list[str]:
    """What is to read in the blocks, on their controls and of their pictures, and not in the text."""
    spoken = plainly(rendered.text).replace("&amp;", "&")
    return [said for said in texts(rendered) if plainly(said).rstrip(".…") not in spoken]


def texts(rendered: Rendered) -> Iterator[str]:
    """What the blocks say, in their order; but for what is asked after a click."""
    asked = [id(each) for found in objects(rendered.blocks) for each in objects(found.get("confirm", {}))]
    for each in objects(rendered.blocks):
        if isinstance(each.get("text"), str) and "type" in each and id(each) not in asked:
            yield each["text"]
        if "alt_text" in each:
            yield each["alt_text"]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in a value, however deep."""
    yield from block_kit.objects(value)


def plainly(text: str) -> str:
    """Without Slack's markup for bold, which nobody hears."""
    return text.replace("*", "")
