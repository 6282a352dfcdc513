"""What was called: each request as the service got it, and what the caller was told."""

import base64
import binascii
import fnmatch
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.rekognition.service_model import Json


@dataclass
class Call:
    """A call.

    - `inputs`: the members of the request, with `{"sha256": …, "length": …}` in the place of bytes.
    - `answer`, `status`: None while there is none, and for ever where the connection was torn.
    - `error`: the code of an error answer. `fault`: what a test let go wrong.
    """

    operation: str
    inputs: Json
    at: float = field(default_factory=time.time)
    answer: Json | None = None
    status: int | None = None
    error: str | None = None
    fault: str | None = None

    @property
    def token(self) -> str | None:
        """The `ClientRequestToken`."""
        return self.inputs.get("ClientRequestToken")

    @property
    def picture(self) -> str | None:
        """The SHA-256 of the picture that was sent."""
        image = self.inputs.get("Image")
        sent = image.get("Bytes") if isinstance(image, dict) else None
        return sent["sha256"] if sent else None


class Ledger:
    """All calls, oldest first; `wait_for` waits until there are some."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.changed = threading.Condition()

    def open(self, operation: str, body: bytes) -> Call:
        """Note a call before anything is done about it."""
        call = Call(operation, inputs_of(body))
        with self.changed:
            self.calls.append(call)
            self.changed.notify_all()
        return call

    def close(self, call: Call, status: int, answer: Json) -> None:
        """Note what the caller is told."""
        with self.changed:
            call.status, call.answer, call.error = status, answer, answer.get("__type")
            self.changed.notify_all()

    def matching(self, operation: str) -> list[Call]:
        """The calls of the operations that match a pattern."""
        with self.changed:
            return [call for call in self.calls if fnmatch.fnmatchcase(call.operation, operation)]

    def wait_for(self, enough: Callable[[], bool], timeout: float) -> bool:
        """Wait until calls came or were answered so that something holds; whether it does."""
        with self.changed:
            return self.changed.wait_for(enough, timeout)


def inputs_of(body: bytes) -> Json:
    """A request as the ledger keeps it, whatever it looks like."""
    try:
        request = json.loads(body)
    except ValueError:
        return {}
    if not isinstance(request, dict):
        return {}
    if isinstance(image := request.get("Image"), dict) and "Bytes" in image:
        image["Bytes"] = fingerprint(image["Bytes"])
    return request


def fingerprint(encoded: Any) -> Json:
    """Which bytes these are, and how many."""
    try:
        data = base64.b64decode(encoded)
    except (TypeError, ValueError, binascii.Error):
        data = b""
    return {"sha256": hashlib.sha256(data).hexdigest(), "length": len(data)}
