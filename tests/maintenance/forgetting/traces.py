"""A search for what is left of a person, by a program of its own: it knows nothing of how the bot forgets.

Every file below the data folder is read byte by byte; every table of a server, every object at S3 and every
message at SQS as text; and all that Slack shows.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from tagbot.sandbox.driver import Slack
from tests.aws.service import Amazon


def variants(text: str) -> set[bytes]:
    """How a text may be written."""
    return {text.encode(), json.dumps(text)[1:-1].encode(), text.casefold().encode()}


def in_files(folder: Path, wanted: Mapping[str, Iterable[bytes]]) -> Iterator[str]:
    """What stands in a file, and where."""
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = file.read_bytes()
        for what, spellings in wanted.items():
            if any(each in content for each in spellings):
                yield f"{what} in {file.relative_to(folder)}"


def on_server(url: str, wanted: Mapping[str, Iterable[bytes]]) -> Iterator[str]:
    """What stands in a table of PostgreSQL."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT t::text FROM "{table}" AS t'.encode()).fetchall()  # noqa: S608 - ours
            content = "\n".join(row for (row,) in rows)
            for what, spellings in wanted.items():
                texts = {each.hex() for each in spellings} | {each.decode("latin-1") for each in spellings}
                if any(text in content for text in texts if len(text) > 3):
                    yield f"{what} in the table {table}"


def in_slack(slack: Slack, wanted: Mapping[str, Iterable[bytes]]) -> Iterator[str]:
    """What a message of the bot says, in the channel, in a thread or to somebody alone; and what a file is
    called.
    """
    messages = [message for message in slack.messages() if message.by_bot]
    messages += [message for each in messages for message in slack.replies(each.ts)]
    messages += [message for member in slack.people for message in slack.directs(member)]
    told: list[Any] = [[each.text, each.blocks, each.metadata] for each in messages]
    told += [asdict(file) for file in slack.files() if not file.deleted]
    for each in told:
        text = json.dumps(each, default=str)
        for what, spellings in wanted.items():
            if any(spelling.decode("latin-1") in text for spelling in spellings):
                yield f"{what} in Slack: {text[:200]}"


def at_amazon(aws: Amazon, wanted: Mapping[str, Iterable[bytes]], faces: Iterable[str]) -> Iterator[str]:
    """What stands in a message at SQS, and which pictures S3 still has, earlier versions included."""
    sqs, s3 = aws.client("sqs"), aws.client("s3")
    for url in sqs.list_queues(QueueNamePrefix=aws.prefix).get("QueueUrls", []):
        told = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        for message in told.get("Messages", []):
            for what, spellings in wanted.items():
                if any(each in message["Body"].encode() for each in spellings):
                    yield f"{what} in {url}"
    theirs = set(faces)
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=aws.bucket):
        latest = {each["Key"] for each in page.get("Versions", []) if each["IsLatest"]}
        for version in page.get("Versions", []):
            if not version["IsLatest"] and version["Key"].rpartition("/")[2] in ("crop.jpg", "context.jpg"):
                yield f"an earlier version of {version['Key']}"
        yield from (key for key in latest if key.split("/")[-2] in theirs)
