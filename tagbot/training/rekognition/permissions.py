"""The permissions that the bot needs at Amazon Rekognition, and which of them are missing."""

from collections.abc import Iterator
from typing import Any

from tagbot.aws.rekognition_api import Absent, AlreadyThere, PictureUnusable, QuotaReached, RekognitionApi
from tagbot.errors import Reject, Retry

ACTIONS = (
    "AssociateFaces", "CreateCollection", "CreateUser", "DeleteFaces", "DeleteUser", "DescribeCollection",
    "DisassociateFaces", "IndexFaces", "ListFaces", "ListUsers", "SearchUsersByImage",
)  # fmt: skip
"""The bot's calls on its collection; besides, DetectFaces, which is about no collection."""

NO_USER = "facetag-check"
NO_FACE = "00000000-0000-0000-0000-000000000000"
NO_PICTURE = {"Bytes": b"no picture"}

HARMLESS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("describe_collection", {}),
    ("list_faces", {"MaxResults": 1}),
    ("index_faces", {"Image": NO_PICTURE}),
    ("search_users_by_image", {"Image": NO_PICTURE}),
    ("associate_faces", {"UserId": NO_USER, "FaceIds": [NO_FACE]}),
    ("disassociate_faces", {"UserId": NO_USER, "FaceIds": [NO_FACE]}),
    ("delete_faces", {"FaceIds": [NO_FACE]}),
    ("delete_user", {"UserId": NO_USER}),
    ("list_users", {"MaxResults": 1}),
    ("detect_faces", {"Image": NO_PICTURE}),
)
"""Calls that change nothing, one for each permission that can be tried that way: AWS looks at the permission
first, and then finds no picture, or nobody of these ids. CreateCollection and CreateUser would leave
something behind, so they are not tried.
"""


def policy(aws: RekognitionApi) -> dict[str, Any]:
    """The IAM policy with the least permissions."""
    collection = f"arn:{aws.partition}:rekognition:*:*:collection/{aws.collection}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": [f"rekognition:{action}" for action in ACTIONS],
                "Resource": collection,
            },
            {"Effect": "Allow", "Action": "rekognition:DetectFaces", "Resource": "*"},
        ],
    }


def problems(aws: RekognitionApi) -> Iterator[str]:
    """Try each permission without changing anything; what AWS has against it, where it has."""
    for operation, arguments in HARMLESS:
        try:
            aws.call(operation, **arguments)
        except (Absent, AlreadyThere, PictureUnusable, QuotaReached):
            continue
        except (Retry, Reject) as why:
            yield why.reason
