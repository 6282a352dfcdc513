"""What the log has of a message's id: all of it but whose account it is about."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.lib.logged_ids import logged
from tagbot.messages import (
    AnswerGiven,
    ConsentChanged,
    FacesStruckOut,
    FaceStored,
    FaceTagged,
    ForgetAsked,
    Message,
    PersonAdded,
    PhotoPosted,
    PhotosAsked,
    TrainingRefused,
)
from tests.source import PACKAGE, nodes_of, python_files

FACE = "3f0c1d52-6d0a-4a52-9c5e-2b1f0f6a7d11"
ANNA, BEN = "U0ANNA0001", "W0BEN00001"

IDS = re.compile(r"(message|messages\[0\]|delivery)\.id|message_id")


@pytest.mark.rule("no-slack-id-in-log")
@pytest.mark.parametrize("account", [ANNA, BEN, "U1"])
@pytest.mark.parametrize("kind", ["answer", "vote", "an admin's wish", "struck out"])
def test_a_short_hash_stands_in_place_of_an_account(kind: str, account: str) -> None:
    messages: dict[str, Message] = {
        "answer": AnswerGiven(face_id=FACE, tagger=account, answer=ANNA, at=1.5),
        "vote": FaceTagged(face_id=FACE, cause=f"{account}:1.500000"),
        "an admin's wish": FaceTagged(face_id=FACE, cause=f"anyway:{account}:1.500000"),
        "struck out": FacesStruckOut(face_id=FACE, by=account, at=1.5),
    }
    message = messages[kind]
    told = logged(message.id)
    before, after = message.id.split(account)
    assert re.fullmatch(rf"{re.escape(before)}[0-9a-f]{{8}}{re.escape(after)}", told)
    assert logged(message.id) == told, "lines about one message are found by its id"


@pytest.mark.rule("no-slack-id-in-log")
def test_lines_do_not_tell_which_of_them_are_about_one_account() -> None:
    first, second = (
        logged(AnswerGiven(face_id=FACE, tagger=ANNA, answer=BEN, at=at).id) for at in (1.5, 2.5)
    )
    assert first.split(":")[3] != second.split(":")[3]


@pytest.mark.parametrize(
    "message",
    [
        FaceStored(face_id=FACE, round=2),
        FaceTagged.after_consent(FACE, 1, 1.5),
        TrainingRefused(face_id=FACE, reason="not_a_face"),
        PersonAdded(person_id=FACE),
        ConsentChanged(person=ANNA, said="given", at=1.5),
        PhotosAsked(person=ANNA, at=1.5),
        ForgetAsked(receipt=FACE, person=ANNA),
        PhotoPosted(file="F0PHOTO001", by=ANNA, at="1.500000"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_an_id_that_is_nobodys_is_told_as_it_is(message: Message) -> None:
    assert logged(message.id) == message.id


@pytest.mark.rule("no-slack-id-in-log")
def test_no_line_has_the_id_of_a_message_in_another_way() -> None:
    assert list(raw_ids("log.info('done %s', delivery.id)")) == ["delivery.id"]
    assert list(raw_ids("log.info('done %s', extra={'id': messages[0].id})")) == ["messages[0].id"]
    assert list(raw_ids("log.info('done %s', logged(delivery.id))")) == []
    found = {path.relative_to(PACKAGE).as_posix(): list(raw_ids(path)) for path in python_files("tagbot")}
    assert {name: ids for name, ids in found.items() if ids} == {}


def raw_ids(source: Path | str) -> Iterator[str]:
    """The ids of messages that calls of the log are given as they are."""
    nodes = nodes_of(source) if isinstance(source, Path) else ast.walk(ast.parse(source))
    for call in nodes:
        if isinstance(call, ast.Call) and ast.unparse(call.func).startswith("log."):
            inside = [part for part in ast.walk(call) if isinstance(part, ast.Call) and part is not call]
            hidden = {
                id(part) for each in inside if ast.unparse(each.func) == "logged" for part in ast.walk(each)
            }
            for part in ast.walk(call):
                if id(part) not in hidden and IDS.fullmatch(ast.unparse(part)):
                    yield ast.unparse(part)
