"""Pictures at Slack: uploading them, and waiting until Slack can show them."""

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tagbot.errors import Retry
from tagbot.lib.rate_limit import RateLimit
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import NOT_READY_AFTER, PictureGone

READY_SECONDS = 8.0
"""How long one attempt waits for uploaded pictures: Slack scans them first, usually within three seconds."""

READY_POLLS = (0.1, 0.3, 0.6, 1.0, 1.5, 2.0)
"""Seconds between two looks whether a picture is ready; the last one repeats."""


SEEN_SECONDS = 5.0
"""How long what follows pictures waits for their message: the order of the two is all that hangs on it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG to upload. The whole workspace can read its title and description: no names in them."""

    content: bytes
    title: str
    alt_text: str


class Uploads:
    """The bot's pictures at Slack, by Slack's ids of files."""

    def __init__(
        self,
        api: SlackApi,
        channel: str,
        stop: threading.Event,
        *,
        uploads: RateLimit,
        looks: RateLimit,
        deletions: RateLimit,
    ) -> None:
        """`channel` is where pictures are shared; `stop` ends all waiting."""
        self._api = api
        self._channel = channel
        self._stop = stop
        self._uploads = uploads
        self._looks = looks
        self._deletions = deletions

    def upload(self, pictures: Sequence[Picture]) -> list[str]:
        """Bring pictures to Slack; the ids that they will have, in this order. They are no files yet, and
        Slack forgets them again unless `complete` makes them some.
        """
        ids = []
        for picture in pictures:
            self._uploads.wait()
            place = self._api.call(
                "files.getUploadURLExternal",
                filename=f"{picture.title.lower()}.jpg",
                length=len(picture.content),
                alt_txt=picture.alt_text,
            )
            self._api.send_bytes(str(place["upload_url"]), picture.content)
            ids.append(str(place["file_id"]))
        return ids

    def complete(self, files: Mapping[str, str], thread_ts: str | None = None) -> None:
        """Make files of uploaded pictures (id and title), and share them into a thread of the channel if one
        is given. Slack does so once for each upload: for an id that is a file already, or an upload no more,
        it raises `PictureGone`.

        They are not usable at once: see `wait_until_ready`.
        """
        self._api.call(
            "files.completeUploadExternal",
            files=[{"id": file, "title": title} for file, title in files.items()],
            channel_id=self._channel if thread_ts else None,
            thread_ts=thread_ts,
        )

    def delete(self, file: str) -> None:
        """Take a picture away from wherever it is shown; no error where it is gone."""
        self._deletions.wait()
        with suppress(PictureGone):
            self._api.call("files.delete", file=file)

    def wait_until_ready(self, files: Sequence[str]) -> None:
        """Return when uploaded pictures can be shown; raises `Retry` when that takes long, and `PictureGone`
        when one was deleted.
        """
        deadline = self._api.clock() + READY_SECONDS
        for file in files:
            looks = 0
            while not self._is_ready(file):
                pause = READY_POLLS[min(looks, len(READY_POLLS) - 1)]
                if self._api.clock() > deadline or self._stop.wait(pause):
                    raise Retry("Slack has not made an uploaded picture ready", after=NOT_READY_AFTER)
                looks += 1

    def wait_until_seen(self, files: Sequence[str], channel: str) -> None:
        """Return when the message with shared pictures is in a channel, where Slack brings it once it has
        scanned them; after a few seconds anyway. Raises `PictureGone` when one was deleted.
        """
        deadline = self._api.clock() + SEEN_SECONDS
        for file in files:
            while channel not in self._places(file):
                if self._api.clock() > deadline or self._stop.wait(READY_POLLS[0]):
                    return

    def are_ready(self, files: Sequence[str]) -> bool:
        """Whether uploaded pictures can be shown."""
        try:
            return all(self._is_ready(file) for file in files)
        except PictureGone:
            return False

    def are_there(self, files: Sequence[str]) -> bool:
        """Whether uploaded pictures exist, ready or not."""
        try:
            for file in files:
                self._is_ready(file)
        except PictureGone:
            return False
        return True

    def _places(self, file: str) -> set[str]:
        info = self._info(file)
        return {place for kind in ("channels", "groups", "ims") for place in info.get(kind) or ()}

    def _info(self, file: str) -> dict[str, Any]:
        self._looks.wait()
        return dict(self._api.call("files.info", file=file).get("file") or {})

    def _is_ready(self, file: str) -> bool:
        info = self._info(file)
        return bool(info.get("mimetype")) and any(key.startswith("thumb_") for key in info)
