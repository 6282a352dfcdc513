"""The machine's eyes: whom in the model a face resembles, and which faces are alike."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tagbot.recognition.description import Description
from tagbot.recognition.earned_vote import has_vote, opinion
from tagbot.recognition.line_up import line_up
from tagbot.recognition.next_requests import NextRequests
from tagbot.recognition.resemblance import Nearness, Resemblance
from tagbot.recognition.thresholds import DLIB
from tagbot.training.backend import FaceSearch
from tagbot.training.recogniser_pool import RecogniserPool

if TYPE_CHECKING:  # they compute with numpy, which takes a tenth of a second to load
    from tagbot.recognition.model_memory import ModelMemory, StoredModel
    from tagbot.recognition.waiting_memory import StoredFaces, WaitingMemory


NearestPeople = Sequence[Resemblance]
"""The people of the model whom faces resemble, the nearest first."""


def as_one(nearest: NearestPeople, root: Callable[[str], str]) -> NearestPeople:
    """Merged people as the one that they are, also while the model has them apart; as near as the nearest of
    them. `root` gives who that is.
    """
    one: dict[str, Resemblance] = {}
    for each in nearest:
        one.setdefault(root(each.person), replace(each, person=root(each.person)))
    return list(one.values())


class Machine:
    """Any thread may use it that is connected to the database."""

    def __init__(
        self,
        recogniser: RecogniserPool | None,
        search: FaceSearch | None,
        model: "StoredModel",
        faces: "StoredFaces",
    ) -> None:
        """`recogniser` is None where it is not installed; `search`, the training backend's own comparison,
        where faces are compared here. The stored model and the waiting faces are brought into memory when
        they are first needed.
        """
        self.recogniser = recogniser
        self.search = search
        self._stored = model, faces
        self._lock = threading.Lock()
        self._memories: tuple[ModelMemory, WaitingMemory] | None = None

    @property
    def nearness(self) -> Nearness:
        """How near the people of the model are whom a face resembles."""
        return self.search.nearness if self.search is not None else self.model.nearness

    @property
    def may_know_somebody(self) -> bool:
        """Whether there is anybody in the model; nothing is brought into memory to tell."""
        return self.search is not None or self._stored[0].count() > 0

    def nearest(self, vectors: Sequence[tuple[str, bytes]], most: int) -> NearestPeople:
        """The people of the model nearest to faces, each as model and vector: compared on this machine."""
        return self.model.nearest([Description(*vector) for vector in vectors], most)

    def line_up(
        self, nearest: NearestPeople, names: Mapping[str, str], most: int, named: Collection[str] = ()
    ) -> tuple[str, ...]:
        """The people that a request offers, of those with a name; in the order of the names. People `named`
        in the photo itself are among them.
        """
        return line_up(nearest, names, most=most, resembles=self.nearness.resembles, named=named)

    def sure_of(self, nearest: NearestPeople) -> str | None:
        """The person for whom the machine takes all faces that these people are nearest to."""
        sure = opinion(nearest, self.nearness)
        return sure.person if sure else None

    def has_vote(self, request_id: str, faces_of_person: int, *, is_earned: bool) -> bool:
        """Whether what it is sure of counts in a request, about a person of so many learned faces."""
        return has_vote(request_id, faces_of_person, is_earned=is_earned)

    def next_requests(self, largest: int, places: int, now: Callable[[], float]) -> NextRequests:
        """Forms the requests of a channel: of at most so many faces each, so many of them open."""
        return NextRequests(lambda: self.waiting, largest, places, now)

    @property
    def model(self) -> "ModelMemory":
        """The faces that this machine learned."""
        return self._both[0]

    @property
    def waiting(self) -> "WaitingMemory":
        """The faces that wait for a place in the channel."""
        return self._both[1]

    @property
    def _both(self) -> "tuple[ModelMemory, WaitingMemory]":
        with self._lock:
            if self._memories is None:
                self._memories = self._remembered()
            return self._memories

    def _remembered(self) -> "tuple[ModelMemory, WaitingMemory]":
        from tagbot.recognition.model_memory import ModelMemory
        from tagbot.recognition.waiting_memory import WaitingMemory

        stored, faces = self._stored
        model = ModelMemory(stored, DLIB)
        return model, WaitingMemory(faces, None if self.search is not None else model, DLIB)
