import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tagbot.aws.s3_api import Bucket
from tagbot.errors import Reject, Retry
from tagbot.photos.image_store import FolderStore, ImageStore, S3Store
from tests.aws.service import REGION, Amazon

ROOT = Path(__file__).parents[2]
KEY = "faces/3f0c1d52/crop.jpg"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def store(folder: Path) -> ImageStore:
    return FolderStore(folder)


@pytest.fixture
def bucket(aws: Amazon) -> Bucket:
    aws.make_bucket()
    bucket = Bucket(aws.bucket, "team/pictures", REGION)
    aws.lend(bucket)
    return bucket


@pytest.fixture(params=["folder", "s3"])
def any_store(request: pytest.FixtureRequest, folder: Path) -> ImageStore:
    """Each kind in turn."""
    return FolderStore(folder) if request.param == "folder" else S3Store(request.getfixturevalue("bucket"))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_picture_that_was_put_is_there(any_store: ImageStore) -> None:
    any_store.put(KEY, b"picture")
    assert any_store.get(KEY) == b"picture"


def test_the_latest_picture_replaces_the_one_before(any_store: ImageStore) -> None:
    any_store.put(KEY, b"first")
    any_store.put(KEY, b"second")
    assert any_store.get(KEY) == b"second"


def test_the_picture_that_is_replaced_leaves_no_file(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"first")
    store.put(KEY, b"second")
    assert files(folder) == ["crop.jpg"]


