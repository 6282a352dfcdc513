"""For every operation and every fault, before and after its effect: the votes stay, the right path is taken,
and in the end there is exactly one vector for each tagged face.
"""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from tagbot.database.models.bookkeeping import Notice
from tagbot.errors import Retry
from tagbot.queues import Counts
from tests.recogniser import in_hand
from tests.rekognition.pictures import SeenFace
from tests.stages.scenes import fresh, votes
from tests.training.amazon import Amazon, a_client, assert_is_in_the_model_once

READ_SECONDS = 0.25
"""How long the bot waits for an answer where it has to wait in vain."""

BUSY: dict[str, tuple[dict[str, Any], str]] = {
    "throttled": ({"error": "ThrottlingException"}, "Rekognition is busy: ThrottlingException"),
    "too fast": (
        {"error": "ProvisionedThroughputExceededException"},
        "Rekognition is busy: ProvisionedThroughputExceededException",
    ),
    "broken": ({"error": "InternalServerError"}, "Rekognition is busy: InternalServerError"),
    "away": ({"status": 503}, "Rekognition is busy: 503"),
    "torn": ({"reset": True}, "Rekognition does not answer: ConnectionClosedError"),
    "silent": ({"hang": 2 * READ_SECONDS}, "Rekognition does not answer: ReadTimeoutError"),
    "a proxy's page": ({"status": 200}, "something between here and Rekognition answers in its place"),
}
"""What may be better at the next attempt, and what the operator reads meanwhile."""

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "denied": ({"error": "AccessDeniedException"}, "AWS denies rekognition:{}: add it to"),
    "key unknown": ({"error": "UnrecognizedClientException"}, "AWS does not take the bot's credentials"),
    "key expired": ({"error": "ExpiredTokenException"}, "AWS does not take the bot's credentials"),
}
"""What the operator has to mend."""

TRAINING = ("DescribeCollection", "CreateCollection", "CreateUser", "IndexFaces", "AssociateFaces")
REMOVING = ("DisassociateFaces", "DeleteFaces")


Faults = tuple[dict[str, Any], ...]
"""The same fault before and after the operation takes effect; what is denied, or asked for by a stranger, has
none.
"""


def rows(operations: tuple[str, ...], names: Iterable[str] = (*BUSY, *WRONG)) -> list[Any]:
    """A row for each operation and fault."""
    faults: dict[str, tuple[Faults, str]] = {
        name: (
            tuple({**fault, "effect": effect} for effect in ((False, True) if name in BUSY else (False,))),
            reason,
        )
        for name, (fault, reason) in (BUSY | WRONG).items()
    }
    return [
        pytest.param(operation, faults[name][0], faults[name][1].format(operation), id=f"{operation}-{name}")
        for operation, name in itertools.product(operations, names)
    ]


@pytest.fixture(scope="module", name="clients")
def _clients() -> Iterator[dict[bool, Any]]:
    """One that waits in vain only for a moment, and one that waits as long as the bot's."""
    with a_client(read_seconds=READ_SECONDS) as hasty, a_client() as patient:
        yield {True: hasty, False: patient}


@pytest.fixture(name="amazon")
def _amazon(
    bot_on_amazon: Amazon, clients: dict[bool, Any], request: pytest.FixtureRequest
) -> Iterator[Amazon]:
    bot_on_amazon.begin(clients["silent" in request.node.name])
    yield bot_on_amazon
    bot_on_amazon.end()


def assert_waits(amazon: Amazon, queue: str, reason: str) -> None:
    """The message waits for another attempt, and the operator can read why."""
    assert amazon.counts(queue) == Counts(delayed=1)
    assert amazon.trouble(queue).startswith(reason)
    assert [failure.reason for failure in amazon.backend.health.failing()] == [amazon.trouble(queue)]


@pytest.mark.ci
@pytest.mark.rule("outside-trouble-keeps-votes")
@pytest.mark.failure("rekognition-busy", shows="what happens")
@pytest.mark.parametrize(("operation", "faults", "reason"), rows(TRAINING))
def test_what_goes_wrong_while_a_face_is_trained_costs_another_attempt_and_nothing_else(
    amazon: Amazon, operation: str, faults: Faults, reason: str
) -> None:
    face = amazon.agreed()
    amazon.tell(face)

    for fault in faults:
        amazon.service.fail(operation, **fault)
        amazon.work("face-tagged")
        assert_waits(amazon, "face-tagged", reason)
        assert (fresh(face).state, len(votes(face))) == ("training", 2)
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)
    assert len(votes(face)) == 2
    assert list(amazon.vectors()) == [face.id]
    assert len(amazon.users()) == 1


