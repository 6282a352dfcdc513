"""One face's life in any order of events: it always ends in a state that the contract allows.

People answer, change their minds and do not know; messages come again; the backend is busy or refuses; time
runs out; somebody reopens or retries; work is done in any order. The rules hold after each step, and at the
end.
"""

import time
from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tagbot.consensus import Agreed, PeopleDiffer, Unknown, Waiting, consensus
from tagbot.database.models.faces import Face
from tagbot.database.models.people import Person
from tagbot.database.models.requests import Request
from tagbot.database.models.vectors import ModelVectors, TrainedVector
from tagbot.database.models.votes import Vote
from tagbot.errors import Retry
from tagbot.maintenance.redrive import retry
from tagbot.messages import FaceReopened, FaceStored, Message
from tagbot.sandbox.driver import running_slack
from tagbot.sandbox.state import Message as Shown
from tagbot.schedule.timed_jobs import DAY_SECONDS, LEFT_BEHIND_SECONDS, expire_requests, let_waiting_in, mend
from tagbot.training.backend import Refused, Trained
from tagbot.training.local import LocalBackend
from tagbot.vocabulary import RejectionReason, SpecialAnswer, State
from tagbot.worker import workers
from tests.examples import examples
from tests.recogniser import a_recogniser
from tests.world import World, a_world, ts_of, with_publish

TAGGERS = st.integers(0, 3)
PEOPLE = st.sampled_from(["U0ANNA0001", "U0BEN00002", "Zoë"])
CHOICES = st.sampled_from(
    ["U0ANNA0001", "U0BEN00002", "Zoë", SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW, "U0LUNCHBOT"]
)
CANNOT_BE_CHOSEN = "U0LUNCHBOT"


class SwiftBackend(LocalBackend):
    """The local backend without the processor time of a look at a picture, and with moods."""

    mood = "well"

    def add_face(
        self, face_id: str, person_ref: str, crop: bytes, *, training_id: str, anyway: bool = False
    ) -> Trained | Refused:
        assert crop
        assert training_id
        assert not anyway
        if self.mood == "busy":
            raise Retry("busy")
        if self.mood == "blurred":
            return Refused(RejectionReason.TOO_BLURRED)
        ModelVectors().put(face_id, person_ref, bytes(512), "a model")
        return Trained(face_id)


