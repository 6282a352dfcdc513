"""Refusals: their words say what the file is, and what to do."""

import pytest

from tagbot.photos.decoding import read_photo
from tagbot.photos.picture_refused import PictureRefused


@pytest.mark.rule("picture-formats", "bad-photo-refused")
@pytest.mark.parametrize(
    ("data", "hint"),
    [
        (b"", "empty"),
        (b"a letter to my mother", "not a picture"),
        (b"\0" * 1000, "not a picture"),
        (b"GIF89a" + bytes(50), "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50), "HEIC"),
        (b"\0\0\0\x18ftypavif" + bytes(50), "AVIF"),
        (b"\0\0\0\x18ftypisom" + bytes(50), "video"),
        (b"II*\0" + bytes(50), "TIFF"),
        (b"BM" + bytes(50), "BMP"),
        (b"%PDF-1.7", "PDF"),
        (b"\xff\xd8\xff\xe0", "JPEG is broken"),
        (b"\x89PNG\r\n\x1a\n", "PNG is broken"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP is broken"),
    ],
)
def test_what_is_no_photo_is_refused_with_a_hint(data: bytes, hint: str) -> None:
    with pytest.raises(PictureRefused, match=hint):
        read_photo(data)
