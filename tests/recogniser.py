"""The recogniser for tests: its processes, and photos in hand without any."""

import os
from functools import cache
from pathlib import Path

from tagbot.lib.process_pool import ProcessPool
from tagbot.photos.decoder import CPU_SECONDS, MAX_MEMORY, DecodedPhoto
from tagbot.photos.decoding_process import DecodingProcess
from tagbot.photos.rectangle import Size
from tagbot.training.local import TIME_LIMIT, recogniser_processes

NO_MODELS = Path(__file__).with_name("no models")
"""There is no such folder: with it the recogniser has what everybody has."""

MODELS = Path(os.environ.get("MODELS", NO_MODELS))
"""The folder of better models, for the tests that are about them."""


def a_recogniser(*, processes: int | None = 1, time_limit: float = TIME_LIMIT) -> ProcessPool:
    """Its processes."""
    return recogniser_processes(NO_MODELS, processes=processes, time_limit=time_limit)


@cache
def shared_recogniser() -> ProcessPool:
    """Those of all tests of this process, with which they end."""
    return a_recogniser(processes=None)


def in_hand(picture: bytes) -> DecodedPhoto:
    """A photo as the decoder gives it, decoded in this process; nobody looks for faces in it."""
    process = DecodingProcess()
    size = process.decode(picture, CPU_SECONDS, MAX_MEMORY)
    assert isinstance(size, Size)
    return DecodedPhoto(lambda method, *arguments: getattr(process, method)(*arguments), size)
