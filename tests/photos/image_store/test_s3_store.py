"""The image store at Amazon S3."""

import re
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tagbot.aws.s3_api import Bucket
from tagbot.errors import Retry
from tagbot.photos.image_store.s3_store import S3Store
from tests.aws.service import REGION, Amazon
from tests.photos.image_store.pictures import KEY

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


# --- A bucket that keeps versions --------------------------------------------------------------------------


@pytest.fixture(name="versions")
def _versions(bucket: Bucket, aws: Amazon) -> Callable[[], dict[str, list[bool]]]:
    """By key, whether each version is the one of now; what marks a deletion counts as one."""
    s3 = aws.client("s3")
    s3.put_bucket_versioning(Bucket=aws.bucket, VersioningConfiguration={"Status": "Enabled"})

    def listed() -> dict[str, list[bool]]:
        found: dict[str, list[bool]] = {}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=aws.bucket):
            for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                name = each["Key"].removeprefix(bucket.key(""))
                found.setdefault(name, []).append(each["IsLatest"])
        return found

    return listed


@pytest.mark.rule("forget-all")
def test_earlier_versions_of_a_picture_go_and_no_others(
    bucket: Bucket, versions: Callable[[], dict[str, list[bool]]]
) -> None:
    store = S3Store(bucket)
    gone, beside = f"{KEY}.gone", f"{KEY}.gone2"
    for key in (KEY, gone, beside):
        for number in range(3):
            store.put(key, b"picture %d" % number)
    store.delete(gone)
    assert store.forget_versions(KEY)
    assert store.forget_versions(gone)
    assert store.get(KEY) == b"picture 2"
    assert {key: len(all_of_it) for key, all_of_it in versions().items()} == {KEY: 1, beside: 3}


@pytest.mark.rule("forget-proof", "permission-named")
@pytest.mark.parametrize(
    ("operation", "right"),
    [("ListObjectVersions", "ListBucketVersions"), ("DeleteObjectVersion", "DeleteObjectVersion")],
)
def test_without_the_right_to_them_it_is_told_that_they_stay(
    bucket: Bucket, aws: Amazon, versions: Callable[[], dict[str, list[bool]]], operation: str, right: str
) -> None:
    store = S3Store(bucket)
    for number in range(2):
        store.put(KEY, b"picture %d" % number)
    aws.fail(operation, code="AccessDenied", status=403)
    assert not store.forget_versions(KEY)
    assert len(versions()[KEY]) == 2
    assert bucket.problem is not None
    assert f"AWS denies s3:{right}: add it to the bot's IAM policy" in bucket.problem


@pytest.mark.rule("privacy-warnings")
def test_check_says_of_a_bucket_that_it_keeps_versions_and_whether_they_can_be_deleted(
    bucket: Bucket, aws: Amazon, versions: Callable[[], dict[str, list[bool]]]
) -> None:
    store = S3Store(bucket)
    assert "keeps earlier versions, and those of people who are forgotten are deleted" in store.check()
    assert versions() == {}
    aws.fail("DeleteObjectVersion", code="AccessDenied", status=403)
    assert "may not delete those of people who are forgotten: add s3:ListBucketVersions and" in store.check()
