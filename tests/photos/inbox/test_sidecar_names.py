"""Sidecars find their photos by name."""

import pytest

from tagbot.photos.inbox.folder_inbox import FolderInbox
from tagbot.photos.inbox.sidecar_names import sidecars_of
from tests.photos.inbox.folder import Clock, names, put, take
from tests.photos.inbox.s3_rig import Rig

PAIRS = [
    ("PHOTO.JPG", "PHOTO.JSON"),
    ("photo.Jpg", "photo.json"),
    ("Photo.JPEG", "Photo.Json"),
    ("photo", "photo.JSON"),
    ("2026.11.23.JPG", "2026.11.23.JSON"),
]

OTHERWISE = [
    ("PHOTO.JPG", "photo.json"),
    ("e\u0301te\u0301.jpg", "\u00e9t\u00e9.json"),
    ("straße.jpg", "STRASSE.JSON"),
]


@pytest.mark.rule("sidecar-case")
@pytest.mark.parametrize(("photo", "sidecar"), [*PAIRS, *OTHERWISE])
def test_a_sidecar_goes_with_its_photo_in_whatever_case(
    inbox: FolderInbox, clock: Clock, photo: str, sidecar: str
) -> None:
    put(inbox, sidecar, b"{}")
    put(inbox, photo)
    delivery = take(inbox, clock)
    assert (delivery.name, inbox.read(photo).sidecar) == (photo, b"{}")
    delivery.ack()
    assert names(inbox.folder) == []


@pytest.mark.rule("sidecar-case")
@pytest.mark.parametrize(("photo", "sidecar"), PAIRS)
def test_so_it_does_at_s3(rig: Rig, photo: str, sidecar: str) -> None:
    rig.put(f"a.b/{sidecar}", b"{}")
    rig.put(f"a.b/{photo}")
    delivery = rig.take()
    assert rig.inbox.read(delivery.name).sidecar == b"{}"
    delivery.ack()
    assert rig.objects() == []


def test_of_several_the_one_of_the_photos_own_case_is_its_own() -> None:
    assert sidecars_of(["photo.jpg", "PHOTO.JPG", "photo.json", "PHOTO.JSON"]) == {
        "photo.jpg": "photo.json", "PHOTO.JPG": "PHOTO.JSON",
    }  # fmt: skip
    assert sidecars_of(["photo.jpg", "photo.JSON", "photo.json"]) == {"photo.jpg": "photo.json"}
    assert sidecars_of(["photo.jpg", "PHOTO.JPG", "photo.json"]) == {"photo.jpg": "photo.json"}
    assert sidecars_of(["photo.jpg", "photo.png", "photo.json"]) == {
        "photo.jpg": "photo.json", "photo.png": "photo.json",
    }  # fmt: skip
