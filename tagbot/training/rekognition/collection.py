"""The collection at AWS, which is made when it is missing."""

import logging
from contextlib import suppress
from typing import Any

from tagbot.aws.rekognition_api import Absent, AlreadyThere, RekognitionApi, token
from tagbot.errors import Retry
from tagbot.training.usage import Ledger

log = logging.getLogger(__name__)


class Collection:
    """Calls that the collection has to be there for."""

    def __init__(self, aws: RekognitionApi, ledger: Ledger) -> None:
        self._aws = aws
        self._ledger = ledger
        self._seen = False
        """Whether it was there, or made, since the bot started."""

    def token(self, *parts: str) -> str:
        """The request's name; another collection is another request."""
        return token(self._aws.collection, *parts)

    def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """As `RekognitionApi.call`; no `Absent` for the collection's sake."""
        if not self._seen:
            try:
                self._aws.call("describe_collection")
            except Absent:
                self._make()
            self._seen = True
        try:
            return self._aws.call(operation, **arguments)
        except Absent:
            self._make()
        try:
            return self._aws.call(operation, **arguments)
        except Absent:
            raise Retry("Rekognition does not know the collection that has just been made") from None

    def _make(self) -> None:
        # Noted before it is done: if the answer is lost, the collection is there, and nobody would notice.
        self._ledger.collection_is_missing(self._aws.collection)
        with suppress(AlreadyThere):
            self._aws.call("create_collection")
            log.warning("the collection %s was missing and has been made", self._aws.collection)
