"""The rules of the stand-in, met by the real boto3 client."""

import http.client
import json
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from PIL import Image

from tests.rekognition.errors import RekognitionError
from tests.rekognition.pictures import Box, Picture, SeenFace
from tests.rekognition.service import OPERATIONS
from tests.rekognition.service_model import read, read_request, service_model, violations
from tests.rekognition.stand_in import BOT_KEY, BOT_SECRET, Rekognition, running_rekognition

FACETAG = {"CollectionId": "facetag"}
ANNA = {**FACETAG, "UserId": "anna"}
NOWHERE = {"CollectionId": "nowhere"}
UNKNOWN_FACE = str(uuid.UUID(int=7))
Aws = Any  # a client that is also asked for what its types forbid


@cache
def picture(width: int = 100, height: int = 100, *, shade: int = 0, kind: str = "JPEG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (shade, 100, 100)).save(out, kind)
    return out.getvalue()


PICTURE = picture()


@pytest.fixture(name="rekognition")
def _rekognition() -> Iterator[Rekognition]:
    """With a collection, and Anna in it."""
    with running_rekognition() as rekognition:
        rekognition.do("CreateCollection", **FACETAG)
        rekognition.do("CreateUser", **ANNA)
        yield rekognition


@pytest.fixture
def aws(rekognition: Rekognition) -> Aws:
    return rekognition.client()


def index(aws: Aws, external_id: str = "face", data: bytes = PICTURE, **more: Any) -> Any:
    return aws.index_faces(**FACETAG, Image={"Bytes": data}, ExternalImageId=external_id, **more)


def indexed(aws: Aws, *external_ids: str) -> list[str]:
    """The face ids of so many new faces."""
    return [index(aws, name)["FaceRecords"][0]["Face"]["FaceId"] for name in external_ids]


def associate(aws: Aws, *face_ids: str, user: str = "anna", **more: Any) -> Any:
    return aws.associate_faces(**FACETAG, UserId=user, FaceIds=list(face_ids), **more)


def error_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


# ---------------------------------------------------------------- the protocol


@pytest.mark.rule("aws-settings")
def test_the_variables_of_the_environment_lead_an_unchanged_client_here(
    rekognition: Rekognition, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in rekognition.environment().items():
        monkeypatch.setenv(name, value)
    client = boto3.session.Session().client("rekognition", region_name="eu-west-1")
    assert client.list_collections()["CollectionIds"] == ["facetag"]
    client.close()


def test_an_answer_has_a_request_id(aws: Aws) -> None:
    request_id = aws.list_collections()["ResponseMetadata"]["RequestId"]
    assert str(uuid.UUID(request_id)) == request_id


@pytest.mark.parametrize(
    ("target", "content_type"),
    [
        ("RekognitionService.CompareFaces", "application/x-amz-json-1.1"),
        ("RekognitionService.ListFaces", "application/json"),
        ("ListFaces", "application/json"),
        ("", "application/x-amz-json-1.1"),
    ],
)
def test_what_is_no_operation_of_the_service_is_refused(
    rekognition: Rekognition, target: str, content_type: str
) -> None:
    status, answer = post(rekognition, {"X-Amz-Target": target, "Content-Type": content_type})
    assert (status, answer["__type"]) == (400, "UnknownOperationException")


def post(rekognition: Rekognition, headers: dict[str, str], body: bytes = b"{}") -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(rekognition.address).netloc, timeout=10)
    try:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_every_answer_is_as_amazon_describes_it(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.rules.page_size = 1
    aws.create_collection(CollectionId="other")
    aws.list_collections()
    aws.describe_collection(**FACETAG)
    aws.create_user(**FACETAG, UserId="bert")
    first, second, third = indexed(aws, "one", "two", "three")
    rekognition.shows(PICTURE, SeenFace(reasons=("LOW_SHARPNESS",)), SeenFace(), SeenFace())
    index(aws, "four", MaxFaces=1)
    aws.detect_faces(Image={"Bytes": PICTURE})
    associate(aws, first, second, UNKNOWN_FACE)
    associate(aws, second, user="bert")
    aws.list_users(**FACETAG)
    aws.list_faces(**ANNA)
    aws.search_users_by_image(**FACETAG, Image={"Bytes": PICTURE}, QualityFilter="AUTO")
    aws.delete_faces(**FACETAG, FaceIds=[first, third, UNKNOWN_FACE])
    aws.disassociate_faces(**ANNA, FaceIds=[first, UNKNOWN_FACE])
    aws.delete_faces(**FACETAG, FaceIds=[first])
    aws.delete_user(**ANNA)
    aws.delete_collection(CollectionId="other")
    calls = rekognition.calls()
    assert {call.operation for call in calls} == set(OPERATIONS)
    assert [findings(call.operation, call.answer) for call in calls] == [[]] * len(calls)


def findings(operation: str, answer: Any) -> list[str]:
    shape = service_model().operation_model(operation).output_shape
    assert shape
    return list(violations(shape, read(shape, answer), ""))


def test_a_caller_who_goes_away_is_no_bug_of_the_stand_in(rekognition: Rekognition, aws: Aws) -> None:
    parts = urlsplit(rekognition.address)
    with socket.create_connection((parts.hostname or "", parts.port or 0)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\nhalf of it")
    assert aws.list_collections()["CollectionIds"] == ["facetag"]


def test_a_bug_of_the_stand_in_fails_the_test() -> None:
    def bug(_: Picture) -> list[SeenFace]:
        raise LookupError("a rule of a test")

    with pytest.raises(AssertionError, match="a rule of a test"), running_rekognition() as rekognition:  # noqa: PT012 - what raises is the end of the with
        rekognition.look(bug)
        assert error_of(lambda: rekognition.client().detect_faces(Image={"Bytes": PICTURE})) == "500"


# ---------------------------------------------------------------- who calls


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "MissingAuthenticationTokenException"),
        ("Bearer something", "IncompleteSignatureException"),
        (f"AWS4-HMAC-SHA256 Credential={BOT_KEY}", "IncompleteSignatureException"),
    ],
)
def test_a_request_without_a_signature_is_refused(
    rekognition: Rekognition, authorization: str, code: str
) -> None:
    headers = {"X-Amz-Target": "RekognitionService.ListFaces", "Content-Type": "application/x-amz-json-1.1"}
    status, answer = post(rekognition, {**headers, "Authorization": authorization})
    assert (status, answer["__type"]) == (400, code)