@pytest.mark.ci
@pytest.mark.parametrize(("operation", "faults", "reason"), rows(REMOVING))
def test_what_goes_wrong_while_a_face_leaves_the_model_costs_another_attempt_and_nothing_else(
    amazon: Amazon, operation: str, faults: Faults, reason: str
) -> None:
    face = amazon.tagged()
    amazon.wrong(face)

    for fault in faults:
        amazon.service.fail(operation, **fault)
        amazon.work("face-undo")
        assert_waits(amazon, "face-undo", reason)
        assert (fresh(face).state, fresh(face).round, len(votes(face))) == ("tagged", 1, 2)
    amazon.settle()
    assert (fresh(face).state, fresh(face).round, votes(face)) == ("open", 2, {})
    assert amazon.vectors() == {}


@pytest.mark.rule("people-win")
@pytest.mark.parametrize(
    ("operation", "faults", "reason"), rows(("AssociateFaces", "DeleteFaces"), ("throttled", "torn"))
)
def test_what_goes_wrong_while_people_and_machine_differ_leaves_nothing_in_the_model(
    amazon: Amazon, operation: str, faults: Faults, reason: str
) -> None:
    person = amazon.person()
    first = amazon.tagged(person)
    amazon.service.look(lambda _: [SeenFace(similarity=20.0)])
    face = amazon.agreed(person)
    amazon.tell(face)

    for fault in faults:
        amazon.service.fail(operation, **fault)
        amazon.work("face-tagged")
        assert_waits(amazon, "face-tagged", reason)
    amazon.settle()
    assert (fresh(face).state, fresh(face).reason) == ("tagged", "differs")
    assert (fresh(face).training_backend, fresh(face).face_ref, len(votes(face))) == (None, None, 2)
    assert list(amazon.vectors()) == [first.id]
    assert_is_in_the_model_once(amazon, first)


@pytest.mark.parametrize(("operation", "faults", "reason"), rows(("DetectFaces",)))
def test_what_goes_wrong_while_faces_are_looked_for_costs_another_attempt(
    amazon: Amazon, portrait: bytes, operation: str, faults: Faults, reason: str
) -> None:
    for fault in faults:
        amazon.service.fail(operation, **fault)
        with pytest.raises(Retry) as why:
            amazon.backend.detect(in_hand(portrait))
        assert why.value.reason.startswith(reason)
    assert len(amazon.backend.detect(in_hand(portrait))) == 1
    assert Notice.select().where(Notice.name == "photos-wait").count() == 0


@pytest.mark.parametrize(("operation", "faults", "reason"), rows(("ListFaces",)))
def test_what_goes_wrong_while_the_model_is_read_is_never_taken_for_an_empty_model(
    amazon: Amazon, operation: str, faults: Faults, reason: str
) -> None:
    face = amazon.tagged()
    for fault in faults:
        amazon.service.fail(operation, **fault)
        with pytest.raises(Retry) as why:
            list(amazon.backend.faces())
        assert why.value.reason.startswith(reason)
    assert [each.face_id for each in amazon.backend.faces()] == [face.id]


@pytest.mark.parametrize("operation", ["AssociateFaces", "DisassociateFaces"])
def test_a_user_who_is_being_updated_is_waited_for(amazon: Amazon, operation: str) -> None:
    face = amazon.tagged() if operation == "DisassociateFaces" else amazon.agreed()
    amazon.service.fail(operation, error="ConflictException", times=2)
    queue = "face-undo" if operation == "DisassociateFaces" else "face-tagged"
    (amazon.wrong if queue == "face-undo" else amazon.tell)(face)

    amazon.work(queue)

    assert_waits(amazon, queue, "Rekognition is busy: ConflictException")
    amazon.settle()
    assert len(amazon.calls(operation)[-3:]) == 3
    if queue == "face-tagged":
        assert_is_in_the_model_once(amazon, face)
    else:
        assert amazon.vectors() == {}


@pytest.mark.parametrize("code", ["InvalidParameterException", "IdempotentParameterMismatchException"])
def test_what_can_only_be_a_bug_of_ours_becomes_a_dead_letter_and_costs_no_vote(
    amazon: Amazon, code: str
) -> None:
    face = amazon.agreed()
    amazon.service.fail("IndexFaces", error=code)
    amazon.tell(face)
    amazon.settle()
    assert amazon.counts("face-tagged") == Counts(dead=1)
    assert (fresh(face).state, len(votes(face))) == ("training", 2)
    assert amazon.trouble("face-tagged") == f"Rekognition refuses rekognition:IndexFaces: {code}"
    amazon.world.queues["face-tagged"].redrive()
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)


@pytest.mark.rule("outside-trouble-keeps-votes")
def test_a_machine_without_network_costs_no_vote(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    face = amazon.agreed()
    monkeypatch.setenv("AWS_ENDPOINT_URL_REKOGNITION", "http://127.0.0.1:9")
    amazon.restart()
    amazon.tell(face)
    amazon.work("face-tagged")
    assert_waits(amazon, "face-tagged", "Rekognition does not answer: EndpointConnectionError")
    monkeypatch.undo()
    amazon.restart()
    amazon.settle()
    assert_is_in_the_model_once(amazon, face)
