"""Inboxes of both kinds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.photos.inbox.folder_inbox import FolderInbox
from tests.aws.service import Amazon
from tests.photos.inbox.folder import Clock
from tests.photos.inbox.s3_rig import Rig


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def inbox(tmp_path: Path, clock: Clock) -> Iterator[FolderInbox]:
    inbox = FolderInbox(tmp_path / "inbox", tmp_path / "rejected", clock)
    inbox.prepare()
    yield inbox
    inbox.close()


@pytest.fixture
def rig(aws: Amazon) -> Iterator[Rig]:
    rig = Rig(aws)
    yield rig
    rig.inbox.close()
