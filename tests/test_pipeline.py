"""The flow: closed, complete, named as the contract names it, and checked by mypy."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from mypy import api

from tagbot import pipeline
from tagbot.messages import Message, PhotoArrived
from tagbot.pipeline import PIPELINE, SOURCES, arrows, mermaid
from tagbot.vocabulary import QueueName

STAGES = [
    "DetectFaces", "IdentifyFace", "RequestTaggingOnSlack", "StoreFaceTagSql", "SendFaceForTraining",
    "EnrichUser", "FinalizeTag", "CleanupTag", "UndoTag", "SplitGroup", "StoreConsent",
    "ForgetPerson", "FetchPhoto",
]  # fmt: skip

OUR_STAGES = {"SendPhotos"}
"""Those of ours besides, which the contract does not draw."""

OUR_QUEUES = {"person-photos"}
"""The same."""

CONTRACT_QUEUES = {
    "face-found", "images-in-db", "face-tagging", "face-tagged", "face-enrich-user", "face-training-sent",
    "face-cleanup", "face-undo", "face-split", "person-consent",
    "person-forget", "slack-photo",
}  # fmt: skip

FLOW = {
    ("inbox", "inbox", "DetectFaces"),
    ("DetectFaces", "face-found", "IdentifyFace"),
    ("IdentifyFace", "images-in-db", "RequestTaggingOnSlack"),
    ("FaceTag", "face-tagging", "StoreFaceTagSql"),
    ("StoreFaceTagSql", "face-tagged", "SendFaceForTraining"),
    ("SendFaceForTraining", "face-enrich-user", "EnrichUser"),
    ("SendFaceForTraining", "face-training-sent", "FinalizeTag"),
    ("SendFaceForTraining", "face-cleanup", "CleanupTag"),
    ("WrongPerson", "face-undo", "UndoTag"),
    ("UndoTag", "images-in-db", "RequestTaggingOnSlack"),
    ("NotAllTheSame", "face-split", "SplitGroup"),
    ("SplitGroup", "images-in-db", "RequestTaggingOnSlack"),
    ("Consent", "person-consent", "StoreConsent"),
    ("ForgetMe", "person-forget", "ForgetPerson"),
    ("StoreConsent", "face-tagged", "SendFaceForTraining"),
    ("PhotoPosted", "slack-photo", "FetchPhoto"),
    ("FetchPhoto", "inbox", "DetectFaces"),
}
"""What the contract's drawing shows."""

PAIR = """
from tagbot.messages import {message}
from tagbot.pipeline import Stage
from tagbot.stages.enrich_user import enrich_user

PIPELINE = (Stage("EnrichUser", {message}, enrich_user),)
"""


@pytest.mark.rule("the-stages")
def test_the_stages_are_those_of_the_contract() -> None:
    assert [stage.name for stage in PIPELINE if stage.name not in OUR_STAGES] == STAGES
    assert len(PIPELINE) == len(STAGES) + len(OUR_STAGES)


@pytest.mark.rule("the-stages")
def test_the_queues_are_those_of_the_contract() -> None:
    assert set(QueueName) == CONTRACT_QUEUES | OUR_QUEUES
    assert len(QueueName) == len(CONTRACT_QUEUES) + len(OUR_QUEUES)


@pytest.mark.rule("the-stages")
def test_the_arrows_of_the_contract_are_all_there() -> None:
    assert set(arrows()) >= FLOW


def test_every_message_that_is_written_has_exactly_one_reader() -> None:
    readers = Counter(stage.reads for stage in PIPELINE)
    written = {message for writer in (*SOURCES, *PIPELINE) for message in writer.emits}
    assert written == set(readers)
    assert set(readers.values()) == {1}


def test_every_queue_has_one_kind_of_message() -> None:
    assert len({stage.reads.QUEUE for stage in PIPELINE}) == len(PIPELINE)


@pytest.mark.rule("who-has-a-say")
def test_whatever_people_say_names_the_member_whose_word_it_is() -> None:
    # What people say of themselves, guests say as all others.
    besides = ("inbox", "TimedJobs", "Consent", "ForgetMe", "PhotosWithMe")
    said = {message for source in SOURCES if source.name not in besides for message in source.emits}
    assert said
    assert not [message for message in said if message.said_by is Message.said_by]


def test_only_a_photo_in_the_inbox_is_never_given_up() -> None:
    assert [stage.reads for stage in PIPELINE if not stage.gives_up] == [PhotoArrived]


def test_the_drawing_shows_every_stage_and_every_queue() -> None:
    drawing = mermaid()
    assert all(name in drawing for name in (*STAGES, *OUR_STAGES, *QueueName))
    assert len(drawing.splitlines()) == 1 + len(SOURCES) + len(PIPELINE) + len(list(arrows()))


def test_the_table_has_no_annotation_as_that_would_hide_wrong_pairs() -> None:
    tree = ast.parse(Path(pipeline.__file__).read_text(encoding="utf-8"))
    assert any(
        isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PIPELINE" for node in tree.body
    )


@pytest.mark.ci
@pytest.mark.process
def test_mypy_takes_a_stage_with_its_own_message_only(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(PAIR.format(message="PersonAdded"))
    wrong.write_text(PAIR.format(message="TrainingSent"))
    out, errors, _ = api.run([str(right), str(wrong)])
    assert 'Argument 3 to "Stage" has incompatible type' in out, out + errors
    assert all("wrong.py:" in line for line in out.splitlines() if " error: " in line)
