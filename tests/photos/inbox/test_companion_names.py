"""What other programs put beside photos is found by name, however Takeout has shortened and numbered it."""

import pytest

from tagbot.photos.inbox.companion_names import companions_of, renamed

LONG = "a-walk-in-the-park-on-a-sunday-in-november-with-everybody.jpg"


@pytest.mark.rule("xmp-read", "takeout-read")
@pytest.mark.parametrize(
    ("photo", "beside"),
    [
        ("photo.jpg", ("photo.jpg.xmp",)),
        ("photo.jpg", ("PHOTO.JPG.XMP", "Photo.xmp")),
        ("photo.jpg", ("photo.jpg.xmp", "photo.xmp", "photo.jpg.json")),
        ("photo.jpg", ("photo.jpg.json",)),
        ("photo.jpg", ("photo.jpg.supplemental-metadata.json",)),
        ("photo.jpg", ("photo.jpg.suppl.json",)),
        ("photo.jpg", ("photo.jpg.s.json",)),
        ("photo(1).jpg", ("photo.jpg(1).json",)),
        ("photo(1).jpg", ("photo.jpg.supplemental-metadata(1).json",)),
        ("photo(2).jpg", ("photo.jpg.supp(2).json",)),
        (LONG, (f"{LONG[:46]}.json",)),
        (LONG, (f"{LONG}.supplemental-metadata"[:46] + ".json",)),
        (LONG[20:], (f"{LONG[20:]}.supple.json",)),
        ("photo.", ("photo..json",)),
    ],
)  # fmt: skip
def test_each_is_found(photo: str, beside: tuple[str, ...]) -> None:
    others = {"photo.png", "photo", "other.jpg", "metadata.json", "print-subscriptions.json", "lone.xmp"}
    assert (
        companions_of({photo, *beside, *others} - {"photo.png" if "photo.xmp" in beside else ""})[photo]
        == beside
    )


def test_our_own_sidecar_is_none_of_them() -> None:
    assert companions_of(["photo.jpg", "photo.json"]) == {}
    assert companions_of(["photo.jpg", "photo.json", "photo.jpg.json"]) == {"photo.jpg": ("photo.jpg.json",)}


def test_a_photo_of_the_same_stem_shares_an_xmp() -> None:
    names = ["photo.jpg", "photo.heic", "photo.xmp", "photo.heic.xmp"]
    assert companions_of(names) == {
        "photo.jpg": ("photo.xmp",),
        "photo.heic": ("photo.heic.xmp", "photo.xmp"),
    }


def test_they_go_with_their_photo_under_its_new_name() -> None:
    assert renamed("Photo.JPG.xmp", "Photo.JPG", "Photo-2.jpg") == "Photo-2.jpg.xmp"
    assert renamed("photo.xmp", "photo.jpg", "photo-2.jpg") == "photo-2.xmp"
    assert renamed("photo.json", "photo.jpg", "photo-2.jpg") == "photo-2.json"
    assert renamed("photo.jpg(1).json", "photo(1).jpg", "photo(1)-2.jpg") == "photo(1)-2.jpg.json"
