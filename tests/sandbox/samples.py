"""Small pictures, blocks and views to build tests from."""

import struct
import zlib
from typing import Any

Json = dict[str, Any]


def png(width: int = 64, height: int = 48) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x7f" * 3 * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# The first bytes of each kind are enough: nobody decodes them.
GIF = b"GIF89a" + struct.pack("<HH", 30, 20) + bytes(20)
JPEG = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xc0\x00\x11\x08" + struct.pack(">HH", 20, 30) + bytes(20)
WEBP = b"RIFF\x00\x00\x00\x00WEBP" + bytes(20)


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def button(action_id: str = "press", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain("Press"), **more}


def users_select(action_id: str = "tag_person", **more: Any) -> Json:
    return {"type": "users_select", "action_id": action_id, **more}


def option(value: str, text: str = "One", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def static_select(action_id: str = "pick", *values: str, **more: Any) -> Json:
    options = [option(value) for value in values or ("one", "two")]
    return {"type": "static_select", "action_id": action_id, "options": options, **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def picture(file: str = "", **more: Any) -> Json:
    return {"type": "image", "alt_text": "a face", "slack_file": {"id": file}, **more}


def typed(block_id: str = "name", kind: str = "plain_text_input", **more: Any) -> Json:
    element = {"type": kind, "action_id": block_id}
    return {"type": "input", "block_id": block_id, "label": plain("Name"), "element": element, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    view = {"type": "modal", "title": plain("Who?"), "submit": plain("Save"), "blocks": list(blocks)}
    return {**view, "callback_id": "someone_else", **more}


METADATA = {"event_type": "facetag_request", "event_payload": {"face_id": "f1", "round": 1}}
