"""The decoder: what a photo may take of time and memory, and what becomes of one that takes more."""

import os
import resource
import signal
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagbot.errors import Retry
from tagbot.lib.process_pool import RemoteError
from tagbot.photos.context_picture import context_picture
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoder import CPU_SECONDS, MAX_MEMORY, Decoder, DecoderCrashed
from tagbot.photos.decoding import read_photo
from tagbot.photos.image_keys import context_key, crop_key
from tagbot.photos.picture_refused import PictureRefused
from tagbot.photos.rectangle import Rectangle, Size
from tagbot.photos.stored_photo import stored_photo
from tests.photos.images import endless, file, gradient, noise


@pytest.fixture(name="decoder", scope="module")
def _decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def pids(decoder: Decoder) -> set[int]:
    return decoder._pool.pids()


@pytest.mark.process
def test_a_photo_and_its_pictures_are_as_they_would_be_here(decoder: Decoder) -> None:
    data = file(noise(300, 200), "PNG")
    here = read_photo(data)
    faces = [("a", Rectangle(10, 10, 50, 60)), ("b", Rectangle(100, 20, 90, 90))]
    with decoder.decoded(data) as photo:
        assert photo.size == here.size
        assert photo.whole() == stored_photo(here)
        for number, (name, face) in enumerate(faces):
            other = faces[1 - number][1]
            assert photo.pictures(faces, number) == {
                crop_key(name): crop_face(here, face, [other]),
                context_key(name): context_picture(here, face),
            }


@pytest.mark.process
def test_two_photos_at_a_time_do_not_meet(decoder: Decoder) -> None:
    with decoder.decoded(file(Image.new("RGB", (30, 20)), "PNG")) as one:
        with decoder.decoded(file(Image.new("RGB", (50, 60)), "PNG")) as other:
            assert (one.size, other.size) == ((30, 20), (50, 60))
            assert one.whole() != other.whole()
        assert read_photo(one.whole()).size == (30, 20)


def test_what_is_no_photo_is_refused_without_a_process() -> None:
    decoder = Decoder()
    with pytest.raises(PictureRefused, match="not a picture"), decoder.decoded(b"milk, bread"):
        pass
    assert pids(decoder) == set()


@pytest.mark.process
@pytest.mark.rule("bad-photo-refused")
def test_a_refusal_comes_with_its_words(decoder: Decoder) -> None:
    with (
        pytest.raises(PictureRefused, match="broken or cut off") as refused,
        decoder.decoded(file(gradient(), "JPEG")[:-300]),
    ):
        pass
    assert refused.value.looks_cut_off


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("decoding-is-bounded")
@pytest.mark.failure("decoding-too-much", shows="what happens")
def test_a_photo_that_takes_too_much_processor_time_is_refused_the_first_time() -> None:
    decoder = Decoder(cpu_seconds=1)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (
        pytest.raises(PictureRefused, match="over 1 seconds of processor time to decode; opened in a"),
        decoder.decoded(endless()),
    ):
        pass
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3
    with decoder.decoded(file(gradient(), "JPEG")) as photo:
        assert photo.size == (60, 40)
    decoder.close()


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("decoding-is-bounded")
def test_time_is_that_of_each_photo_and_not_of_all_together() -> None:
    decoder = Decoder(cpu_seconds=0.4)
    data = file(Image.effect_noise((1500, 1500), 50).convert("RGB"), "PNG")
    with decoder.decoded(data):
        began = pids(decoder)
    until = time.monotonic() + 30
    while used(began) < 1 and time.monotonic() < until:
        with decoder.decoded(data) as photo:
            photo.whole()
    assert pids(decoder) == began
    decoder.close()


def used(processes: set[int]) -> float:
    """Seconds of processor time."""
    (process,) = processes
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.process
@pytest.mark.rule("decoding-is-bounded")
@pytest.mark.failure("decoding-too-much", shows="what happens")
def test_a_photo_that_takes_too_much_memory_is_refused_the_first_time() -> None:
    decoder = Decoder(memory=50_000_000)
    with (
        pytest.raises(PictureRefused, match=r"over 0.05 GB of memory to decode"),
        decoder.decoded(file(Image.new("RGB", (5000, 5000)), "PNG")),
    ):
        pass
    with decoder.decoded(file(Image.new("RGB", (500, 500)), "PNG")) as photo:
        assert photo.size == (500, 500)
    decoder.close()


LARGEST: Mapping[str, tuple[str, str, dict[str, Any]]] = {
    "jpeg": ("RGB", "JPEG", {"subsampling": 0}),
    "progressive jpeg": ("RGB", "JPEG", {"progressive": True, "subsampling": 0}),
    "cmyk": ("CMYK", "JPEG", {"progressive": True}),
    "png": ("RGBA", "PNG", {"compress_level": 1}),
    "grey of 16 bits": ("I;16", "PNG", {"compress_level": 1}),
    "palette": ("P", "PNG", {"compress_level": 1, "transparency": 0}),
    "webp": ("RGBA", "WEBP", {"method": 0, "quality": 20}),
    "avif": ("RGBA", "AVIF", {"speed": 10, "quality": 50}),
}


@pytest.mark.ci
@pytest.mark.process
@pytest.mark.rule("decoding-is-bounded")
@pytest.mark.parametrize("what", LARGEST)
def test_a_photo_of_25_megapixels_of_every_kind_is_within_the_limits(what: str, decoder: Decoder) -> None:
    mode, kind, options = LARGEST[what]
    exif = Image.Exif()
    exif[274] = 6
    image = Image.effect_noise((1000, 1000), 20).resize((5000, 5000), Image.Resampling.NEAREST)
    with decoder.decoded(file(image.convert(mode), kind, exif=exif, **options)) as photo:
        assert photo.size == Size(5000, 5000)


@pytest.mark.rule("decoding-is-bounded")
def test_the_limits_are_those_of_the_contract() -> None:
    assert (CPU_SECONDS, MAX_MEMORY) == (10, 10**9)


@pytest.mark.process
def test_a_decoder_that_dies_is_another_ones_beginning(decoder: Decoder) -> None:
    def killed() -> None:
        with decoder.decoded(file(gradient(), "JPEG")) as photo:
            for process in pids(decoder):
                os.kill(process, signal.SIGKILL)
            photo.whole()

    with pytest.raises(DecoderCrashed, match="the decoder's process ended before it answered"):
        killed()
    with decoder.decoded(file(gradient(), "JPEG")) as photo:
        assert photo.size == (60, 40)


@pytest.mark.process
def test_nothing_of_a_photo_is_left_in_the_process(decoder: Decoder) -> None:
    with decoder.decoded(file(gradient(), "JPEG")) as photo:
        pass
    with pytest.raises(RemoteError, match="no photo was decoded"):
        photo.whole()


@pytest.mark.process
def test_a_photo_in_flight_when_the_bot_stops_is_no_crash() -> None:
    decoder = Decoder()

    def stopped() -> None:
        with decoder.decoded(file(gradient(), "JPEG")) as photo:
            decoder.close()
            photo.whole()

    with pytest.raises(Retry, match="being stopped") as raised:
        stopped()
    assert not isinstance(raised.value, DecoderCrashed)