@pytest.mark.parametrize(
    ("key", "secret", "region", "code"),
    [
        ("AKIAUNKNOWN", BOT_SECRET, "eu-west-1", "UnrecognizedClientException"),
        (BOT_KEY, "another secret", "eu-west-1", "InvalidSignatureException"),
        (BOT_KEY, BOT_SECRET, "us-east-1", "InvalidSignatureException"),
    ],
)
def test_a_signature_must_be_of_a_known_key_with_its_secret_for_this_region(
    rekognition: Rekognition, key: str, secret: str, region: str, code: str
) -> None:
    client = boto3.session.Session().client(
        "rekognition",
        region_name=region,
        endpoint_url=rekognition.address,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
    assert error_of(client.list_collections) == code
    client.close()


def test_a_missing_permission_is_named_in_amazons_sentence(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.deny("rekognition:IndexFaces")
    with pytest.raises(ClientError) as caught:
        index(aws)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    assert caught.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::123456789012:user/facetag is not authorized to perform: rekognition:IndexFaces "
        "on resource: arn:aws:rekognition:eu-west-1:123456789012:collection/facetag "
        "because no identity-based policy allows the rekognition:IndexFaces action"
    )
    assert not rekognition.vectors()


def test_permissions_can_be_denied_by_pattern_and_given_back(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.deny("rekognition:List*")
    assert error_of(aws.list_collections) == "AccessDeniedException"
    assert rekognition.do("ListCollections")["CollectionIds"] == ["facetag"]
    rekognition.allow("rekognition:List*")
    assert aws.list_collections()["CollectionIds"] == ["facetag"]


# ---------------------------------------------------------------- what a request may look like

BYTES = {"Bytes": PICTURE}
A_FACE = [UNKNOWN_FACE]


@pytest.mark.parametrize(
    ("operation", "request_", "finding"),
    [
        ("create_collection", {"CollectionId": "a b"}, "'collectionId' … regular expression pattern"),
        ("create_collection", {"CollectionId": "a" * 256}, "'collectionId' … less than or equal to 255"),
        ("create_user", {**FACETAG, "UserId": "ä"}, "'userId' … regular expression pattern"),
        ("create_user", {**FACETAG, "UserId": "u" * 129}, "'userId' … less than or equal to 128"),
        (
            "create_user",
            {**ANNA, "ClientRequestToken": "t" * 65},
            "'clientRequestToken' … less than or equal to 64",
        ),
        (
            "create_user",
            {**ANNA, "ClientRequestToken": "a:b"},
            "'clientRequestToken' … regular expression pattern",
        ),
        (
            "index_faces",
            {**FACETAG, "Image": BYTES, "ExternalImageId": "a b"},
            "'externalImageId' … regular expression pattern",
        ),
        (
            "index_faces",
            {**FACETAG, "Image": BYTES, "ExternalImageId": "e" * 256},
            "'externalImageId' … less than or equal to 255",
        ),
        (
            "index_faces",
            {**FACETAG, "Image": BYTES, "QualityFilter": "BEST"},
            "'qualityFilter' … enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]",
        ),
        (
            "index_faces",
            {**FACETAG, "Image": BYTES, "DetectionAttributes": ["ALL", "NICE"]},
            "'detectionAttributes.2.member' … enum value set",
        ),
        (
            "index_faces",
            {**FACETAG, "Image": {"Bytes": b"x" * 5_242_881}},
            "'image.bytes' … less than or equal to 5242880",
        ),
        (
            "associate_faces",
            {**ANNA, "FaceIds": A_FACE * 101},
            "'faceIds' … length less than or equal to 100",
        ),
        ("associate_faces", {**ANNA, "FaceIds": ["x"]}, "'faceIds.1.member' … regular expression pattern"),
        (
            "associate_faces",
            {**ANNA, "FaceIds": A_FACE, "UserMatchThreshold": 101},
            "'userMatchThreshold' … value less than or equal to 100",
        ),
        ("delete_faces", {**FACETAG, "FaceIds": A_FACE * 4097}, "'faceIds' … less than or equal to 4096"),
        (
            "search_users_by_image",
            {**FACETAG, "Image": BYTES, "MaxUsers": 501},
            "'maxUsers' … value less than or equal to 500",
        ),
        (
            "search_users_by_image",
            {**FACETAG, "Image": BYTES, "UserMatchThreshold": 100.1},
            "'userMatchThreshold' … value less than or equal to 100",
        ),
        (
            "search_users_by_image",
            {**FACETAG, "Image": BYTES, "QualityFilter": "BEST"},
            "'qualityFilter' … enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]",
        ),
        ("list_users", {**FACETAG, "MaxResults": 501}, "'maxResults' … value less than or equal to 500"),
        ("list_faces", {**FACETAG, "MaxResults": 4097}, "'maxResults' … value less than or equal to 4096"),
    ],
)
def test_what_botocore_lets_pass_the_service_does_not(
    aws: Aws, operation: str, request_: dict[str, Any], finding: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(aws, operation)(**request_)
    error = caught.value.response["Error"]
    place, words = finding.split(" … ")
    assert error["Code"] == "ValidationException"
    assert error["Message"].startswith("1 validation error detected: Value ")
    assert f"at {place} failed to satisfy constraint: Member must" in error["Message"]
    assert words in error["Message"]


@pytest.mark.parametrize(
    ("request_", "code", "words"),
    [
        ({}, "ValidationException", "Value null at 'collectionId' failed"),
        ({"CollectionId": None}, "ValidationException", "Member must not be null"),
        ({"CollectionId": ""}, "ValidationException", "2 validation errors detected"),
        ({"CollectionId": 7}, "SerializationException", "7 can not be converted"),
        ({**FACETAG, "MaxResults": True}, "SerializationException", "True can not be converted"),
        ({**FACETAG, "ExternalImageId": "a"}, "SerializationException", "no member ['ExternalImageId']"),
        ([], "SerializationException", "[] can not be converted"),
    ],
)
def test_what_botocore_would_not_send_is_refused_too(request_: Any, code: str, words: str) -> None:
    with pytest.raises(RekognitionError) as caught:
        read_request("ListFaces", json.dumps(request_).encode())
    assert caught.value.code == code
    assert words in caught.value.message


@pytest.mark.parametrize("body", [b"", b"{", b'{"CollectionId": "a", "Image": {"Bytes": "no base64!"}}'])
def test_what_cannot_be_read_is_refused(body: bytes) -> None:
    with pytest.raises(RekognitionError) as caught:
        read_request("IndexFaces", body)
    assert caught.value.code == "SerializationException"


# ---------------------------------------------------------------- pictures

S3 = {"S3Object": {"Bucket": "bucket", "Name": "name"}}
LARGE = PICTURE + bytes(5_242_880)


@pytest.mark.parametrize(
    ("image", "code"),
    [
        ({"Bytes": b"no picture"}, "InvalidImageFormatException"),
        ({"Bytes": picture(kind="WEBP")}, "InvalidImageFormatException"),
        ({"Bytes": picture(kind="GIF")}, "InvalidImageFormatException"),
        ({"Bytes": PICTURE[:-100]}, "InvalidImageFormatException"),
        ({"Bytes": picture(79, 100)}, "InvalidParameterException"),
        ({"Bytes": picture(100, 79)}, "InvalidParameterException"),
        ({"Bytes": picture(10_001, 80)}, "ImageTooLargeException"),
        ({"Bytes": LARGE}, "ValidationException"),
        (S3, "InvalidS3ObjectException"),
        ({**S3, "Bytes": PICTURE}, "InvalidParameterException"),
        ({}, "InvalidParameterException"),
    ],
)
def test_a_picture_that_the_service_cannot_look_at_is_refused(
    rekognition: Rekognition, aws: Aws, image: dict[str, Any], code: str
) -> None:
    assert error_of(lambda: aws.index_faces(**FACETAG, Image=image)) == code
    assert error_of(lambda: aws.detect_faces(Image=image)) == code
    assert error_of(lambda: search(aws, image)) == code
    assert not rekognition.vectors()


@pytest.mark.parametrize("data", [picture(80, 80), picture(80, 80, kind="PNG"), picture(10_000, 400)])
def test_a_picture_within_the_limits_is_looked_at(aws: Aws, data: bytes) -> None:
    assert aws.detect_faces(Image={"Bytes": data})["FaceDetails"]


def test_a_picture_shows_one_face_unless_a_test_says_otherwise(rekognition: Rekognition, aws: Aws) -> None:
    def boxes(data: bytes) -> list[float]:
        return [
            face["BoundingBox"]["Left"] for face in aws.detect_faces(Image={"Bytes": data})["FaceDetails"]
        ]

    assert boxes(PICTURE) == [0.2]
    rekognition.look(lambda seen: [SeenFace(Box(left=0.1))] * (seen.width // 100))
    assert boxes(picture(300, 100)) == [0.1] * 3
    rekognition.shows(picture(300, 100))
    assert boxes(picture(300, 100)) == []
    assert boxes(PICTURE) == [0.1]


def test_the_largest_face_comes_first_and_the_tiny_one_is_not_found(
    rekognition: Rekognition, aws: Aws
) -> None:
    sizes = [0.1, 0.2, 0.6, 0.4]
    rekognition.look(lambda _: [SeenFace(Box(width=size, height=size)) for size in sizes])
    faces = aws.detect_faces(Image={"Bytes": picture(200, 200)})["FaceDetails"]
    assert [face["BoundingBox"]["Width"] for face in faces] == [0.6, 0.4, 0.2]
    faces = aws.detect_faces(Image={"Bytes": picture(3840, 200)})["FaceDetails"]
    assert [face["BoundingBox"]["Width"] for face in faces] == [0.6, 0.4], "larger pictures need larger faces"


# ---------------------------------------------------------------- indexing


def test_the_same_bytes_under_the_same_external_id_are_stored_once(
    rekognition: Rekognition, aws: Aws
) -> None:
    first, again = index(aws)["FaceRecords"][0]["Face"], index(aws)["FaceRecords"][0]["Face"]
    assert first == again
    assert rekognition.vectors() == {"face": [first["FaceId"]]}


def test_other_bytes_under_the_same_external_id_are_stored_beside_them(
    rekognition: Rekognition, aws: Aws
) -> None:
    index(aws)
    index(aws, data=picture(shade=200))
    assert len(rekognition.vectors()["face"]) == 2


def test_the_same_bytes_under_another_external_id_or_none_are_stored_again(
    rekognition: Rekognition, aws: Aws
) -> None:
    indexed(aws, "one", "two")
    for _ in range(2):
        aws.index_faces(**FACETAG, Image=BYTES)
    assert {name: len(ids) for name, ids in rekognition.vectors().items()} == {"one": 1, "two": 1, "": 2}


def test_collections_do_not_share_faces(rekognition: Rekognition, aws: Aws) -> None:
    index(aws)
    aws.create_collection(CollectionId="other")
    aws.index_faces(CollectionId="other", Image=BYTES, ExternalImageId="face")
    assert rekognition.vectors() != rekognition.vectors("other")
    assert len(rekognition.vectors("other")["face"]) == 1


def test_many_at_once_store_a_face_once(rekognition: Rekognition, aws: Aws) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: index(aws), range(30)))
    assert len(rekognition.vectors()["face"]) == 1


@pytest.mark.parametrize("returns", [False, True])
def test_a_face_that_was_deleted_comes_back_under_another_id_or_as_a_test_says_the_same(
    rekognition: Rekognition, aws: Aws, returns: bool
) -> None:
    rekognition.rules.face_ids_return = returns
    before = indexed(aws, "face", "other")
    aws.delete_faces(**FACETAG, FaceIds=before)
    assert (indexed(aws, "face", "other") == before) == returns
    assert len(set(before)) == 2


def test_no_face_is_no_error(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.shows(PICTURE)
    answer = index(aws)
    assert (answer["FaceRecords"], answer["UnindexedFaces"]) == ([], [])


@pytest.mark.parametrize(
    "reason",
    [
        "EXTREME_POSE",
        "LOW_BRIGHTNESS",
        "LOW_SHARPNESS",
        "LOW_CONFIDENCE",
        "SMALL_BOUNDING_BOX",
        "LOW_FACE_QUALITY",
    ],
)
def test_a_bad_face_is_seen_with_its_reason_but_not_stored(
    rekognition: Rekognition, aws: Aws, reason: str
) -> None:
    rekognition.shows(PICTURE, SeenFace(reasons=(reason,)))
    answer = index(aws)
    assert answer["FaceRecords"] == []
    assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [[reason]]
    assert not rekognition.vectors()
    assert len(index(aws, QualityFilter="NONE")["FaceRecords"]) == 1, "unless nothing is filtered"


def test_beyond_max_faces_the_smallest_are_left_out(rekognition: Rekognition, aws: Aws) -> None:
    sizes = [0.5, 0.6, 0.4, 0.4]
    rekognition.shows(PICTURE, *(SeenFace(Box(width=size, height=size)) for size in sizes))
    answer = index(aws, MaxFaces=2)
    assert [record["Face"]["BoundingBox"]["Width"] for record in answer["FaceRecords"]] == [0.6, 0.5]
    assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]] * 2
    assert len({record["Face"]["ImageId"] for record in index(aws)["FaceRecords"]}) == 1
    assert len(rekognition.vectors()["face"]) == 4


def test_beyond_max_faces_the_bad_are_left_out_before_the_small(rekognition: Rekognition, aws: Aws) -> None:
    bad = SeenFace(Box(width=0.8, height=0.8), reasons=("LOW_SHARPNESS",))
    rekognition.shows(PICTURE, bad, SeenFace())
    (record,) = index(aws, MaxFaces=1, QualityFilter="NONE")["FaceRecords"]
    assert record["Face"]["BoundingBox"]["Width"] == 0.6


def test_a_rule_may_go_by_the_external_id(rekognition: Rekognition, aws: Aws) -> None:
    def rule(seen: Picture) -> list[SeenFace]:
        return [] if seen.external_id == "nobody" else [SeenFace()]

    rekognition.look(rule)
    assert len(index(aws, "nobody")["FaceRecords"]) == 0
    assert len(index(aws, "somebody")["FaceRecords"]) == 1


def test_a_full_collection_takes_no_more(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.rules.faces_per_collection = 1
    index(aws)
    assert error_of(lambda: index(aws, "another")) == "ServiceQuotaExceededException"
    assert index(aws)["FaceRecords"], "a face that is there already is no more"


# ---------------------------------------------------------------- collections and lists


def test_a_collection_is_there_once(aws: Aws) -> None:
    assert error_of(lambda: aws.create_collection(**FACETAG)) == "ResourceAlreadyExistsException"


def test_a_collection_tells_what_is_in_it(aws: Aws) -> None:
    indexed(aws, "one", "two")
    told = aws.describe_collection(**FACETAG)
    assert (told["FaceCount"], told["UserCount"]) == (2, 1)
    assert told["CollectionARN"].endswith(":collection/facetag")
    assert abs(told["CreationTimestamp"].timestamp() - time.time()) < 60


def test_a_deleted_collection_takes_all_with_it(rekognition: Rekognition, aws: Aws) -> None:
    index(aws)
    aws.delete_collection(**FACETAG)
    aws.create_collection(**FACETAG)
    assert (rekognition.vectors(), rekognition.users()) == ({}, {})


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("delete_collection", NOWHERE),
        ("describe_collection", NOWHERE),
        ("create_user", {**ANNA, **NOWHERE}),
        ("delete_user", {**ANNA, **NOWHERE}),
        ("list_users", NOWHERE),
        ("index_faces", {**NOWHERE, "Image": BYTES}),
        ("list_faces", NOWHERE),
        ("search_users_by_image", {**NOWHERE, "Image": BYTES}),
        ("associate_faces", {**ANNA, **NOWHERE, "FaceIds": A_FACE}),
        ("disassociate_faces", {**ANNA, **NOWHERE, "FaceIds": A_FACE}),
        ("delete_faces", {**NOWHERE, "FaceIds": A_FACE}),
        ("delete_user", {**FACETAG, "UserId": "nobody"}),
        ("list_faces", {**FACETAG, "UserId": "nobody"}),
        ("associate_faces", {**FACETAG, "UserId": "nobody", "FaceIds": A_FACE}),
        ("disassociate_faces", {**FACETAG, "UserId": "nobody", "FaceIds": A_FACE}),
    ],
)
def test_a_collection_or_a_user_that_is_not_there_is_not_found(
    aws: Aws, operation: str, request_: dict[str, Any]
) -> None:
    assert error_of(lambda: getattr(aws, operation)(**request_)) == "ResourceNotFoundException"


def test_lists_come_in_pages(rekognition: Rekognition, aws: Aws) -> None:
    faces = indexed(aws, *"abcde")
    associate(aws, *faces[:3])
    rekognition.rules.page_size = 2
    assert listed(aws, "list_faces", "Faces", "FaceId", **FACETAG) == ([2, 2, 1], set(faces))
    assert listed(aws, "list_faces", "Faces", "FaceId", **ANNA) == ([2, 1], set(faces[:3]))
    chosen = faces[2:]
    assert listed(aws, "list_faces", "Faces", "FaceId", **FACETAG, FaceIds=chosen) == ([2, 1], set(chosen))
    rekognition.rules.page_size = None
    assert listed(aws, "list_faces", "Faces", "FaceId", **FACETAG, MaxResults=4) == ([4, 1], set(faces))
    aws.create_user(**FACETAG, UserId="bert")
    assert listed(aws, "list_users", "Users", "UserId", **FACETAG, MaxResults=1) == ([1, 1], {"anna", "bert"})


def listed(aws: Aws, operation: str, rows: str, name: str, /, **request: Any) -> tuple[list[int], set[str]]:
    """How many rows each page has, and the names of all."""
    pages = list(aws.get_paginator(operation).paginate(**request)) if operation == "list_faces" else []
    if not pages:
        pages = [getattr(aws, operation)(**request)]
        while "NextToken" in pages[-1]:
            pages.append(getattr(aws, operation)(**request, NextToken=pages[-1]["NextToken"]))
    return [len(page[rows]) for page in pages], {row[name] for page in pages for row in page[rows]}


def test_a_page_that_is_full_to_the_last_row_has_no_next(aws: Aws) -> None:
    indexed(aws, "a", "b")
    assert "NextToken" not in aws.list_faces(**FACETAG, MaxResults=2)


def test_what_is_deleted_between_two_pages_lets_no_row_be_passed_over(aws: Aws) -> None:
    faces = indexed(aws, *"abcd")
    first = aws.list_faces(**FACETAG, MaxResults=2)
    seen = [face["FaceId"] for face in first["Faces"]]
    aws.delete_faces(**FACETAG, FaceIds=seen)
    rest = aws.list_faces(**FACETAG, MaxResults=2, NextToken=first["NextToken"])["Faces"]
    assert {*seen, *(face["FaceId"] for face in rest)} == set(faces)


def test_a_token_of_another_list_or_of_none_is_refused(aws: Aws) -> None:
    faces = indexed(aws, *"abc")
    token = aws.list_faces(**FACETAG, MaxResults=1)["NextToken"]
    for wrong in ({"NextToken": "x"}, {"NextToken": token, "FaceIds": faces}):
        assert error_of(lambda wrong=wrong: aws.list_faces(**FACETAG, **wrong)) == (  # type: ignore[misc]  # the model has no type for what is wrong
            "InvalidPaginationTokenException"
        )


def test_a_listed_face_tells_its_names_and_whose_it_is(aws: Aws) -> None:
    mine, nobodys = indexed(aws, "mine", "nobodys")
    associate(aws, mine)
    faces = {face["FaceId"]: face for face in aws.list_faces(**FACETAG)["Faces"]}
    assert (faces[mine]["ExternalImageId"], faces[mine]["UserId"]) == ("mine", "anna")
    assert "UserId" not in faces[nobodys]


# ---------------------------------------------------------------- users


def test_a_user_of_the_same_id_is_a_conflict(aws: Aws) -> None:
    assert error_of(lambda: aws.create_user(**ANNA)) == "ConflictException"


def test_a_user_is_created_and_active_once_there_were_faces(aws: Aws) -> None:
    def status() -> str:
        (user,) = aws.list_users(**FACETAG)["Users"]
        return str(user["UserStatus"])

    assert status() == "CREATED"
    (face,) = indexed(aws, "face")
    assert associate(aws, face)["UserStatus"] == "UPDATING"
    assert status() == "ACTIVE"


def test_a_user_who_is_being_updated_cannot_be_changed(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.rules.updating_seconds = 0.2
    one, two = indexed(aws, "one", "two")
    associate(aws, one)
    assert error_of(lambda: associate(aws, two)) == "ConflictException"
    assert error_of(lambda: aws.delete_user(**ANNA)) == "ConflictException"
    time.sleep(0.25)
    assert associate(aws, two)["AssociatedFaces"] == [{"FaceId": two}]


def test_a_deleted_user_leaves_the_faces_behind(rekognition: Rekognition, aws: Aws) -> None:
    (face,) = indexed(aws, "face")
    associate(aws, face)
    aws.delete_user(**ANNA)
    assert (rekognition.users(), rekognition.vectors()) == ({}, {"face": [face]})
    assert aws.delete_faces(**FACETAG, FaceIds=[face])["DeletedFaces"] == [face]


def test_a_face_belongs_to_one_user_only(rekognition: Rekognition, aws: Aws) -> None:
    aws.create_user(**FACETAG, UserId="bert")
    taken, free = indexed(aws, "taken", "free")
    associate(aws, taken, user="bert")
    answer = associate(aws, taken, free, UNKNOWN_FACE)
    assert answer["AssociatedFaces"] == [{"FaceId": free}]
    assert answer["UnsuccessfulFaceAssociations"] == [
        {"FaceId": taken, "UserId": "bert", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]},
        {"FaceId": UNKNOWN_FACE, "Reasons": ["FACE_NOT_FOUND"]},
    ]
    assert rekognition.users() == {"anna": [free], "bert": [taken]}


def test_a_face_that_the_user_has_is_in_neither_list(aws: Aws) -> None:
    (face,) = indexed(aws, "face")
    associate(aws, face)
    again = associate(aws, face)
    assert (again["AssociatedFaces"], again["UnsuccessfulFaceAssociations"]) == ([], [])


@pytest.mark.parametrize(
    ("similarity", "threshold", "fits"),
    [
        (75.0, {}, True),
        (74.9, {}, False),
        (74.9, {"UserMatchThreshold": 50.0}, True),
        (0.0, {"UserMatchThreshold": 0.0}, True),
        ({"anna": 90.0}, {}, True),
        ({"bert": 90.0}, {}, False),
    ],
)
def test_a_face_too_unlike_a_user_who_has_faces_is_left_out(
    rekognition: Rekognition, aws: Aws, similarity: Any, threshold: dict[str, Any], fits: bool
) -> None:
    first, face = seen(rekognition, aws, "first", 99.0), seen(rekognition, aws, "face", similarity)
    associate(aws, first)
    answer = associate(aws, face, **threshold)
    assert answer["AssociatedFaces"] == [{"FaceId": face}] * fits
    assert [each["Reasons"] for each in answer["UnsuccessfulFaceAssociations"]] == (
        [] if fits else [["LOW_MATCH_CONFIDENCE"]]
    )
    assert (face in rekognition.users()["anna"]) == fits


def seen(rekognition: Rekognition, aws: Aws, name: str, similarity: Any) -> str:
    """A face of this similarity, indexed."""
    rekognition.look(lambda _: [SeenFace(similarity=similarity)])
    return indexed(aws, name)[0]


def test_the_first_face_of_a_user_may_look_like_anything(rekognition: Rekognition, aws: Aws) -> None:
    face = seen(rekognition, aws, "face", 0.0)
    assert associate(aws, face)["AssociatedFaces"] == [{"FaceId": face}]


def test_a_user_has_a_hundred_faces_at_most(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.look(lambda _: [SeenFace()] * 100)
    hundred = [record["Face"]["FaceId"] for record in index(aws)["FaceRecords"]]
    rekognition.look(lambda _: [SeenFace()])
    (another,) = indexed(aws, "another")
    associate(aws, *hundred)
    assert error_of(lambda: associate(aws, another)) == "ServiceQuotaExceededException"
    assert associate(aws, hundred[0])["AssociatedFaces"] == [], "what is theirs already is no more"
    rekognition.rules.full_user_refuses_all = True
    assert error_of(lambda: associate(aws, hundred[0])) == "ServiceQuotaExceededException"


def test_faces_of_which_not_all_fit_are_refused_together(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.rules.faces_per_user = 2
    assert error_of(lambda: associate(aws, *indexed(aws, *"abc"))) == "ServiceQuotaExceededException"
    assert rekognition.users() == {"anna": []}


def test_faces_are_taken_from_their_user_only(rekognition: Rekognition, aws: Aws) -> None:
    aws.create_user(**FACETAG, UserId="bert")
    mine, his, nobodys = indexed(aws, "mine", "his", "nobodys")
    associate(aws, mine)
    associate(aws, his, user="bert")
    answer = aws.disassociate_faces(**ANNA, FaceIds=[mine, his, nobodys, UNKNOWN_FACE])
    assert answer["DisassociatedFaces"] == [{"FaceId": mine}]
    assert [(each["FaceId"], each["Reasons"]) for each in answer["UnsuccessfulFaceDisassociations"]] == [
        (his, ["ASSOCIATED_TO_A_DIFFERENT_USER"]),
        (UNKNOWN_FACE, ["FACE_NOT_FOUND"]),
    ]
    assert rekognition.users() == {"anna": [], "bert": [his]}


def test_a_face_that_belongs_to_somebody_cannot_be_deleted(rekognition: Rekognition, aws: Aws) -> None:
    mine, nobodys = indexed(aws, "mine", "nobodys")
    associate(aws, mine)
    answer = aws.delete_faces(**FACETAG, FaceIds=[mine, nobodys, UNKNOWN_FACE])
    assert answer["DeletedFaces"] == [nobodys]
    assert answer["UnsuccessfulFaceDeletions"] == [
        {"FaceId": mine, "UserId": "anna", "Reasons": ["ASSOCIATED_TO_AN_EXISTING_USER"]},
        {"FaceId": UNKNOWN_FACE, "Reasons": ["FACE_NOT_FOUND"]},
    ]
    assert rekognition.vectors() == {"mine": [mine]}


# ---------------------------------------------------------------- the search


def search(aws: Aws, image: dict[str, Any] = BYTES, **more: Any) -> Any:
    return aws.search_users_by_image(**FACETAG, Image=image, **more)


def similar(rekognition: Rekognition, aws: Aws, **users: float) -> None:
    """A picture whose face is so similar to each of these users, who have a face each."""
    for name in users.keys() - {"anna"}:
        aws.create_user(**FACETAG, UserId=name)
    for name in users:
        associate(aws, *indexed(aws, f"of-{name}"), user=name)
    rekognition.look(lambda _: [SeenFace(similarity=users)])


def found(answer: Any) -> list[tuple[str, float]]:
    return [(match["User"]["UserId"], match["Similarity"]) for match in answer["UserMatches"]]


def test_a_search_finds_the_users_from_80_on_or_from_what_is_asked_the_most_similar_first(
    rekognition: Rekognition, aws: Aws
) -> None:
    similar(rekognition, aws, anna=80.0, bert=79.5, clara=99.0)
    assert found(search(aws)) == [("clara", 99.0), ("anna", 80.0)]
    assert found(search(aws, UserMatchThreshold=0)) == [("clara", 99.0), ("anna", 80.0), ("bert", 79.5)]
    assert found(search(aws, UserMatchThreshold=0, MaxUsers=1)) == [("clara", 99.0)]
    assert search(aws)["UserMatches"][0]["User"]["UserStatus"] == "ACTIVE"


def test_only_users_who_have_a_face_are_found(rekognition: Rekognition, aws: Aws) -> None:
    aws.create_user(**FACETAG, UserId="nobody-s-face")
    similar(rekognition, aws, anna=90.0, bert=90.0)
    (face,) = rekognition.users()["bert"]
    aws.disassociate_faces(**FACETAG, UserId="bert", FaceIds=[face])
    assert found(search(aws, UserMatchThreshold=0)) == [("anna", 90.0)]


def test_a_search_changes_nothing(rekognition: Rekognition, aws: Aws) -> None:
    similar(rekognition, aws, anna=90.0)
    before = rekognition.vectors(), rekognition.users()
    search(aws)
    assert (rekognition.vectors(), rekognition.users()) == before


def test_the_largest_face_is_searched_and_the_others_are_named(rekognition: Rekognition, aws: Aws) -> None:
    similar(rekognition, aws, anna=90.0, bert=90.0)
    small = SeenFace(Box(width=0.5, height=0.5), similarity={"bert": 90.0})
    rekognition.look(lambda _: [small, SeenFace(similarity={"anna": 90.0})])
    answer = search(aws)
    assert found(answer) == [("anna", 90.0)]
    assert answer["SearchedFace"]["FaceDetail"]["BoundingBox"]["Width"] == 0.6
    assert [
        (each["Reasons"], each["FaceDetails"]["BoundingBox"]["Width"]) for each in answer["UnsearchedFaces"]
    ] == [(["FACE_NOT_LARGEST"], 0.5)]


@pytest.mark.parametrize("faces", [[], [SeenFace(Box(width=0.3, height=0.3))]])
def test_a_picture_without_a_face_finds_nobody_and_that_is_no_error(
    rekognition: Rekognition, aws: Aws, faces: list[SeenFace]
) -> None:
    similar(rekognition, aws, anna=90.0)
    rekognition.look(lambda _: faces)
    answer = search(aws)
    assert (answer["UserMatches"], answer["UnsearchedFaces"], "SearchedFace" in answer) == ([], [], False)


def test_a_bad_face_is_searched_unless_it_is_filtered(rekognition: Rekognition, aws: Aws) -> None:
    similar(rekognition, aws, anna=90.0)
    rekognition.look(lambda _: [SeenFace(similarity=90.0, reasons=("LOW_SHARPNESS",))])
    assert found(search(aws)) == [("anna", 90.0)]
    for quality in ("AUTO", "LOW", "MEDIUM", "HIGH"):
        answer = search(aws, QualityFilter=quality)
        assert (answer["UserMatches"], "SearchedFace" in answer) == ([], False)
        assert [each["Reasons"] for each in answer["UnsearchedFaces"]] == [["LOW_SHARPNESS"]]


def test_a_search_needs_its_permission(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.deny("rekognition:SearchUsersByImage")
    assert error_of(lambda: search(aws)) == "AccessDeniedException"


# ---------------------------------------------------------------- tokens


def test_a_token_is_answered_from_memory_even_if_its_effect_was_undone(
    rekognition: Rekognition, aws: Aws
) -> None:
    (face,) = indexed(aws, "face")
    first = associate(aws, face, ClientRequestToken="once")
    aws.disassociate_faces(**ANNA, FaceIds=[face])
    again = associate(aws, face, ClientRequestToken="once")
    assert again["AssociatedFaces"] == first["AssociatedFaces"] == [{"FaceId": face}]
    assert rekognition.users() == {"anna": []}, "nothing was done"


def test_a_token_outlives_the_collection(rekognition: Rekognition, aws: Aws) -> None:
    bert = {**FACETAG, "UserId": "bert", "ClientRequestToken": "bert"}
    aws.create_user(**bert)
    aws.delete_collection(**FACETAG)
    aws.create_collection(**FACETAG)
    aws.create_user(**bert)
    assert rekognition.users() == {}
    rekognition.forget_tokens()
    aws.create_user(**bert)
    assert rekognition.users() == {"bert": []}


@pytest.mark.parametrize("operation", ["create_user", "delete_user", "associate_faces", "disassociate_faces"])
def test_a_token_with_other_inputs_is_a_mismatch(rekognition: Rekognition, aws: Aws, operation: str) -> None:
    rekognition.do("CreateUser", **FACETAG, UserId="bert")
    faces = {"FaceIds": A_FACE} if "faces" in operation else {}
    users = ("new", "newer") if operation == "create_user" else ("anna", "bert")

    def call(user: str) -> None:
        getattr(aws, operation)(**FACETAG, UserId=user, **faces, ClientRequestToken="same")

    call(users[0])
    call(users[0])
    assert error_of(lambda: call(users[1])) == "IdempotentParameterMismatchException"


def test_a_token_belongs_to_an_operation(aws: Aws) -> None:
    aws.delete_user(**ANNA, ClientRequestToken="same")
    aws.create_user(**ANNA, ClientRequestToken="same")


def test_a_call_that_failed_is_not_remembered(aws: Aws) -> None:
    nobody = {**FACETAG, "UserId": "nobody", "ClientRequestToken": "same"}
    assert error_of(lambda: aws.delete_user(**nobody)) == "ResourceNotFoundException"
    aws.create_user(**FACETAG, UserId="nobody")
    aws.delete_user(**nobody)


def test_a_token_may_be_forgotten_in_time(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.rules.token_seconds = 0.1
    bert = {**FACETAG, "UserId": "bert", "ClientRequestToken": "bert"}
    aws.create_user(**bert)
    aws.create_user(**bert)
    time.sleep(0.15)
    assert error_of(lambda: aws.create_user(**bert)) == "ConflictException"


# ---------------------------------------------------------------- what goes wrong on purpose


@pytest.mark.parametrize(
    ("how", "code", "status"),
    [
        ({"error": "ThrottlingException"}, "ThrottlingException", 400),
        ({"error": "ThrottlingException", "status": 500}, "ThrottlingException", 500),
        ({"error": "ProvisionedThroughputExceededException"}, "ProvisionedThroughputExceededException", 400),
        ({"error": "InternalServerError"}, "InternalServerError", 500),
        ({"error": "SomethingNewException", "message": "words"}, "SomethingNewException", 400),
        ({"status": 503}, "503", 503),
    ],
)
@pytest.mark.parametrize("effect", [False, True])
def test_a_call_fails_before_or_after_its_effect(
    rekognition: Rekognition, aws: Aws, effect: bool, how: dict[str, Any], code: str, status: int
) -> None:
    rekognition.fail("IndexFaces", effect=effect, **how)
    with pytest.raises(ClientError) as caught:
        index(aws)
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert len(rekognition.vectors()) == effect
    index(aws)
    assert len(rekognition.vectors()["face"]) == 1, "only the next call was to fail"


@pytest.mark.parametrize("effect", [False, True])
@pytest.mark.parametrize(
    ("how", "error"), [({"reset": True}, ConnectionClosedError), ({"hang": 5.0}, ReadTimeoutError)]
)
def test_a_connection_tears_or_hangs(
    rekognition: Rekognition, how: dict[str, Any], error: type[Exception], effect: bool
) -> None:
    rekognition.fail("IndexFaces", effect=effect, **how)
    with pytest.raises(error):
        index(rekognition.client(read_timeout=0.2))
    (call,) = rekognition.calls("IndexFaces")
    assert (call.answer, call.status) == (None, None)
    assert call.fault in ("reset", "hang", "reset after the effect", "hang after the effect")
    assert len(rekognition.vectors()) == effect


def test_a_delay_alone_does_no_harm(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.fail("IndexFaces", delay=0.1)
    began = time.monotonic()
    assert index(aws)["FaceRecords"]
    assert time.monotonic() - began >= 0.1


def test_a_fault_may_hit_many_operations_until_healed(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.fail("*Faces", error="InternalServerError", times=None)
    for call in (lambda: index(aws), lambda: aws.list_faces(**FACETAG), lambda: index(aws)):
        assert error_of(call) == "InternalServerError"
    aws.list_users(**FACETAG)
    rekognition.heal()
    index(aws)


def test_a_fault_may_let_calls_go_well_before(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.fail("IndexFaces", error="ThrottlingException", skip=1, times=2)
    index(aws)
    assert [error_of(lambda: index(aws)) for _ in range(2)] == ["ThrottlingException"] * 2
    index(aws)


def test_a_tests_own_calls_meet_no_fault_and_are_not_in_the_ledger(rekognition: Rekognition) -> None:
    rekognition.fail("*", error="InternalServerError", times=None)
    rekognition.deny("rekognition:*")
    face = rekognition.do("IndexFaces", **FACETAG, Image=BYTES, ExternalImageId="face")["FaceRecords"][0]
    assert rekognition.vectors() == {"face": [face["Face"]["FaceId"]]}
    assert rekognition.calls() == []
    with pytest.raises(RekognitionError, match="ResourceNotFoundException"):
        rekognition.do("ListFaces", **NOWHERE)


def test_the_client_repeats_a_call_with_one_token_and_it_has_one_effect(rekognition: Rekognition) -> None:
    aws: Aws = rekognition.client(retries={"mode": "standard", "total_max_attempts": 2})
    (face,) = indexed(aws, "face")
    rekognition.fail("AssociateFaces", error="InternalServerError", effect=True)
    assert associate(aws, face)["AssociatedFaces"] == [{"FaceId": face}]
    calls = rekognition.calls("AssociateFaces")
    assert [call.error for call in calls] == ["InternalServerError", None]
    assert len({call.token for call in calls}) == 1


# ---------------------------------------------------------------- the ledger


def test_the_ledger_keeps_what_was_asked_and_told_but_no_picture(rekognition: Rekognition, aws: Aws) -> None:
    answer = index(aws, MaxFaces=1)
    (call,) = rekognition.calls()
    assert (call.operation, call.status, call.error, call.fault) == ("IndexFaces", 200, None, None)
    assert call.inputs == {
        **FACETAG,
        "Image": {"Bytes": {"sha256": call.picture, "length": len(PICTURE)}},
        "ExternalImageId": "face",
        "MaxFaces": 1,
    }
    assert call.picture == Picture(PICTURE, 100, 100).sha256
    assert call.answer
    assert call.answer["FaceRecords"] == answer["FaceRecords"]
    assert abs(call.at - time.time()) < 60


def test_the_ledger_has_refused_calls_too(rekognition: Rekognition, aws: Aws) -> None:
    error_of(lambda: index(aws, "not allowed"))
    error_of(rekognition.client("AKIAUNKNOWN").list_collections)
    assert [(call.operation, call.error) for call in rekognition.calls()] == [
        ("IndexFaces", "ValidationException"),
        ("ListCollections", "UnrecognizedClientException"),
    ]


def test_a_test_can_wait_for_calls_and_for_their_answers(rekognition: Rekognition, aws: Aws) -> None:
    rekognition.fail("IndexFaces", delay=0.2)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(index, aws)
        (call,) = rekognition.wait_for_calls("IndexFaces")
        assert call.status is None
        assert rekognition.wait_for_calls("IndexFaces", answered=True)[0].status == 200
    with pytest.raises(TimeoutError, match="for 2 × IndexFaces: 1 came"):
        rekognition.wait_for_calls("IndexFaces", 2, timeout=0.01)


def test_the_busiest_second_is_counted(rekognition: Rekognition, aws: Aws) -> None:
    assert rekognition.busiest() == 0
    for _ in range(3):
        aws.list_users(**FACETAG)
    assert rekognition.busiest("ListUsers") == 3
    assert rekognition.busiest("IndexFaces") == 0
