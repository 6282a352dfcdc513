"""DetectFaces: a photo is taken over from the inbox, with its faces."""

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, ImageChops, ImageFilter, ImageStat

from tagbot.database.models.faces import Face
from tagbot.database.models.photos import Photo, photos_without_faces
from tagbot.database.models.vectors import ModelVectors
from tagbot.database.opening import connected
from tagbot.errors import Reject, Retry
from tagbot.messages import FaceFound, PhotoArrived
from tagbot.photos.decoder import Decoder
from tagbot.photos.image_keys import context_key, crop_key, photo_key
from tagbot.photos.image_store import ImageStore
from tagbot.photos.inbox.settled_files import AGAIN_SECONDS, CUT_OFF_SECONDS
from tagbot.photos.photos_in_flight import PhotosInFlight
from tagbot.stages.detect_faces import detect_faces
from tagbot.stages.unusable_faces import SHARP_ENOUGH
from tagbot.training.local import LocalBackend
from tagbot.worker import workers
from tests.photos.images import endless
from tests.recogniser import a_recogniser
from tests.stages.scenes import fresh, requests, with_backend
from tests.world import FACE, World, astronaut, photographs

IDS = [str(uuid.UUID(int=number)) for number in (1, 2, 3)]


def put(world: World, name: str, photo: bytes, sidecar: Any = None) -> PhotoArrived:
    """A photo in the inbox, beside its sidecar if there is one."""
    folder = world.settings.data_dir / "inbox"
    if sidecar is not None:
        text = sidecar if isinstance(sidecar, bytes) else json.dumps(sidecar).encode()
        (folder / name).with_suffix(".json").write_bytes(text)
    (folder / name).write_bytes(photo)
    return PhotoArrived(name=name)


def work(world: World, message: PhotoArrived) -> list[FaceFound]:
    """The stage alone, on one message."""
    return list(detect_faces(message, world.services))


def take_over(world: World, until: Callable[[], object]) -> None:
    """Have the worker take what lies in the inbox, which it watches for a second first."""
    worker = world.workers[0]
    assert worker.stage.reads is PhotoArrived
    for _ in range(100):
        worker.work_once(timeout=0.1)
        if until():
            return
    raise AssertionError("it did not happen")


def rectangle(left: int, top: int = 76, width: int = 91, height: int = 91) -> dict[str, int]:
    """As a sidecar has it."""
    return {"left": left, "top": top, "width": width, "height": height}


def three_faces() -> dict[str, Any]:
    """A sidecar with three faces, the last one without an id."""
    faces = [
        {"id": IDS[0], "rectangle": rectangle(175)},
        {"id": IDS[1].upper(), "rectangle": rectangle(10)},
        {"rectangle": rectangle(300)},
    ]
    return {"source": "lobby-camera", "taken_at": "2026-11-23T09:30:00Z", "faces": faces, "other": 1}


def stored_files(world: World) -> set[Path]:
    """All pictures in the image store."""
    return set((world.settings.data_dir / "images").rglob("*.jpg"))


# --- It works -------------------------------------------------------------------------------------------


