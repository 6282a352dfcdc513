"""The decoder: strangers' photos are decoded in processes of their own, within limits of time and memory.

A JPEG of 140 KB may decode for half a minute, and what is made to crash a decoder would crash the bot. The
pixels stay in the process, which also cuts the pictures from them: to have 25 megapixels come through a
socket takes as long as to decode them.
"""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tagbot.errors import Retry
from tagbot.lib.process_pool import ProcessDied, ProcessPool
from tagbot.photos.decoding import kind_of
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Rectangle, Size

if TYPE_CHECKING:
    from tagbot.photos.xmp.regions import NamedRectangle

DECODING = "tagbot.photos.decoding_process:DecodingProcess"
"""Has `decode`, `whole`, `pictures`, `sharpness` and `forget`; made in its processes alone. What finds faces
there besides is the recogniser's."""

CPU_SECONDS = 10.0
"""The contract's limit, of processor time: 25 megapixels take 1.5 at most, and 0.3 as a camera's JPEG."""

MAX_MEMORY = 1_000_000_000
"""Bytes, the contract's limit: 25 megapixels take up to 600 MB."""

TIME_LIMIT = 60.0
"""Seconds by the clock for one call: the processor time above on a busy machine."""

MOST = 32
"""Processes; one starts when it is needed, and a photo in hand needs one."""

Call = Callable[..., Any]

OUT_OF_TIME = signal.SIGPROF
"""By which the kernel ends a process that decodes for too long."""


class DecoderCrashed(Retry):
    """The process that decoded a photo died, or hung."""


class DecodedPhoto:
    """A photo in a process of its own. Methods raise `DecoderCrashed`."""

    def __init__(self, call: Call, size: Size) -> None:
        """`call` is of a method there."""
        self._call = call
        self.size = size
        """Of the upright picture."""

    def whole(self) -> bytes:
        """As a JPEG, as it is stored."""
        return self._whole

    @cached_property
    def _whole(self) -> bytes:
        return bytes(self._call("whole"))

    def faces(self) -> list[Rectangle]:
        """The faces in it, largest first. Only a process of the recogniser finds any."""
        found: list[Rectangle] = self._call("faces")
        return found

    def regions(self, beside: Sequence[bytes]) -> "tuple[list[NamedRectangle], list[str]]":
        """The faces that other programs marked, by the first XMP that has some: of those beside the photo, in
        order, and of the one in it. Also why XMP was left out.
        """
        found: tuple[list[NamedRectangle], list[str]] = self._call("regions", beside)
        return found

    def sharpness(self, rectangles: Sequence[Rectangle]) -> list[float | None]:
        """Of the face in each rectangle; None where none is found, or nothing looks for any."""
        found: list[float | None] = self._call("sharpness", rectangles)
        return found

    def pictures(self, faces: Sequence[tuple[str, Rectangle]], of: int) -> dict[str, bytes]:
        """Those of one of the faces, by key; a face is its id and place."""
        made: dict[str, bytes] = self._call("pictures", faces, of)
        return made


class Decoder:
    """Decodes photos. Any thread may call; nothing starts before the first photo."""

    def __init__(
        self,
        pool: ProcessPool | None = None,
        *,
        cpu_seconds: float = CPU_SECONDS,
        memory: int = MAX_MEMORY,
    ) -> None:
        """What one photo may take; and the processes, those of the recogniser where faces are to be found."""
        self._cpu_seconds = cpu_seconds
        self._memory = memory
        self._pool = pool or ProcessPool(DECODING, name="the decoder", count=MOST, time_limit=TIME_LIMIT)

    @contextmanager
    def decoded(self, data: bytes) -> Iterator[DecodedPhoto]:
        """The photo in a file, until the end of the block.

        Raises `PictureRefused`, also for one that takes too much, and `DecoderCrashed`.
        """
        kind_of(data)  # no process is needed for what is none
        with self._pool.reserved() as process:

            def call(method: str, *arguments: object) -> Any:
                try:
                    return process(method, *arguments)
                except ProcessDied as died:
                    # Of no other process: the recogniser may be called within the block.
                    raise DecoderCrashed(died.reason) from died

            try:
                yield DecodedPhoto(call, self._size(process, data))
            finally:
                with suppress(Retry):  # it may have ended
                    process("forget")

    def _size(self, process: Call, data: bytes) -> Size:
        try:
            size: Size | PictureRefused = process("decode", data, self._cpu_seconds, self._memory)
        except ProcessDied as died:
            if died.signal_number != OUT_OF_TIME:
                raise DecoderCrashed(died.reason) from died
            raise PictureRefused(
                f"it takes over {self._cpu_seconds:g} seconds of processor time to decode; "
                "opened in a picture viewer and saved as a new file, it may be taken"
            ) from died
        if isinstance(size, PictureRefused):
            raise size
        return size

    def close(self) -> None:
        """End the processes; photos in hand raise `Retry`."""
        self._pool.close()

    def processes(self) -> int:
        """How many run now."""
        return len(self._pool.pids())
