"""Files that members posted in Slack: what Slack says of one, and its bytes. The bot's token goes to Slack's
own hosts alone.
"""

import http
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from tagbot.errors import Reject, Retry
from tagbot.lib.rate_limit import RateLimit, retry_after
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import NOT_READY_AFTER, Busy, OutcomeUnknown, PictureGone

HOSTS = ("slack.com", "slack-gov.com")
"""Slack's own, with all that lies below them."""

HOST_NAME = re.compile(r"[a-z0-9.-]+")

WRITTEN_OUT = "%/:?#[]@!$&'()*+,;=~"
"""What stays as it is in an address, which may have a file's name in it as a person wrote it."""

PIECE = 65_536
"""Bytes that are read at a time."""

TIMEOUT_SECONDS = 20
"""So long Slack may keep silent."""

LONGEST_SECONDS = 300.0
"""So long one file may take: 20 MB at 70 kB a second."""


class TooLarge(Reject):
    """The file has more bytes than are taken."""


class NotAtSlack(Reject):
    """The bytes lie somewhere else than at Slack, which the token is not for."""


@dataclass(frozen=True, slots=True)
class PostedFile:
    """A file as Slack describes it."""

    is_picture: bool
    size: int
    """Bytes; 0 where Slack does not say."""
    address: str
    """Of its bytes, for those who have a token."""


class PostedFiles:
    """Members' files, by Slack's ids."""

    def __init__(self, api: SlackApi, *, looks: RateLimit) -> None:
        self._api = api
        self._looks = looks

    def describe(self, file: str) -> PostedFile:
        """Slack's word on a file. Raises `PictureGone` when it was deleted or the bot may not see it, and
        `Retry` as long as Slack has not looked at it.
        """
        self._looks.wait()
        info: dict[str, Any] = self._api.call("files.info", file=file).get("file") or {}
        if info.get("mode") in ("tombstone", "hidden_by_limit"):
            raise PictureGone("files.info: the file is there no more")
        kind = str(info.get("mimetype") or "")
        address = str(info.get("url_private_download") or info.get("url_private") or "")
        if not kind or not address:
            raise Retry("Slack has not looked at a posted file yet", after=NOT_READY_AFTER)
        return PostedFile(is_a_picture(info), int(info.get("size") or 0), address)

    def download(self, address: str, into: IO[bytes], most: int) -> None:
        """Bring the bytes at an address of Slack's, piece by piece.

        Raises `TooLarge` as soon as there are more than `most`, `NotAtSlack` before anything is sent to
        another host, and `PictureGone`.
        """
        self._api.receive(lambda token, api: _download(address, _ToSlackAlone(token, api), into, most))


def is_a_picture(file: Mapping[str, Any]) -> bool:
    """Whether Slack calls a file a picture; `file` is Slack's description of it."""
    return str(file.get("mimetype") or "").startswith("image/")


def is_slacks(address: str, api: str) -> bool:
    """Whether an address is Slack's own, to whom the token belongs; `api` is that of the Web API."""
    try:
        there, ours = urlsplit(address), urlsplit(api)
        same = (there.scheme, there.hostname, there.port) == (ours.scheme, ours.hostname, ours.port)
        host, port = there.hostname or "", there.port
    except ValueError:
        return False
    is_below = any(host == each or host.endswith(f".{each}") for each in HOSTS)
    secure = there.scheme == "https" and port in (None, 443)
    return HOST_NAME.fullmatch(host) is not None and (same or (secure and is_below))


class _ToSlackAlone(HTTPRedirectHandler):
    """Follows a redirect only where the token may go."""

    def __init__(self, token: str, api: str) -> None:
        self._token = token
        self._api = api

    def request(self, address: str) -> Request:
        """A request with the token, which no redirect takes along by itself."""
        if not is_slacks(address, self._api):
            raise NotAtSlack("the file lies somewhere else than at Slack")
        request = Request(quote(address, safe=WRITTEN_OUT))  # noqa: S310 - looked at just now
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        return request

    def redirect_request(
        self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        followed = super().redirect_request(req, fp, code, msg, headers, newurl)
        return None if followed is None else self.request(newurl)


def _download(address: str, slacks: _ToSlackAlone, into: IO[bytes], most: int) -> None:
    try:
        with build_opener(slacks).open(slacks.request(address), timeout=TIMEOUT_SECONDS) as answer:
            _copy(answer, into, most)
    except HTTPError as refused:
        with refused:
            raise _failure(refused) from None
    except (OSError, HTTPException) as lost:
        raise OutcomeUnknown(f"download: no answer from Slack ({type(lost).__name__})") from None


def _copy(answer: HTTPResponse, into: IO[bytes], most: int) -> None:
    if answer.headers.get_content_type() == "text/html":
        raise Retry("download: Slack asks to sign in (the Slack app needs the scope files:read)")
    until = time.monotonic() + LONGEST_SECONDS
    left = answer.length
    if left is not None and left > most:
        raise TooLarge("download: the file is too large")
    there = 0
    while piece := answer.read(PIECE):
        there += len(piece)
        if there > most:
            raise TooLarge("download: the file is too large")
        if time.monotonic() > until:
            raise OutcomeUnknown("download: the file comes too slowly")
        _write(piece, into)
    if left is not None and there < left:
        raise OutcomeUnknown("download: the file broke off")


def _write(piece: bytes, into: IO[bytes]) -> None:
    try:
        into.write(piece)
    except OSError as problem:
        raise Retry(f"a photo from Slack cannot be written to the disk: {problem.strerror}") from None


def _failure(refused: HTTPError) -> Retry | Reject:
    match refused.code:
        case http.HTTPStatus.TOO_MANY_REQUESTS:
            return Busy("download: rate limited by Slack", after=retry_after(dict(refused.headers)))
        case http.HTTPStatus.NOT_FOUND | http.HTTPStatus.GONE:
            return PictureGone("download: the file is there no more")
        case code:
            return Retry(f"download: Slack answers {code}")
