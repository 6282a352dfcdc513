"""The image store: each of its kinds does the same."""

import pytest

from tagbot.errors import Reject
from tagbot.photos.image_store import ImageStore
from tests.photos.image_store.pictures import KEY


def test_a_picture_that_was_put_is_there(any_store: ImageStore) -> None:
    any_store.put(KEY, b"picture")
    assert any_store.get(KEY) == b"picture"


def test_the_latest_picture_replaces_the_one_before(any_store: ImageStore) -> None:
    any_store.put(KEY, b"first")
    any_store.put(KEY, b"second")
    assert any_store.get(KEY) == b"second"


def test_deleting_one_picture_leaves_its_neighbour(any_store: ImageStore) -> None:
    any_store.put("faces/a/crop.jpg", b"crop")
    any_store.put("faces/a/context.jpg", b"context")
    any_store.delete("faces/a/crop.jpg")
    any_store.delete("faces/a/crop.jpg")
    assert any_store.get("faces/a/context.jpg") == b"context"


@pytest.mark.rule("image-store-listed")
def test_keys_are_those_of_the_pictures_in_the_same_order_each_time(any_store: ImageStore) -> None:
    keys = {f"faces/{number}/{name}.jpg" for number in range(20) for name in ("crop", "context")}
    for key in (*keys, "photos/0.jpg"):
        any_store.put(key, b"picture")
    any_store.delete("photos/0.jpg")
    found = list(any_store.keys())
    assert set(found) == keys
    assert len(found) == len(keys)
    assert list(any_store.keys()) == found


@pytest.mark.rule("image-store-listed")
def test_what_a_check_left_that_was_killed_is_no_picture(any_store: ImageStore) -> None:
    any_store.put(KEY, b"picture")
    any_store.put("check/1", b"a picture")
    assert list(any_store.keys()) == [KEY]


def test_a_missing_picture_is_rejected(any_store: ImageStore) -> None:
    any_store.put(KEY, b"picture")
    with pytest.raises(Reject, match=r"faces/other/crop\.jpg is missing"):
        any_store.get("faces/other/crop.jpg")


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "faces/../../x", "faces//x", "faces/.", "a\\b", ".hidden", "a\0b", "a/", "é"],
)
def test_a_key_that_could_leave_the_folder_is_a_bug(any_store: ImageStore, key: str) -> None:
    for act in (any_store.get, any_store.delete, lambda key: any_store.put(key, b"picture")):
        with pytest.raises(ValueError, match="no key"):
            act(key)
