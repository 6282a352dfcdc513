"""Bringing a file over HTTP whose contents are known beforehand, from where it was broken off."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

PARTIAL = ".part"
"""Added to the name of a file that is not whole yet."""

PIECE = 65_536
"""Bytes that are read at a time."""

TIMEOUT_SECONDS = 30
"""So long the other side may keep silent."""


class NotBrought(Exception):  # noqa: N818 - it says what is the case, and is no failure of ours
    """Says why, in words that follow on a colon."""


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that lies elsewhere."""

    address: str
    size: int
    """Bytes."""
    sha256: str


def download(wanted: KnownFile, path: Path, progress: Callable[[int], object]) -> None:
    """Bring the file to `path`, where it is whole or not at all.

    `progress` is told how many bytes are there, each time that there are more. Raises `NotBrought`: what has
    come so far is kept for the next time, unless it is wrong, as it is when two do this at once. Raises
    `OSError` where it cannot be written.
    """
    partial = path.with_name(path.name + PARTIAL)
    try:
        _fill(partial, wanted, progress)
    except NotBrought:
        if partial.stat().st_size == 0:
            partial.unlink()
        raise
    partial.replace(path)


def _fill(partial: Path, wanted: KnownFile, progress: Callable[[int], object]) -> None:
    """Make the file whole; what is wrong then is emptied."""
    with partial.open("ab") as output:
        if output.tell() != wanted.size:
            _append(wanted, output, progress)
        output.flush()
        os.fsync(output.fileno())
    with partial.open("rb") as brought:
        sha256 = hashlib.file_digest(brought, "sha256").hexdigest()
    if sha256 != wanted.sha256:
        partial.write_bytes(b"")
        raise NotBrought(f"what came is another file, and was thrown away: its SHA-256 is {sha256}")


def _append(wanted: KnownFile, output: BinaryIO, progress: Callable[[int], object]) -> None:
    """Add what is missing."""
    answer, there = _answer(wanted, output.tell())
    with answer:
        output.truncate(there)
        for piece in _pieces(answer):
            output.write(piece)
            there += len(piece)
            progress(there)
            if there > wanted.size:
                break
    if there < wanted.size:
        raise NotBrought(f"it broke off after {there:,} of {wanted.size:,} bytes, which are kept")


def _answer(wanted: KnownFile, begin: int) -> tuple[HTTPResponse, int]:
    """The answer to a request for the bytes from `begin` on, and from where on it really has them."""
    asked = {"Range": f"bytes={begin}-"} if begin else {}
    try:
        request = Request(wanted.address, headers=asked)  # noqa: S310 - the program's own address
        answer: HTTPResponse = build_opener().open(request, timeout=TIMEOUT_SECONDS)
    except HTTPError as refused:
        refused.close()
        if begin and refused.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _answer(wanted, 0)
        raise NotBrought(f"it answers {refused.code} {refused.reason}") from None
    except (OSError, HTTPException) as failed:
        why = failed.reason if isinstance(failed, URLError) else failed
        raise NotBrought(str((isinstance(why, OSError) and why.strerror) or why)) from None
    if not answer.headers.get("Content-Range", "").startswith(f"bytes {begin}-"):
        begin = 0
    if answer.length not in (None, wanted.size - begin):
        answer.close()
        raise NotBrought(f"another file is there, of {begin + answer.length:,} bytes")
    return answer, begin


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    """All that comes, until it ends or breaks off."""
    with suppress(OSError, HTTPException):
        while piece := answer.read(PIECE):
            yield piece
