"""The facts that travel: what they say survives the queue, older and newer versions included."""

import json

import pytest
from msgspec.structs import fields

from tagbot.errors import Reject
from tagbot.messages import (
    AnswerGiven,
    ConsentChanged,
    FaceFound,
    FaceMessage,
    FaceReopened,
    FacesStruckOut,
    FaceStored,
    FaceTagged,
    ForgetAsked,
    Message,
    PersonAdded,
    PersonMessage,
    PhotoArrived,
    PhotoPosted,
    PhotosAsked,
    TrainingRefused,
    TrainingSent,
)

EXAMPLES: list[Message] = [
    PhotoArrived(name="photo.jpg"),
    FaceFound(face_id="F", round=2),
    FaceStored(face_id="F", round=2),
    AnswerGiven(face_id="F", round=2, tagger="U1", answer="U2", at=1.25, received=1.5, message_ts="1.0"),
    AnswerGiven(face_id="F", tagger="U1", answer="", name="Zoë", email="zoe@example.com", at=2.0, clicks=4),
    FaceTagged(face_id="F", round=2, cause="U1:1.250000"),
    PersonAdded(person_id="P"),
    TrainingSent(face_id="F", round=3),
    TrainingRefused(face_id="F", reason="no_face"),
    FaceReopened(face_id="F", by="U1"),
    FacesStruckOut(face_id="F", round=2, odd_ones=("G", "H"), by="U1", at=1.25, channel="C1"),
    ConsentChanged(person="U1", said="given", at=1.25, text="T"),
    ForgetAsked(receipt="R", person="U1", never_again=True, part=2),
    PhotosAsked(person="U1", at=1.25, after="1.0 ab", channel="C1"),
    PhotoPosted(file="F1", by="U1", channel="C1", at="1.000002", number=2, out_of=3),
]
EACH = pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: type(message).__name__)


def test_every_message_has_an_example_here() -> None:
    def kinds(of: type[Message]) -> set[str]:
        return {name for kind in of.__subclasses__() for name in ({kind.__name__} | kinds(kind))}

    assert {type(message).__name__ for message in EXAMPLES} == kinds(Message) - {
        FaceMessage.__name__,
        PersonMessage.__name__,
    }


@EACH
def test_it_comes_out_of_the_queue_as_it_went_in(message: Message) -> None:
    assert type(message).from_json(json.loads(json.dumps(message.to_json()))) == message


@EACH
def test_fields_that_this_version_does_not_know_are_left_out(message: Message) -> None:
    assert type(message).from_json(message.to_json() | {"of_tomorrow": [1]}) == message


@EACH
def test_a_message_of_yesterday_with_ids_only_still_loads(message: Message) -> None:
    needed = {field.name for field in fields(message) if field.required}
    assert needed <= {"name", "face_id", "person_id", "person", "tagger", "answer", "receipt", "file"}
    body = message.to_json()
    type(message).from_json({name: body[name] for name in needed})


@EACH
def test_one_without_its_ids_is_rejected(message: Message) -> None:
    with pytest.raises(Reject, match=f"not a {type(message).__name__} message"):
        type(message).from_json({})


def test_one_with_a_field_of_another_type_is_rejected_and_no_value_is_told() -> None:
    with pytest.raises(
        Reject, match=r"^not a FaceStored message: Expected `int`, got `str` - at `\$.round`$"
    ):
        FaceStored.from_json({"face_id": "F", "round": "secret"})


def test_a_name_that_is_no_utf8_is_taken_as_it_is() -> None:
    message = PhotoArrived(name="caf\udce9.jpg")
    assert PhotoArrived.from_json(message.to_json()) == message


def test_a_message_cannot_be_changed() -> None:
    message: Message = FaceStored(face_id="F")
    with pytest.raises(AttributeError):
        setattr(message, "round", 2)  # noqa: B010 - mypy would refuse the assignment
    assert not hasattr(message, "__dict__")


@EACH
def test_its_id_begins_with_its_queue_and_is_the_same_for_the_same_fact(message: Message) -> None:
    assert message.id.startswith(f"{message.QUEUE}:")
    assert type(message).from_json(message.to_json()).id == message.id


def test_ids_tell_different_facts_apart() -> None:
    assert len({message.id for message in EXAMPLES}) == len(EXAMPLES)


def test_messages_about_one_face_share_its_key_and_no_other_does() -> None:
    assert {message.key for message in EXAMPLES if isinstance(message, FaceMessage)} == {"F"}
    assert PersonAdded(person_id="P").key == "P"


@pytest.mark.parametrize("change", [{"tagger": "U9"}, {"at": 1.000001}, {"round": 2}, {"face_id": "G"}])
def test_a_change_of_mind_is_another_answer(change: dict[str, object]) -> None:
    answer = AnswerGiven(face_id="F", tagger="U1", answer="U2", at=1.0)
    assert AnswerGiven(**(answer.to_json() | change)).id != answer.id


def test_the_message_that_claimed_a_face_is_found_again_by_its_id() -> None:
    claim = FaceTagged(face_id="F", round=2, cause="U1:1.250000")
    assert FaceTagged.from_id(claim.id, "F", 2) == claim