@pytest.mark.rule("photo-identity", "faces-found")
def test_the_faces_of_a_photo_are_found_cut_out_and_stored(world: World) -> None:
    (told,) = work(world, put(world, "party.png", astronaut()))
    face = Face.get()
    assert (told.face_id, told.round) == (face.id, 1)
    assert (face.state, face.pending) == ("waiting", told.id)
    middle = face.left + face.width // 2, face.top + face.height // 2
    assert abs(middle[0] - (FACE.left + FACE.width // 2)) < 20
    assert abs(middle[1] - (FACE.top + FACE.height // 2)) < 20
    photo = Photo.get()
    assert photo.sha256 == hashlib.sha256(astronaut()).hexdigest()
    assert (photo.width, photo.height, photo.faces_found, photo.source) == (512, 512, 1, None)
    for key in (photo_key(photo.sha256), crop_key(face.id), context_key(face.id)):
        assert Image.open(BytesIO(world.services.images.get(key))).format == "JPEG"


@pytest.mark.rule("inbox-emptied")
def test_a_photo_that_was_taken_over_is_gone_from_the_inbox_with_its_sidecar(world: World) -> None:
    put(world, "party.png", astronaut(), three_faces())
    take_over(world, lambda: Photo.select().count())
    assert list((world.settings.data_dir / "inbox").iterdir()) == []
    assert list((world.settings.data_dir / "rejected").iterdir()) == []
    assert len(world.messages("face-found")) == 3


@pytest.mark.rule("sharpness-measured")
@pytest.mark.parametrize(
    "sidecar", [None, {"faces": [{"rectangle": rectangle(175)}]}], ids=["found", "given"]
)
@pytest.mark.parametrize("radius", [0, 6])
def test_how_sharp_a_face_is_is_measured(world: World, sidecar: Any, radius: int) -> None:
    blurred = BytesIO()
    Image.open(BytesIO(astronaut())).filter(ImageFilter.GaussianBlur(radius)).save(blurred, "PNG")
    work(world, put(world, "party.png", blurred.getvalue(), sidecar))
    sharpness = Face.get().sharpness
    assert sharpness is not None
    assert (sharpness < SHARP_ENOUGH) == (radius > 0)


@pytest.mark.rule("sharpness-measured")
def test_where_no_face_is_found_nobody_knows_how_sharp_it_is(world: World) -> None:
    work(world, put(world, "party.png", astronaut(), {"faces": [{"rectangle": rectangle(400, 400)}]}))
    assert Face.get().sharpness is None


@pytest.mark.rule("faces-from-sidecar", "face-id-uuid")
def test_with_faces_in_the_sidecar_these_are_taken_and_none_is_looked_for(
    world: World,
) -> None:
    gone = LocalBackend(ModelVectors(), a_recogniser())
    gone.close()  # it would say so if it were asked
    world = with_backend(world, gone)
    messages = work(world, put(world, "party.png", astronaut(), three_faces()))
    assert {message.face_id for message in messages} >= set(IDS[:2])
    photo = Photo.get()
    assert (photo.source, photo.taken_at, photo.faces_found) == ("lobby-camera", "2026-11-23T09:30:00Z", 3)
    face = Face.get_by_id(IDS[1])
    assert (face.left, face.top, face.width, face.height) == (10, 76, 91, 91)
    assert Face.select().count() == 3


@pytest.mark.rule("photo-without-face")
@pytest.mark.failure("no-face", shows="what happens")
def test_a_photo_without_a_face_is_kept_and_counted(world: World) -> None:
    cat = (photographs() / "chelsea.png").read_bytes()
    assert work(world, put(world, "cat.png", cat)) == []
    assert Photo.get().faces_found == 0
    assert photos_without_faces() == 1
    assert world.services.images.get(photo_key(Photo.get().sha256))


@pytest.mark.rule("photo-without-face")
def test_a_sidecar_may_say_that_there_is_no_face(world: World) -> None:
    assert work(world, put(world, "party.png", astronaut(), {"faces": []})) == []
    assert (Photo.get().faces_found, Face.select().count()) == (0, 0)


def test_a_sidecar_without_faces_has_them_looked_for(world: World) -> None:
    (told,) = work(world, put(world, "party.png", astronaut(), {"source": "phone"}))
    assert (Photo.get().source, Face.get().id) == ("phone", told.face_id)


@pytest.mark.rule("message-for-each-face")
def test_every_face_is_asked_about_in_the_channel(world: World) -> None:
    messages = work(world, put(world, "party.png", astronaut(), three_faces()))
    for message in messages:
        world.publish(message)
    world.drain()
    assert {
        request.metadata["event_payload"]["face_id"] for request in requests(world) if request.metadata
    } == {message.face_id for message in messages}


@pytest.mark.rule("exif-turn", "stored-without-exif")
def test_pictures_are_stored_upright_and_without_exif(world: World) -> None:
    image = Image.open(BytesIO(astronaut())).convert("RGB").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Artist] = "Secret Photographer"
    exif[ExifTags.Base.Make] = "CameraMaker"
    out = BytesIO()
    image.save(out, "JPEG", quality=92, exif=exif, comment=b"a secret comment")
    assert b"Secret Photographer" in out.getvalue()
    (told,) = work(world, put(world, "phone.jpg", out.getvalue()))
    face = Face.get_by_id(told.face_id)
    assert abs(face.left - FACE.left) < 30, "pixels count after the orientation is applied"
    assert abs(face.top - FACE.top) < 30
    for path in stored_files(world):
        data = path.read_bytes()
        assert b"Exif" not in data
        assert b"secret" not in data.lower()
        assert dict(Image.open(BytesIO(data)).getexif()) == {}
    assert len(stored_files(world)) == 3


# --- Twice is harmless ----------------------------------------------------------------------------------


@pytest.mark.rule("same-photo-once")
def test_the_same_photo_twice_is_taken_once(world: World) -> None:
    first = work(world, put(world, "party.png", astronaut()))
    again = work(world, put(world, "copy.png", astronaut(), three_faces()))
    assert [each.id for each in again] == [each.id for each in first], (
        "told of once more, while nobody was asked"
    )
    assert (Photo.select().count(), Face.select().count()) == (1, 1)
    world.publish(first[0])
    world.publish(again[0])
    world.drain()
    assert len(requests(world)) == 1
    assert work(world, put(world, "third.png", astronaut())) == []


@pytest.mark.rule("same-photo-once")
def test_two_workers_that_meet_the_same_photo_take_it_once(world: World) -> None:
    messages = [put(world, f"copy-{number}.png", astronaut()) for number in range(4)]
    start = threading.Barrier(len(messages))

    def worker(message: PhotoArrived) -> list[FaceFound]:
        with connected():
            start.wait()
            return work(world, message)

    with ThreadPoolExecutor(len(messages)) as pool:
        told = [each for found in pool.map(worker, messages) for each in found]
    assert (Photo.select().count(), Face.select().count()) == (1, 1)
    assert {each.face_id for each in told} == {Face.get().id}


def test_a_crash_between_pictures_and_rows_leaves_nothing_behind(world: World) -> None:
    message = put(world, "party.png", astronaut())
    # A folder where the last picture is to go: what comes before it is stored, and then it fails.
    (told,) = work(world, message)
    pictures = stored_files(world)
    context = next(path for path in pictures if path.name.startswith("context"))
    Face.delete().execute()
    Photo.delete().execute()
    context.unlink()
    context.mkdir()
    with pytest.raises(Retry):
        work(world, message)
    assert (Photo.select().count(), Face.select().count()) == (0, 0)
    context.rmdir()
    (again,) = work(world, message)
    assert again == told, "the ids are made from the photo"
    assert stored_files(world) == pictures


@pytest.mark.rule("message-for-each-face")
def test_a_crash_before_the_message_was_stored_tells_it_again(world: World) -> None:
    message = put(world, "party.png", astronaut(), three_faces())
    first = work(world, message)
    assert work(world, message) == first


# --- Retry ----------------------------------------------------------------------------------------------


def test_a_recogniser_that_takes_too_long_leaves_the_photo_where_it_is(world: World) -> None:
    message = put(world, "party.png", astronaut())
    slow = Decoder(a_recogniser(time_limit=0.01))
    try:
        with pytest.raises(Retry):
            work(replace(world, services=replace(world.services, decoder=slow)), message)
    finally:
        slow.close()
    assert Photo.select().count() == 0
    assert (world.settings.data_dir / "inbox" / "party.png").is_file()
    assert len(work(world, message)) == 1


def test_an_image_store_that_cannot_be_written_leaves_the_photo_where_it_is(world: World) -> None:
    message = put(world, "party.png", astronaut(), three_faces())
    (world.settings.data_dir / "images").write_text("in the way")
    with pytest.raises(Retry):
        work(world, message)
    (world.settings.data_dir / "images").unlink()
    assert len(work(world, message)) == 3


# --- Reject ---------------------------------------------------------------------------------------------


def cut_off() -> bytes:
    """A JPEG without its end."""
    out = BytesIO()
    Image.open(BytesIO(astronaut())).convert("RGB").save(out, "JPEG")
    return out.getvalue()[:20_000]


REFUSALS = {
    "nothing": (b"", None, "the file is empty"),
    "text": (b"hello, I am no picture", None, "not a picture"),
    "cut off": (cut_off(), None, "broken or cut off"),
    "too heavy": (astronaut() + bytes(20_000_000), None, "over the limit of 20 MB"),
    "outside": (
        astronaut(),
        {"faces": [{"rectangle": rectangle(500)}]},
        "face 1 of the sidecar lies outside",
    ),
    "no pixels": (astronaut(), {"faces": [{"rectangle": rectangle(5, width=0)}]}, "lies outside"),
    "not json": (astronaut(), b"{", "the sidecar is not JSON"),
    "no uuid": (astronaut(), {"faces": [{"id": "7", "rectangle": rectangle(5)}]}, "its id is not a UUID"),
    "twins": (
        astronaut(),
        {"faces": [{"id": IDS[0], "rectangle": rectangle(5)}, {"id": IDS[0], "rectangle": rectangle(9)}]},
        "two faces the same id",
    ),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_what_cannot_be_used_is_refused_with_the_reason(world: World, what: str) -> None:
    photo, sidecar, reason = REFUSALS[what]
    message = put(world, "photo.png", photo, sidecar)
    world.services.inbox.read(message.name)
    world.clock.offset += CUT_OFF_SECONDS
    with pytest.raises(Reject, match=reason):
        work(world, message)
    assert (Photo.select().count(), Face.select().count()) == (0, 0)
    assert stored_files(world) == set()


def a_jpeg() -> bytes:
    out = BytesIO()
    Image.open(BytesIO(astronaut())).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def a_webp() -> bytes:
    out = BytesIO()
    Image.open(BytesIO(astronaut())).convert("RGB").save(out, "WEBP")
    return out.getvalue()


def with_zeros(photo: bytes) -> bytes:
    """As a file over SMB, whose length is set first."""
    return photo[: len(photo) // 2] + bytes(len(photo) - len(photo) // 2)


ARRIVING: dict[str, Callable[[], tuple[bytes, bytes]]] = {
    "a JPEG": lambda: (a_jpeg()[:9000], a_jpeg()),
    "its length first": lambda: (with_zeros(a_jpeg()), a_jpeg()),
    "a WebP, its length first": lambda: (with_zeros(a_webp()), a_webp()),
    "a PNG": lambda: (astronaut()[:9000], astronaut()),
    "a PNG, its length first": lambda: (with_zeros(astronaut()), astronaut()),
    "nothing": lambda: (b"", astronaut()),
    "zeros alone": lambda: (bytes(5000), astronaut()),
    "a few letters": lambda: (astronaut()[:5], astronaut()),
}


@pytest.mark.rule("arriving-not-broken")
@pytest.mark.parametrize("what", ARRIVING)
def test_what_looks_cut_off_is_taken_once_it_is_whole(world: World, what: str) -> None:
    part, whole = ARRIVING[what]()
    message = put(world, "photo.jpg", part, {"faces": []})
    for _ in range(2):
        with pytest.raises(Retry, match="looks cut off") as again:
            work(world, message)
        assert again.value.after == AGAIN_SECONDS
        put_back(world, message)
        world.clock.offset += AGAIN_SECONDS
    put(world, "photo.jpg", whole)
    assert work(world, message) == []
    assert Photo.get().sha256 == hashlib.sha256(whole).hexdigest()


@pytest.mark.rule("arriving-not-broken")
@pytest.mark.parametrize("what", ARRIVING)
def test_what_still_looks_cut_off_after_ten_seconds_is_refused(world: World, what: str) -> None:
    message = put(world, "photo.jpg", ARRIVING[what]()[0])
    with pytest.raises(Retry):
        work(world, message)
    world.clock.offset += CUT_OFF_SECONDS - 1
    with pytest.raises(Retry) as again:
        work(world, message)
    assert again.value.after == pytest.approx(1.0, abs=0.5)
    world.clock.offset += 1
    with pytest.raises(Reject):
        work(world, message)


@pytest.mark.rule("arriving-not-broken")
def test_a_sidecar_that_is_cut_off_may_be_whole_later(world: World) -> None:
    text = json.dumps({"source": "lobby-camera", "faces": []}).encode()
    message = put(world, "photo.png", astronaut(), text[:20])
    with pytest.raises(Retry, match="looks cut off"):
        work(world, message)
    put_back(world, message)
    put(world, "photo.png", astronaut(), text)
    assert work(world, message) == []
    assert Photo.get().source == "lobby-camera"


@pytest.mark.rule("sidecar-unreadable")
def test_a_photo_whose_sidecar_cannot_be_looked_at_is_refused_with_it_after_ten_seconds(world: World) -> None:
    message = put(world, "photo.png", astronaut())
    sidecar = world.settings.data_dir / "inbox/photo.json"
    sidecar.symlink_to("photo.json")
    with pytest.raises(Retry, match="the sidecar cannot be looked at"):
        work(world, message)
    world.clock.offset += CUT_OFF_SECONDS
    with pytest.raises(
        Reject, match="its sidecar cannot be looked at: a link that leads back to itself"
    ) as why:
        work(world, message)
    world.services.inbox.refuse(message.name, why.value.reason)
    rejected = world.settings.data_dir / "rejected"
    assert {path.name for path in rejected.iterdir()} == {"photo.png", "photo.json", "photo.png.error.txt"}


def put_back(world: World, message: PhotoArrived) -> None:
    """As the worker does with a photo that is tried again."""
    world.services.inbox.put_back(message.name, 0.0)


@pytest.mark.rule("rejected-with-reason")
def test_what_is_refused_lies_beside_its_reason_and_the_rest_goes_on(world: World) -> None:
    put(world, "bad.png", b"no picture", {"source": "x"})
    put(world, "good.png", astronaut(), three_faces())
    rejected = world.settings.data_dir / "rejected"
    take_over(world, lambda: Photo.select().count() and (rejected / "bad.png").exists())
    assert {path.name for path in rejected.iterdir()} == {"bad.png", "bad.json", "bad.png.error.txt"}
    assert "not a picture" in (rejected / "bad.png.error.txt").read_text()
    assert Face.select().count() == 3


@pytest.mark.ci
@pytest.mark.rule("decoding-is-bounded")
@pytest.mark.failure("decoding-too-much")
def test_photos_that_take_too_long_to_decode_lie_beside_the_reason_and_the_rest_goes_on(world: World) -> None:
    decoder = Decoder(cpu_seconds=0.5)
    world = replace(world, services=replace(world.services, decoder=decoder))
    world = replace(world, workers=workers(world.services))
    for number in range(3):
        put(world, f"a-{number}.jpg", endless() + bytes([number]))
    put(world, "good.png", astronaut(), three_faces())
    rejected = world.settings.data_dir / "rejected"
    take_over(world, lambda: Photo.select().count() and (rejected / "a-2.jpg").exists())
    for number in range(3):
        assert "seconds of processor time" in (rejected / f"a-{number}.jpg.error.txt").read_text()
    decoder.close()


@pytest.mark.rule("crashing-photo-refused")
@pytest.mark.failure("photo-crashes")
def test_a_photo_that_crashed_the_bot_five_times_lies_beside_the_reason(world: World) -> None:
    put(world, "bad.png", astronaut())
    photo = hashlib.sha256(astronaut()).hexdigest()
    # Five bots begin with it, and are never heard of again.
    bots = [PhotosInFlight(world.settings.data_dir / "queues/in-flight").tracking(photo) for _ in range(5)]
    for bot in bots:
        bot.__enter__()
    rejected = world.settings.data_dir / "rejected"
    take_over(world, (rejected / "bad.png").exists)
    assert "crashed 5 times" in (rejected / "bad.png.error.txt").read_text()
    assert list((world.settings.data_dir / "queues/in-flight").iterdir()) == []


def test_a_recogniser_that_crashes_is_not_the_photos_fault(world: World) -> None:
    message = put(world, "party.png", astronaut())
    slow = Decoder(a_recogniser(time_limit=0.01))
    try:
        for _ in range(7):
            with pytest.raises(Retry):
                work(replace(world, services=replace(world.services, decoder=slow)), message)
    finally:
        slow.close()


@pytest.mark.ci
@pytest.mark.rule("sidecar-limits")
def test_of_500_faces_each_has_its_pictures(world: World) -> None:
    faces = [{"rectangle": rectangle(number % 400, number // 2)} for number in range(500)]
    work(world, put(world, "party.png", astronaut(), {"faces": faces}))
    assert Face.select().count() == 500
    assert len(stored_files(world)) == 1001


@pytest.mark.rule("face-id-once")
def test_a_face_id_of_another_photo_is_refused_and_its_pictures_stay(world: World) -> None:
    other = world.face()
    crop = world.services.images.get(crop_key(other.id))
    sidecar = {"faces": [{"id": other.id, "rectangle": rectangle(5, 5, 60, 60)}]}
    with pytest.raises(Reject, match="belongs to another photo already"):
        work(world, put(world, "party.png", astronaut(), sidecar))
    assert world.services.images.get(crop_key(other.id)) == crop
    assert fresh(other).photo == other.photo
    assert Photo.select().count() == 1


class Meeting:
    """An image store that two workers reach at the same time, if they do so without a lock."""

    def __init__(self, images: ImageStore) -> None:
        self.health = images.health
        self._images = images
        self._both_here = threading.Barrier(2)

    def put(self, key: str, picture: bytes) -> None:
        with suppress(threading.BrokenBarrierError):
            self._both_here.wait(0.2)
        self._images.put(key, picture)

    def get(self, key: str) -> bytes:
        return self._images.get(key)

    def delete(self, key: str) -> None:
        self._images.delete(key)

    def forget_versions(self, key: str) -> bool:
        return self._images.forget_versions(key)

    def keys(self) -> Iterator[str]:
        return self._images.keys()

    def check(self) -> str:
        return self._images.check()


@pytest.mark.rule("face-id-once")
def test_of_two_photos_that_give_the_same_face_id_at_once_one_is_taken_with_its_own_pictures(
    world: World,
) -> None:
    """The pictures of the one that is refused must not lie under the other's id: they would be trained."""
    light, dark = (image_of(colour) for colour in ("white", "black"))
    sidecar = {"faces": [{"id": IDS[0], "rectangle": rectangle(100)}]}
    messages = [put(world, "light.png", light, sidecar), put(world, "dark.png", dark, sidecar)]
    images = world.services.images
    world = replace(world, services=replace(world.services, images=Meeting(images)))

    def worker(message: PhotoArrived) -> str:
        with connected():
            try:
                return "taken" if work(world, message) else "nothing"
            except Reject as why:
                return why.reason

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(worker, messages)) == [
            "taken",
            f"the sidecar's face id {IDS[0]} belongs to another photo already",
        ]
    crop = Image.open(BytesIO(images.get(crop_key(IDS[0])))).convert("L")
    is_light = Face.get_by_id(IDS[0]).photo.sha256 == hashlib.sha256(light).hexdigest()
    assert crop.getpixel((5, 5)) == (255 if is_light else 0)


def image_of(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 300), colour).save(out, "PNG")
    return out.getvalue()


@pytest.mark.rule("exif-turn")
@pytest.mark.parametrize("name", ["IMG_0001.JPG", "photo.jpeg"])
def test_a_sidecars_pixels_count_after_the_photo_was_turned(world: World, name: str) -> None:
    upright = Image.open(BytesIO(astronaut())).convert("RGB").crop((0, 0, 512, 300))
    exif, out = Image.Exif(), BytesIO()
    exif[ExifTags.Base.Orientation] = 6
    upright.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", quality=92, exif=exif)
    # Inside of the picture as people see it, outside of it as it is stored.
    beside = {"left": 421, "top": FACE.top, "width": 91, "height": 91}
    faces = [{"id": IDS[0], "rectangle": rectangle(FACE.left)}, {"id": IDS[1], "rectangle": beside}]
    work(world, put(world, name, out.getvalue(), {"faces": faces}))
    assert (Photo.get().width, Photo.get().height) == (512, 300)
    crop = Image.open(BytesIO(world.services.images.get(crop_key(IDS[0])))).convert("L")
    margin = 46  # half of the face, on each side
    box = (FACE.left - margin, FACE.top - margin, FACE.left + 91 + margin, FACE.top + 91 + margin)
    difference = ImageChops.difference(crop, upright.crop(box).convert("L"))
    assert ImageStat.Stat(difference).mean[0] < 5


def test_a_photo_that_went_away_is_rejected(world: World) -> None:
    with pytest.raises(Reject):
        work(world, PhotoArrived(name="gone.png"))
