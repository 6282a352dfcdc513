"""Amazon Rekognition on this machine: strict, with state, and wrong on purpose where a test wants it.

    with running_rekognition() as rekognition:
        …start the bot with rekognition.environment() in its environment…
        rekognition.fail("IndexFaces", error="ThrottlingException", times=3)
        rekognition.look(lambda picture: [SeenFace(reasons=("LOW_SHARPNESS",))])
        assert rekognition.vectors() == {face_id: [face_ref]}

`rekognition.client()` is a boto3 client as the bot has one; `rekognition.do` is the test's own hand.
"""

import asyncio
import base64
import hashlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from tests.rekognition.faults import Fault
from tests.rekognition.ledger import Call
from tests.rekognition.pictures import Faces, Picture, SeenFace
from tests.rekognition.server import Server
from tests.rekognition.service_model import Json
from tests.rekognition.state import REGION, Collection, Rules

if TYPE_CHECKING:
    from types_boto3_rekognition.client import RekognitionClient

BOT_KEY, BOT_SECRET = "AKIAFACETAGBOT000000", "the-secret-of-the-bot"
PATIENCE = 10.0  # seconds that a test waits for something to happen


@cache
def session() -> boto3.session.Session:
    """One for all clients: each reads Amazon's description of the service anew."""
    return boto3.session.Session()


@contextmanager
def running_rekognition(**rules: Any) -> Iterator["Rekognition"]:
    """A Rekognition of its own in the background, with these rules bent (see `state.Rules`)."""
    server = Server({BOT_KEY: BOT_SECRET})
    server.service.account.rules = Rules(**rules)
    with asyncio.Runner() as runner:  # at its end, it cancels what still hangs
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever, name="rekognition", daemon=True)
        thread.start()
        try:
            address = asyncio.run_coroutine_threadsafe(server.start(), loop).result(PATIENCE)
            with closing(Rekognition(server, address)) as rekognition:
                yield rekognition
        finally:
            asyncio.run_coroutine_threadsafe(server.stop(), loop).result(PATIENCE)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
    assert not server.bugs, "\n".join(server.bugs)


class Rekognition:
    """The service at an address, from the side of a test."""

    def __init__(self, server: Server, address: str) -> None:
        self.address = address
        self._server = server
        self._service = server.service
        self._clients: list[RekognitionClient] = []

    # ------------------------------------------------------------ calling it

    def environment(self) -> dict[str, str]:
        """The variables that lead an unchanged boto3 client here."""
        return {
            "AWS_ENDPOINT_URL_REKOGNITION": self.address,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": BOT_KEY,
            "AWS_SECRET_ACCESS_KEY": BOT_SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def do(self, operation: str, **request: Any) -> Json:
        """An operation by the test itself, without the wire: `do("DeleteUser", CollectionId=…, UserId=…)`.

        It is never denied or failed, and not in the ledger. Raises `RekognitionError`.
        """
        body = json.dumps(request, default=lambda data: base64.b64encode(data).decode())
        return self._service.answer(operation, body.encode(), allowed=True)

    def client(self, key: str = BOT_KEY, secret: str = BOT_SECRET, **config: Any) -> "RekognitionClient":
        """A client with the bot's key, or another; it tries once unless `config` says otherwise."""
        made: RekognitionClient = session().client(
            "rekognition",
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(**{"retries": {"mode": "standard", "total_max_attempts": 1}, **config}),
        )
        self._clients.append(made)
        return made

    def close(self) -> None:
        """Close the connections of the clients that were made here."""
        for client in self._clients:
            client.close()

    # ------------------------------------------------------------ setting up

    @property
    def rules(self) -> Rules:
        """What may be bent, at any time."""
        return self._service.account.rules

    def shows(self, picture: bytes | str, *faces: SeenFace) -> None:
        """Say what a picture holds, given as its bytes or as their SHA-256; no faces: nothing."""
        sha256 = hashlib.sha256(picture).hexdigest() if isinstance(picture, bytes) else picture
        with self._service.lock:
            self._service.account.shown[sha256] = faces

    def look(self, rule: Callable[[Picture], Faces]) -> None:
        """Say what all other pictures hold; a picture that is indexed brings its `external_id`."""
        with self._service.lock:
            self._service.account.look = rule

    def deny(self, action: str) -> None:
        """Take away a permission: `rekognition:IndexFaces`, or a pattern, `rekognition:*`."""
        with self._service.lock:
            self._service.denied.add(action)

    def allow(self, action: str) -> None:
        """Give back a permission that was taken away in the same words."""
        with self._service.lock:
            self._service.denied.discard(action)

    def fail(self, operation: str, **how: Any) -> None:
        """Let the next call of the operations that match go wrong (see `faults.Fault`); `times=None`: all."""
        self._server.faults.waiting.append(Fault(operation, **how))

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._server.faults.waiting.clear()

    def forget_tokens(self) -> None:
        """Let every `ClientRequestToken` be new again, as after some time."""
        with self._service.lock:
            self._service.tokens.clear()

    # ------------------------------------------------------------ reading

    def calls(self, operation: str = "*") -> list[Call]:
        """The calls of the operations that match, oldest first, those that failed included."""
        return self._server.ledger.matching(operation)

    def busiest(self, operation: str = "*", *, seconds: float = 1.0) -> int:
        """The most calls of an operation within any stretch of so many seconds."""
        times = [call.at for call in self.calls(operation)]
        return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)

    def wait_for_calls(
        self, operation: str, count: int = 1, *, answered: bool = False, timeout: float = PATIENCE
    ) -> list[Call]:
        """At least so many calls, as soon as they have come in, or have their answer."""

        def those() -> list[Call]:
            return [call for call in self.calls(operation) if call.answer is not None or not answered]

        if not self._server.ledger.wait_for(lambda: len(those()) >= count, timeout):
            raise TimeoutError(f"waited {timeout} s for {count} × {operation}: {len(those())} came")
        return those()

    def collections(self) -> list[str]:
        """The names of the collections."""
        with self._service.lock:
            return list(self._service.account.collections)

    def vectors(self, collection: str = "facetag") -> Mapping[str, list[str]]:
        """The face ids that are stored by their `ExternalImageId`, oldest first ("": they have none)."""
        stored: dict[str, list[str]] = defaultdict(list)
        with self._service.lock:
            for vector in self._collection(collection).vectors.values():
                stored[vector.external_id or ""].append(vector.face_id)
        return dict(stored)

    def users(self, collection: str = "facetag") -> Mapping[str, list[str]]:
        """The face ids of each user."""
        with self._service.lock:
            found = self._collection(collection)
            return {name: [face.face_id for face in found.faces_of(name)] for name in found.users}

    def _collection(self, name: str) -> Collection:
        return self._service.account.collections.get(name) or Collection(name)