class Life(RuleBasedStateMachine):
    """What may happen to one face, and what must hold all the same."""

    world: World
    backend: SwiftBackend

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Message] = []
        self.said: dict[tuple[int, str], str] = {}
        """The last answer of each round and tagger, while the round was open."""
        self.backend.mood = "well"

        def publish(message: Message) -> None:
            self.told.append(message)
            self.world.publish(message)

        self.publish = publish
        self.services = with_publish(self.world.services, publish)
        self.world.workers = workers(self.services)

    # --- what may happen -----------------------------------------------------------------------------------

    @initialize(small=st.booleans())
    def a_face_arrives(self, small: bool) -> None:
        self.id = self.world.face(size=40 if small else 91).id
        self.publish(FaceStored(face_id=self.id))
        self.finish()
        if small:
            self.somebody_retries()

    # One rule for them all: with a rule for each, Hypothesis leaves most of them out of most lives.
    @rule(event=st.deferred(lambda: EVENTS))
    def something_happens(self, event: tuple[Any, ...]) -> None:
        name, *arguments = event
        getattr(self, name)(*arguments)

    def somebody_answers(self, tagger: int, choice: str) -> None:
        face, member = self.face(), self.world.slack.people[tagger]
        if face.request_id is None or face.state not in (State.OPEN, State.TRAINING):
            return
        self.world.offset += 0.001  # no two clicks in one moment
        if choice == "Zoë":
            answer = self.world.answer(face, member, "", name="zoë" if tagger % 2 else " ZOË ")
        else:
            answer = self.world.answer(face, member, choice)
        self.publish(answer)
        if choice != CANNOT_BE_CHOSEN:
            self.said[face.round, member] = choice

    def several_answer_the_same(self, first: int, choice: str, number: int) -> None:
        for tagger in range(first, first + number):
            self.somebody_answers(tagger % 4, choice)

    def some_work_is_done(self, stages: list[int]) -> None:
        for stage in stages:
            self.work(stage)

    def all_work_is_done(self) -> None:
        self.finish()
        self.check_votes()
        self.check_slack()

    def a_message_comes_again(self, which: int) -> None:
        self.world.publish(self.told[which % len(self.told)])

    def the_backend_changes_its_mood(self, mood: str) -> None:
        self.backend.mood = mood

    def somebody_says_it_is_the_wrong_person(self, tagger: int) -> None:
        face = self.face()
        if face.state == State.TAGGED:
            self.publish(FaceReopened(face_id=self.id, round=face.round, by=self.world.slack.people[tagger]))

    def somebody_retries(self) -> None:
        retry(self.world.queues, self.id)

    def time_runs_out(self) -> None:
        self.world.offset += 15 * DAY_SECONDS
        expire_requests(self.services)

    def the_timed_jobs_run(self) -> None:
        self.world.offset += LEFT_BEHIND_SECONDS + 1
        let_waiting_in(self.services)
        mend(self.services)

    # --- what must hold ------------------------------------------------------------------------------------

    @invariant()
    def the_model_has_the_face_once_and_only_when_people_agreed(self) -> None:
        face = self.face()
        vectors = list(TrainedVector.select().where(TrainedVector.face_id == self.id))
        assert len(vectors) <= 1
        if vectors:
            assert face.state in (State.TRAINING, State.TAGGED)
            assert face.person is not None
            assert vectors[0].person_ref == face.person.training_ref
        if face.state == State.TAGGED:
            assert face.face_ref == self.id
            assert vectors
            assert face.tagged_at is not None

    @invariant()
    def votes_are_of_the_current_round_and_stay_only_where_they_should(self) -> None:
        face = self.face()
        votes = list(Vote.select().where(Vote.face == self.id))
        assert {vote.round for vote in votes} <= {face.round}
        assert CANNOT_BE_CHOSEN not in {vote.answer for vote in votes}
        if face.state == State.REJECTED and face.reason not in (
            SpecialAnswer.NOT_A_FACE,
            RejectionReason.UNKNOWN,
        ):
            assert not votes, "they stay only where people's answers are the reason"

    def each_round_is_asked_about_once(self) -> None:
        rounds = [payload["round"] for payload in map(payload_of, self.messages())]
        assert len(rounds) == len(set(rounds))
        assert all(1 <= number <= self.face().round for number in rounds)

    def work(self, stage: int) -> bool:
        """One message through one stage; a face is claimed only with people's agreement."""
        before = Face.select(Face.state).where(Face.id == self.id).scalar()
        if not self.world.workers[stage].work_once(timeout=0):
            return False
        after = self.face()
        if before == State.OPEN and after.state == State.TRAINING:
            outcome = consensus(Vote.of(self.id), self.world.settings.rule)
            if after.person is None:
                assert outcome in (Unknown(), Agreed(SpecialAnswer.NOT_A_FACE))
            else:
                assert isinstance(outcome, Agreed)
                assert Person.answered(outcome.answer, 0.0).id == after.person.id
        assert (before, after.state) in MOVES or before == after.state
        return True

    def finish(self) -> None:
        """Work until nothing is left to do, waiting for what waits for its next attempt."""
        until = time.monotonic() + 10
        while self.work_at_all_stages() or self.delayed():
            if self.backend.mood == "busy":
                self.backend.mood = "well"
            if self.delayed():
                time.sleep(0.01)  # the queue's own clock has to go on
            assert time.monotonic() < until
        self.world.show()

    def work_at_all_stages(self) -> bool:
        worked = [self.work(stage) for stage in range(len(self.world.workers))]
        return any(worked)

    def delayed(self) -> bool:
        return any(queue.counts().delayed for queue in self.world.queues.values())

    def check_votes(self) -> None:
        face = self.face()
        if face.state != State.OPEN:
            return
        assert isinstance(consensus(Vote.of(self.id), self.world.settings.rule), Waiting | PeopleDiffer)
        # A name has no person until people agree.
        stored = {vote.tagger: "Zoë" if vote.name_key == "zoë" else vote.answer for vote in Vote.of(self.id)}
        assert stored == {
            tagger: answer for (number, tagger), answer in self.said.items() if number == face.round
        }

    def check_slack(self) -> None:
        """Slack shows what the database says, and can be answered only where the face is open."""
        self.each_round_is_asked_about_once()
        face = self.face()
        for message in self.messages():
            controls = {
                element["action_id"]
                for block in message.blocks
                if block["type"] == "actions"
                for element in block["elements"]
            }
            current = payload_of(message)["round"] == face.round
            assert ("tag_person" in controls) is (current and face.state == State.OPEN)
            assert ("wrong_person" in controls) is (current and face.state == State.TAGGED)
        if face.state == State.OPEN:
            assert ts_of(face) in {message.ts for message in self.messages()}

    def teardown(self) -> None:
        if not hasattr(self, "id"):
            return
        for _ in range(2):
            self.finish()
            self.the_timed_jobs_run()
        self.finish()
        face = self.face()
        assert face.state in (State.OPEN, State.TAGGED, State.REJECTED)
        assert (face.reason is not None) is (face.state == State.REJECTED)
        assert not any(any(astuple(queue.counts())) for queue in self.world.queues.values())
        self.check_votes()
        self.check_slack()
        self.the_model_has_the_face_once_and_only_when_people_agreed()
        # It keeps no place in the channel from the next example.
        Face.update(state=State.REJECTED).where(Face.id == self.id).execute()
        if face.request_id is not None:
            Request.note(face.request_id, shown_revision=Request.revision)

    def face(self) -> Face:
        return Face.get_by_id(self.id)

    def messages(self) -> list[Shown]:
        """The requests about this face in the channel."""
        return [
            message for message in self.world.slack.messages() if payload_of(message)["face_id"] == self.id
        ]


