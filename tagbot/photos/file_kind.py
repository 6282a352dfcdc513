"""The kind of a file, told from its first bytes: names and suffixes of files are not asked."""

PHOTO_KINDS = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP"}
"""The kinds that are taken, with their names for people."""

MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"BM", "bmp"),
    (b"%PDF", "pdf"),
)
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"hevm", b"mif1", b"msf1"), "heic"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
}
"""Of ISO media files: the four bytes after `ftyp`; the others are videos."""

MAGIC_LENGTH = 12
"""Bytes of a file by which its kind is told."""

IS_PICTURE = frozenset({*PHOTO_KINDS, "heic", "avif", "gif", "tiff"})
"""The kinds that are pictures beyond doubt; what begins with the two letters of a BMP may be a text."""


BEGINNING = 12
"""Bytes by which a kind is told."""


def is_no_beginning(data: bytes) -> bool:
    """Whether so little of a file has come that its kind cannot be told: zeros where the rest should be are
    none of it.
    """
    head = data[:BEGINNING].rstrip(b"\0")
    begins = any(magic.startswith(head) for magic, _ in (*MAGIC, (b"RIFF", "")))
    return file_kind(data) in ("empty", "unknown") and (
        begins or (len(head) < BEGINNING and head.startswith((b"RIFF", bytes(3))))
    )


def file_kind(data: bytes) -> str:
    """A key of `PHOTO_KINDS`, or of `HINTS` in `picture_refused`."""
    if not data:
        return "empty"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        return BRANDS.get(data[8:12], "video")
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "unknown")
