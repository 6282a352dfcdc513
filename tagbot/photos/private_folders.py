"""Folders that other programs keep for themselves: what lies in them was never anybody's photo there."""

from collections.abc import Collection
from pathlib import Path

RECYCLE_BINS = "recycle bins"
SNAPSHOTS = "snapshots and backups"
THUMBNAILS = "thumbnails and caches"
LIBRARIES = "other programs' photo libraries, from which those programs export"
SYSTEM = "system folders"

NAMES: dict[str, Collection[str]] = {
    RECYCLE_BINS: (
        "#recycle",
        "@recycle",
        "$recycle.bin",
        "recycler",
        "recycled",
        ".recycle",
        ".recycle.bin",
        ".trash",
        ".trashes",
        "trash",
        ".trashfiles",
        "trashbox",
        ".dtrash",
        "files_trashbin",
        "network trash folder",
    ),
    SNAPSHOTS: (
        ".snapshot",
        ".snapshots",
        "#snapshot",
        "~snapshot",
        "@recently-snapshot",
        ".zfs",
        "backups.backupdb",
        ".timemachine",
        ".mobilebackups",
        ".stversions",
    ),
    THUMBNAILS: (
        "@eadir",
        "@tmp",
        "@sharebin",
        ".@__thumb",
        ".@upload_cache",
        ".thumbnails",
        ".thumbs",
        ".thumb",
        "thumbnails",
        "thumbnail",
        "thumbs",
        "thumbnails_big",
        "square_thumbnails",
        "square_thumbnails_small",
        ".cache",
        "cache",
        "caches",
        ".wdmc",
        ".picasaoriginals",
        "ipod photo cache",
        "adobe bridge cache",
        "media cache files",
        "encoded-video",
    ),
    LIBRARIES: ("iphoto library", "photo booth library"),
    SYSTEM: (
        "lost+found",
        "system volume information",
        "appdata",
        "__macosx",
        ".appledouble",
        ".temporaryitems",
        "temporary items",
        ".spotlight-v100",
        ".documentrevisions-v100",
        ".fseventsd",
        ".@__qini",
    ),
}
"""In small letters, by what they are: of Synology, QNAP, Windows, macOS, Linux, Samba, NetApp, Picasa,
digiKam, LibrePhotos, Nextcloud and others."""

BY_NAME = {name: what for what, names in NAMES.items() for name in names}

PREFIXES = {
    "@gmt-": SNAPSHOTS,  # Samba's
    ".trash-": RECYCLE_BINS,
    "appdata_": THUMBNAILS,  # Nextcloud's
}

SUFFIXES = dict.fromkeys(
    (
        ".photoslibrary",
        ".photolibrary",
        ".migratedphotolibrary",
        ".aplibrary",
        ".migratedaplibrary",
        ".lrdata",
        ".lrlibrary",
        ".lrcat-data",
        ".cocatalog",
        ".imovielibrary",
        ".fcpbundle",
    ),
    LIBRARIES,
)
"""Of Photos, iPhoto, Aperture, iMovie, Final Cut, Lightroom and Capture One. What their users threw away, or
hid, lies there too."""

IMMICH = ".immich"
"""A file in each of Immich's folders; of these, two hold people's photos."""

IMMICH_PHOTOS = frozenset({"library", "upload"})


def private(folder: Path) -> str | None:
    """What another program keeps there, or None; raises `OSError`."""
    name = folder.name.casefold()
    if (what := BY_NAME.get(name) or SUFFIXES.get(Path(name).suffix)) is not None:
        return what
    if name == "sidecar" and (folder.parent / "cache").is_dir():  # PhotoPrism's storage
        return THUMBNAILS
    if name not in IMMICH_PHOTOS and (folder / IMMICH).is_file():
        return THUMBNAILS
    return next((what for prefix, what in PREFIXES.items() if name.startswith(prefix)), None)