def test_another_process_sees_it(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    assert FolderStore(folder).get(KEY) == b"picture"


def test_a_deleted_picture_is_gone_and_leaves_no_folders(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    store.delete(KEY)
    store.delete(KEY)
    with pytest.raises(Reject, match=KEY):
        store.get(KEY)
    assert list(folder.iterdir()) == []


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


@pytest.mark.rule("image-store-listed")
def test_neither_is_a_file_that_nobody_put(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    for stray in (
        place.with_name(".crop.jpg-x1y2"),
        place.parent.parent / "wrong-shelf.jpg",
        folder / ".DS_Store",
        folder / "notes.txt",
    ):
        stray.write_bytes(b"half a pict")
    (folder / "zz" / "faces" / "3f0c1d52").mkdir(parents=True)
    (folder / "zz" / "faces" / "3f0c1d52" / "crop.jpg").write_bytes(b"moved by hand")
    assert list(store.keys()) == [KEY]


@pytest.mark.rule("image-store-listed")
def test_a_store_that_cannot_be_listed_is_not_an_empty_one(
    store: ImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Retry, match="cannot be listed"):
        list(store.keys())
    store.put(KEY, b"picture")
    (place,) = folder.rglob("3f0c1d52")
    scandir = os.scandir

    def refuse(path: str) -> object:  # whoever runs the tests may be root, who may read everything
        if Path(path) == place:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Retry, match="cannot be listed: Permission denied"):
        list(store.keys())


def test_what_a_crash_left_goes_with_the_picture(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    place.with_name(".crop.jpg-x1y2").write_bytes(b"half a pict")
    store.delete(KEY)
    assert files(folder) == []


def test_a_missing_picture_is_rejected(any_store: ImageStore) -> None:
    any_store.put(KEY, b"picture")
    with pytest.raises(Reject, match=r"faces/other/crop\.jpg is missing"):
        any_store.get("faces/other/crop.jpg")


def test_a_missing_folder_is_no_missing_picture(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    folder.rename(folder.with_name("unmounted"))
    with pytest.raises(Retry, match="cannot be read"):
        store.get(KEY)


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../x", "faces/../../x", "faces//x", "faces/.", "a\\b", ".hidden", "a\0b", "a/", "é"],
)
def test_a_key_that_could_leave_the_folder_is_a_bug(any_store: ImageStore, key: str) -> None:
    for act in (any_store.get, any_store.delete, lambda key: any_store.put(key, b"picture")):
        with pytest.raises(ValueError, match="no key"):
            act(key)


def test_a_store_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    in_the_way = tmp_path / "images"
    in_the_way.write_text("a file where the folder should be")
    store = FolderStore(in_the_way)
    for act in (lambda: store.put(KEY, b"picture"), lambda: store.get(KEY), store.check):
        with pytest.raises(Retry, match="cannot be"):
            act()


# A limit on the size of files fails in the middle of writing, as a full disk does.
FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from tagbot.errors import Retry
from tagbot.photos.image_store import FolderStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store = FolderStore(Path(sys.argv[1]))
store.put("faces/a/crop.jpg", b"small")
try:
    store.put("faces/a/crop.jpg", bytes(100_000))
except Retry as why:
    print(why.reason)
print(store.get("faces/a/crop.jpg"))
"""


def test_a_full_disk_leaves_the_old_picture_and_no_half_one(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout == f"pictures in {folder} cannot be written: File too large\nb'small'\n"
    assert files(folder) == ["crop.jpg"]


def test_many_faces_are_spread_over_folders(store: ImageStore, folder: Path) -> None:
    for number in range(200):
        store.put(f"faces/{number}/crop.jpg", b"picture")
    assert 100 < len(list(folder.iterdir())) <= 200


def test_pictures_are_for_the_bots_own_user(store: ImageStore, folder: Path) -> None:
    store.put(KEY, b"picture")
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_threads_that_put_and_delete_the_same_pictures_disturb_nobody(store: ImageStore) -> None:
    def work(number: int) -> None:
        key = f"faces/{number % 2}/{number % 3}.jpg"
        for _ in range(15):
            store.put(key, b"picture")
            store.delete(key)
        store.put(f"faces/{number}/mine.jpg", b"mine")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(8)))
    assert all(store.get(f"faces/{number}/mine.jpg") == b"mine" for number in range(8))


def test_a_picture_may_be_deleted_as_soon_as_it_is_in_its_place(
    store: ImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = Path.replace

    def put_in_place(unfinished: Path, path: Path) -> Path:
        placed = replace(unfinished, path)
        store.delete(KEY)
        return placed

    monkeypatch.setattr(Path, "replace", put_in_place)
    store.put(KEY, b"picture")
    assert files(folder) == []


def test_check_leaves_nothing_behind(store: ImageStore, folder: Path) -> None:
    assert "can be written" in store.check()
    assert files(folder) == []


def test_a_name_is_on_disk_before_put_returns(
    store: ImageStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    store.put(KEY, b"picture")
    (place,) = folder.rglob("crop.jpg")
    assert synced[-1] == place.parent
    assert synced[-2].name.startswith(".crop.jpg-")
    assert {folder.parent, folder, place.parent.parent} <= set(synced)


# Amazon S3.


@pytest.mark.rule("s3-pictures")
def test_pictures_at_s3_are_jpegs_below_the_prefix_and_nobody_elses(bucket: Bucket, aws: Amazon) -> None:
    S3Store(bucket).put(KEY, b"picture")
    s3 = aws.client("s3")
    stored = s3.get_object(Bucket=aws.bucket, Key=f"team/pictures/{KEY}")
    assert (stored["ContentType"], stored["Body"].read()) == ("image/jpeg", b"picture")
    grants = s3.get_object_acl(Bucket=aws.bucket, Key=f"team/pictures/{KEY}")["Grants"]
    assert [grant["Grantee"]["Type"] for grant in grants] == ["CanonicalUser"], "the bucket's owner alone"


def test_check_of_s3_leaves_nothing_behind(bucket: Bucket, aws: Amazon) -> None:
    assert S3Store(bucket).check() == f"s3://{aws.bucket}/team/pictures can be written"
    assert list(bucket.pages()) == [[]]


S3_FAILS = {
    "busy": ({"code": "SlowDown", "status": 503}, "Amazon S3 is busy: SlowDown"),
    "broken": ({"code": "InternalError", "status": 500}, "Amazon S3 is busy: InternalError"),
    "cut off": ({}, "Amazon S3 does not answer"),
    "denied": ({"code": "AccessDenied", "status": 403}, "AWS denies s3:{}: add it to the bot's IAM policy"),
    "wrong key": ({"code": "InvalidAccessKeyId", "status": 403}, "AWS does not take the bot's credentials"),
    "wrong secret": (
        {"code": "SignatureDoesNotMatch", "status": 403},
        "AWS does not take the bot's credentials",
    ),
    "old token": ({"code": "ExpiredToken", "status": 400}, "AWS does not take the bot's credentials"),
    "elsewhere": (
        {"code": "AuthorizationHeaderMalformed", "status": 400},
        "is in another region: set AWS_REGION",
    ),
}


@pytest.mark.rule("s3-pictures")
@pytest.mark.parametrize("operation", ["PutObject", "GetObject", "DeleteObject"])
@pytest.mark.parametrize("what", S3_FAILS)
def test_whatever_s3_fails_at_is_tried_again_with_a_word_on_what_to_do(
    bucket: Bucket, aws: Amazon, operation: str, what: str
) -> None:
    fault, says = S3_FAILS[what]
    store = S3Store(bucket)
    store.put(KEY, b"picture")
    acts: dict[str, Callable[[], object]] = {
        "PutObject": lambda: store.put(KEY, b"picture"),
        "GetObject": lambda: store.get(KEY),
        "DeleteObject": lambda: store.delete(KEY),
    }
    aws.fail(operation, **fault)
    with pytest.raises(Retry, match=re.escape(says.format(operation))):
        acts[operation]()
    assert len(bucket.health.failing()) == 1
    acts[operation]()
    assert bucket.health.failing() == []
    assert bucket.problem is None


def test_a_bucket_that_is_missing_is_no_missing_picture(aws: Amazon) -> None:
    bucket = Bucket(f"{aws.prefix}nowhere", "pictures", REGION)
    aws.lend(bucket)
    for act in (lambda: S3Store(bucket).get(KEY), S3Store(bucket).check):
        with pytest.raises(Retry, match=f"there is no bucket {aws.prefix}nowhere: make it"):
            act()


def test_a_machine_without_network_loses_no_picture(monkeypatch: pytest.MonkeyPatch, aws: Amazon) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with (
            closing(Bucket(aws.bucket, "pictures", REGION)) as bucket,
            pytest.raises(Retry, match="Amazon S3 does not answer: EndpointConnectionError"),
        ):
            S3Store(bucket).get(KEY)


@pytest.mark.rule("s3-pictures")
def test_a_picture_that_breaks_off_on_the_way_is_fetched_again(
    monkeypatch: pytest.MonkeyPatch, aws: Amazon
) -> None:
    class Breaking(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in {"x-amz-request-id": "1", "ETag": '"1"', "Content-Length": "100"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"half a pict")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Breaking) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
        with (
            closing(Bucket(aws.bucket, "pictures", REGION)) as bucket,
            pytest.raises(Retry, match="Amazon S3 does not answer"),
        ):
            S3Store(bucket).get(KEY)


def test_an_address_that_is_none_names_its_variable(monkeypatch: pytest.MonkeyPatch, aws: Amazon) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "nowhere")
    with (
        closing(Bucket(aws.bucket, "pictures", REGION)) as bucket,
        pytest.raises(Retry, match="AWS_ENDPOINT_URL_S3 is no address"),
    ):
        S3Store(bucket).get(KEY)
