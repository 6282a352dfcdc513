"""Lists that come a page at a time."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.rekognition.errors import RekognitionError
from tests.rekognition.service_model import Json

T = TypeVar("T")


def page(
    rows: Sequence[T], request: Json, key: Callable[[T], str], most: int
) -> tuple[Sequence[T], dict[str, str]]:
    """The rows of the page that a request asks for, sorted by their key, and the `NextToken` if more follow.

    A token belongs to the list it came from: with other filters it is refused.
    """
    after = last_key(request)
    left = sorted((row for row in rows if key(row) > after), key=key)
    chunk = left[: min(most, request.get("MaxResults") or most)]
    more = len(chunk) < len(left)
    return chunk, {"NextToken": token(request, key(chunk[-1]))} if more else {}


def token(request: Json, key: str) -> str:
    """What leads to the rows behind a key; at most 255 characters, as the model says."""
    return base64.urlsafe_b64encode(json.dumps([which_list(request), key]).encode()).decode()


def last_key(request: Json) -> str:
    """The key that a request's token leads behind; empty without one."""
    if "NextToken" not in request:
        return ""
    try:
        belongs_to, key = json.loads(base64.urlsafe_b64decode(request["NextToken"]))
    except (binascii.Error, ValueError, TypeError):
        raise RekognitionError("InvalidPaginationTokenException") from None
    if belongs_to != which_list(request):
        raise RekognitionError("InvalidPaginationTokenException")
    return str(key)


def which_list(request: Json) -> str:
    """The same for every page of one list, however large the pages."""
    filters = {name: value for name, value in request.items() if name not in ("NextToken", "MaxResults")}
    return hashlib.sha256(json.dumps(filters, sort_keys=True).encode()).hexdigest()[:16]
