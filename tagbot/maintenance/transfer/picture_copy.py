"""Moving all pictures from one image store to another."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar

from tagbot.errors import Reject
from tagbot.lib.retrying import with_retries
from tagbot.maintenance.transfer import Compared, Content
from tagbot.photos.image_store import ImageStore

T = TypeVar("T")

AT_A_TIME = 8
"""Pictures that are on their way, and in memory, at a time: a picture is small, and S3 is far away."""


Watch = Callable[[Iterator[Any], str], Iterable[Any]]
"""Hands on what comes, and shows how much that was; it is told what is being done."""


def move_pictures(source: ImageStore, target: ImageStore, watch: Watch) -> Compared:
    """Copy what the target lacks or has differently, and compare; nothing may write to either meanwhile.

    Interrupted, it goes on with what is missing: each picture is there whole or not at all. Raises `Retry`
    when one of the two cannot be used.
    """

    def copy(key: str) -> None:
        picture = with_retries(partial(source.get, key))
        if with_retries(partial(_found, target, key)) != picture:
            with_retries(partial(target.put, key, picture))

    target.check()
    for _ in watch(_each(source.keys(), copy), "copying"):
        pass
    return Compared("pictures", _content(source, watch), _content(target, watch))


def _found(store: ImageStore, key: str) -> bytes | None:
    try:
        return store.get(key)
    except Reject:
        return None


def _content(store: ImageStore, watch: Watch) -> Content:
    def hashed(key: str) -> bytes:
        return sha256(key.encode() + b"\0" + with_retries(partial(store.get, key))).digest()

    content = Content()
    for sha256_of_one in watch(_each(store.keys(), hashed), "comparing"):
        content = content.plus(sha256_of_one)
    return content


def _each(keys: Iterator[str], act: Callable[[str], T]) -> Iterator[T]:
    """The results of `act` for each key, in their order; `AT_A_TIME` at once."""
    with ThreadPoolExecutor(AT_A_TIME) as threads:
        while some := list(islice(keys, AT_A_TIME)):
            yield from threads.map(act, some)