STAGES = st.lists(st.integers(1, 7), min_size=1, max_size=8)

EVENTS: st.SearchStrategy[tuple[Any, ...]] = st.one_of(
    st.tuples(st.just("somebody_answers"), TAGGERS, CHOICES),
    st.tuples(st.just("several_answer_the_same"), TAGGERS, CHOICES, st.integers(2, 3)),
    st.tuples(st.just("several_answer_the_same"), TAGGERS, PEOPLE, st.integers(2, 3)),
    st.tuples(st.just("all_work_is_done")),
    st.tuples(st.just("some_work_is_done"), STAGES),
    st.tuples(st.just("some_work_is_done"), STAGES),
    st.tuples(st.just("all_work_is_done")),
    st.tuples(st.just("a_message_comes_again"), st.integers(0, 100)),
    st.tuples(st.just("a_message_comes_again"), st.integers(0, 100)),
    st.tuples(st.just("the_backend_changes_its_mood"), st.sampled_from(["well", "well", "busy", "blurred"])),
    st.tuples(st.just("somebody_says_it_is_the_wrong_person"), TAGGERS),
    st.tuples(st.just("somebody_retries")),
    st.tuples(st.just("time_runs_out")),
    st.tuples(st.just("the_timed_jobs_run")),
)

MOVES = {
    (State.WAITING, State.OPEN),
    (State.WAITING, State.REJECTED),
    (State.OPEN, State.TRAINING),
    (State.OPEN, State.REJECTED),
    (State.TRAINING, State.TAGGED),
    (State.TRAINING, State.REJECTED),
    (State.TAGGED, State.WAITING),
    (State.REJECTED, State.WAITING),
}


def payload_of(message: Shown) -> dict[str, Any]:
    return dict((message.metadata or {}).get("event_payload") or {})


@pytest.fixture
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Life]]:
    backend = SwiftBackend(ModelVectors(), a_recogniser())
    with (
        running_slack(file_ready_seconds=0.0, rate_limits=0.0) as slack,
        a_world(tmp_path_factory.mktemp("life"), slack, backend) as world,
    ):
        yield type("LifeThere", (Life,), {"world": world, "backend": backend})


@pytest.mark.ci
@pytest.mark.rule("five-states")
def test_in_any_order_of_events_a_face_ends_as_the_contract_says(life: type[Life]) -> None:
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=examples(15),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
