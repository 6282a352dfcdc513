"""The door to Slack, as its tests use it: what they post, and what each call fails with."""

import time
import traceback
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tagbot.errors import Reject, Retry
from tagbot.sandbox.driver import Slack as SlackStandIn
from tagbot.slack.blocks import Rendered
from tagbot.slack.client import Slack
from tagbot.slack.request_id import RequestId
from tagbot.slack.someone_else_modal import Opened, someone_else_modal
from tagbot.slack.uploads import Picture

FACE_ID = "3f0c1d52-0000-4000-8000-000000000001"

MESSAGE = Rendered("Who is this?", [{"type": "section", "text": {"type": "mrkdwn", "text": "Who is this?"}}])


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (120, 100), "grey").save(out, "JPEG")
    return out.getvalue()


PICTURES = [Picture(jpeg(), "Face", "The face"), Picture(jpeg(), "Photo", "The photo")]


def share(door: Slack, thread_ts: str | None = None) -> list[str]:
    """Have the two pictures in Slack; their ids."""
    files = door.uploads.upload(PICTURES)
    door.uploads.complete(dict(zip(files, ("Face", "Photo"), strict=True)), thread_ts)
    return files


MODAL = someone_else_modal(RequestId(FACE_ID, 1), Opened("1.2", "C1", 1.2, 1.3))

CALLS: dict[str, Callable[[Slack, SlackStandIn], Any]] = {
    "chat.postMessage": lambda door, _: door.channel.post(MESSAGE, FACE_ID, 1),
    "chat.update": lambda door, slack: door.channel.update(slack.messages()[0].ts, MESSAGE),
    "chat.postEphemeral": lambda door, slack: door.channel.tell(slack.people[0], "hello"),
    "conversations.history": lambda door, _: door.channel.find_request(FACE_ID, 1, time.time()),
    "conversations.info": lambda door, _: door.channel.info(),
    "users.info": lambda door, slack: door.members.profile(slack.people[0]),
    "files.getUploadURLExternal": lambda door, _: door.uploads.upload(PICTURES),
    "files.completeUploadExternal": lambda door, _: share(door),
    "files.info": lambda door, slack: door.uploads.wait_until_ready([slack.files()[0].id]),
    "auth.test": lambda door, _: door.granted_scopes(),
    "views.open": lambda door, _: door.open_modal("1.2.3", MODAL),
}
"""Every method that the bot calls, by what it wants of it."""


def failure(door: Slack, slack: SlackStandIn, method: str) -> Retry | Reject:
    """What a call raises; no token is in it, nor in what a log would show of it."""
    with pytest.raises((Retry, Reject)) as why:
        CALLS[method](door, slack)
    raised = why.value
    assert isinstance(raised, Retry | Reject)
    told = "".join(traceback.format_exception(raised)) + repr(raised) + raised.reason
    assert slack.bot_token not in told
    assert slack.app_token not in told
    assert len(raised.reason) < 200
    return raised


def showing(file: str) -> Rendered:
    return Rendered("A face", [{"type": "image", "slack_file": {"id": file}, "alt_text": "A face"}])
