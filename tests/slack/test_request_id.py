"""Ids of requests: only ours are read."""

import uuid

import pytest

from tagbot.slack.request_id import RequestId

FACE_ID = str(uuid.UUID(int=7))


@pytest.mark.parametrize(
    "block_id",
    [
        "",
        "face:",
        f"face:{FACE_ID}",
        f"face:{FACE_ID}:",
        f"face:{FACE_ID}:x",
        f"xface:{FACE_ID}:1",
        f"face:{FACE_ID}:1\n",
    ],
)
def test_a_block_that_is_not_ours_names_no_face(block_id: str) -> None:
    assert RequestId.parse(block_id) is None
