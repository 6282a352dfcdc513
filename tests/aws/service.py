"""Amazon SQS and S3 on this machine, one process for all tests, also where these run in several."""

import fcntl
import json
import os
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from tagbot.aws import boto
from tagbot.aws.boto import Door
from tagbot.aws.sqs_api import Sqs

REGION = "eu-west-1"


@dataclass(frozen=True)
class Amazon:
    """The services, as one test has them: names of its queues and buckets begin with its prefix."""

    address: str
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}-")

    def environment(self) -> dict[str, str]:
        """Where the bot finds them."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIAFACETAGBOT000000",
            "AWS_SECRET_ACCESS_KEY": "the-secret-of-the-bot",
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL_SQS": self.address,
            "AWS_ENDPOINT_URL_S3": self.address,
        }

    @property
    def bucket(self) -> str:
        """The name of the test's bucket."""
        return f"{self.prefix}bucket"

    def client(self, service: str) -> Any:
        """boto3's, for what a test does itself: one for all tests, as to make one takes longer than most."""
        return _client(service, self.address)

    def lend(self, door: Door) -> None:
        """Let a door of the bot's use the same one."""
        door._client = self.client(door.service)
        if isinstance(door, Sqs):
            self.lend(door.hasty)

    def make_bucket(self) -> None:
        """Make the test's bucket."""
        where = {"LocationConstraint": REGION}
        self.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration=where)

    def pass_time(self, seconds: float) -> None:
        """Put the clock of the test's queues forward."""
        self._do("pass-time", seconds=seconds)

    def fail(self, operation: str, **how: Any) -> None:
        """Let the next calls of an operation go wrong; `how` as in `tests.aws.server.Fault`."""
        self._do("fail", operation=operation, **({"times": 1} | how))

    def heal(self) -> None:
        """Let no call go wrong any more."""
        self._do("heal")

    def calls(self) -> list[str]:
        """The operations that were called, in their order."""
        return [operation for _, operation in self._do("calls")]

    def _do(self, verb: str, **asked: Any) -> Any:
        body = json.dumps({"prefix": self.prefix, **asked}).encode()
        request = urllib.request.Request(f"{self.address}/-/{verb}", body)  # noqa: S310 - http, on this machine
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return json.load(answer)


@cache
def _client(service: str, address: str) -> Any:
    made: Any = boto3.Session()
    return made.client(
        service,
        region_name=REGION,
        endpoint_url=address,
        aws_access_key_id="AKIAFACETAGTEST00000",
        aws_secret_access_key="the-secret-of-the-test",
        config=Config(retries={"total_max_attempts": 1}),
    )


@contextmanager
def running_amazon(folder: Path) -> Iterator[Amazon]:
    """The services that run for whoever names the same folder; started by the first, and gone with the last.

    The server ends when nobody holds the other end of its input any more, however they went.
    """
    pipe, address = folder / "amazon.pipe", folder / "amazon.address"
    with (folder / "amazon.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not pipe.exists():
            os.mkfifo(pipe)
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # or opening the other end would wait for one
        holding = os.open(pipe, os.O_WRONLY)
        if not _answers(address):
            os.set_blocking(reading, True)
            server = subprocess.Popen(
                [sys.executable, "-m", "tests.aws.server"], stdin=reading, stdout=subprocess.PIPE, text=True
            )
            assert server.stdout is not None
            with server.stdout:
                address.write_text(server.stdout.readline().strip())
            server.returncode = 0  # nobody waits for it: it may outlive this process
            # moto loads a service at its first call, which takes longer than the bot waits for some answers.
            Amazon(address.read_text()).client("sqs").list_queues()
            Amazon(address.read_text()).client("s3").list_buckets()
        os.close(reading)
    try:
        yield Amazon(address.read_text())
    finally:
        os.close(holding)


def _answers(address: Path) -> bool:
    """Whether the services run: all who used them may have gone before the next one came."""
    try:
        Amazon(address.read_text()).calls()
    except OSError:
        return False
    return True


def use(amazon: Amazon, environ: pytest.MonkeyPatch) -> None:
    """Let what this process calls AWS by be these services, and nothing else of this machine's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        environ.delenv(name)
    environ.setenv("AWS_CONFIG_FILE", "/nowhere/at/all")
    environ.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere/at/all")
    environ.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in amazon.environment().items():
        environ.setenv(name, value)
    boto.session.cache_clear()
