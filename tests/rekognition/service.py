"""The service behind the wire: from an operation and the bytes of its request to an answer."""

import fnmatch
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.rekognition import on_collections, on_faces, on_search, on_users
from tests.rekognition.errors import RekognitionError
from tests.rekognition.service_model import Json, read_request
from tests.rekognition.state import ACCOUNT_ID, Account, arn

Operation: TypeAlias = Callable[[Account, Json], Json]

OPERATIONS: Mapping[str, Operation] = {
    "AssociateFaces": on_users.associate_faces,
    "CreateCollection": on_collections.create_collection,
    "CreateUser": on_users.create_user,
    "DeleteCollection": on_collections.delete_collection,
    "DeleteFaces": on_faces.delete_faces,
    "DeleteUser": on_users.delete_user,
    "DescribeCollection": on_collections.describe_collection,
    "DetectFaces": on_faces.detect_faces,
    "DisassociateFaces": on_users.disassociate_faces,
    "IndexFaces": on_faces.index_faces,
    "ListCollections": on_collections.list_collections,
    "ListFaces": on_faces.list_faces,
    "ListUsers": on_users.list_users,
    "SearchUsersByImage": on_search.search_users_by_image,
}
CALLER = f"arn:aws:iam::{ACCOUNT_ID}:user/facetag"


@dataclass(frozen=True)
class Remembered:
    """What a `ClientRequestToken` was used for, and what came of it."""

    request: Json
    answer: Json
    at: float = field(default_factory=time.monotonic)


class Service:
    """An account with its permissions and what it remembers of tokens. One call at a time."""

    def __init__(self) -> None:
        self.account = Account()
        self.denied: set[str] = set()
        self.tokens: dict[tuple[str, str], Remembered] = {}
        self.lock = threading.RLock()

    def answer(self, operation: str, body: bytes, *, allowed: bool = False) -> Json:
        """Do what is asked, if it may be asked (`allowed`: whatever it is); errors are raised."""
        with self.lock:
            request = read_request(operation, body)
            if not allowed:
                self._authorize(operation, request)
            token = request.pop("ClientRequestToken", None)
            if token is None:
                return OPERATIONS[operation](self.account, request)
            return self._once(operation, token, request)

    def _authorize(self, operation: str, request: Json) -> None:
        action = f"rekognition:{operation}"
        if not any(fnmatch.fnmatchcase(action, pattern) for pattern in self.denied):
            return
        resource = arn(request["CollectionId"]) if "CollectionId" in request else "*"
        raise RekognitionError(
            "AccessDeniedException",
            f"User: {CALLER} is not authorized to perform: {action} on resource: {resource} "
            f"because no identity-based policy allows the {action} action",
        )

    def _once(self, operation: str, token: str, request: Json) -> Json:
        """The remembered answer to a token, even if what was done then has been undone since.

        Only what went well is remembered.
        """
        known = self.tokens.get((operation, token))
        if known is None or self._forgotten(known):
            known = Remembered(request, OPERATIONS[operation](self.account, request))
            self.tokens[operation, token] = known
        if known.request != request:
            raise RekognitionError(
                "IdempotentParameterMismatchException",
                f"The ClientRequestToken: {token} you have supplied is already in use.",
            )
        return known.answer

    def _forgotten(self, known: Remembered) -> bool:
        seconds = self.account.rules.token_seconds
        return seconds is not None and time.monotonic() - known.at >= seconds
