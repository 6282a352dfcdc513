"""The kind of a file, told from its first bytes: names and suffixes of files are not asked."""

PHOTO_KINDS = {"jpeg": "JPEG", "png": "PNG", "webp": "WebP", "heic": "HEIC", "avif": "AVIF"}
"""The kinds that are taken, with their names for people."""

MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"II+\x00", "tiff"),  # over 4 GB, or as if
    (b"MM\x00+", "tiff"),
    (b"BM", "bmp"),
    (b"%PDF", "pdf"),
)
BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"), "heic"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
}
"""Of ISO media files: four bytes after `ftyp`, and others after eight more. Others are of videos."""

ANY_CODING = frozenset({b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"})
"""Of pictures in any coding: HEIC stands for them until more of the file is looked at."""

MOST_BRANDS = 128
"""Bytes that are looked at for brands."""

MAGIC_LENGTH = MOST_BRANDS
"""Bytes of a file by which its kind is told."""

IS_PICTURE = frozenset({*PHOTO_KINDS, "gif", "tiff"})
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
    if data[4:8] == b"ftyp" and data[8:BEGINNING].strip(b"\0"):
        return _kind_by_brands(data)
    return next((kind for magic, kind in MAGIC if data.startswith(magic)), "unknown")


def _kind_by_brands(data: bytes) -> str:
    length = int.from_bytes(data[:4], "big")
    brands = [data[8:12], *(data[at : at + 4] for at in range(16, min(length, len(data), MOST_BRANDS), 4))]
    known = [BRANDS[brand] for brand in brands if brand in BRANDS]
    return known[0] if known else "heic" if ANY_CODING & set(brands) else "video"
