"""Image stores of both kinds."""

from pathlib import Path

import pytest

from tagbot.aws.s3_api import Bucket
from tagbot.photos.image_store import ImageStore
from tagbot.photos.image_store.folder_store import FolderStore
from tagbot.photos.image_store.s3_store import S3Store
from tests.aws.service import REGION, Amazon


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
