"""Model and waiting faces in memory, as the stores have them."""

from collections.abc import Collection, Iterator

import pytest

from tagbot.recognition.description import Description
from tagbot.recognition.groups import WaitingFace
from tagbot.recognition.model_memory import ModelMemory
from tagbot.recognition.waiting_memory import WaitingMemory
from tests.recognition.people import THRESHOLDS, vectors, waiting

NOW = 2000.0


class Model:
    """A stored model."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, Description, int]] = {}
        self.number = 0

    def learn(self, face_id: str, person: str, vector: Description) -> None:
        self.number += 1
        self.rows[face_id] = person, vector, self.number

    def since(self, number: int) -> Iterator[tuple[str, str, str, bytes, int]]:
        for face_id, (person, vector, own) in self.rows.items():
            if own > number:
                yield face_id, person, vector.model, vector.vector, own

    def count(self) -> int:
        return len(self.rows)

    def persons(self) -> Collection[str]:
        return self.rows.keys()


class Faces:
    """Stored faces that wait, or have a message."""

    def __init__(self, *faces: WaitingFace) -> None:
        self.faces = {face.id: face for face in faces}
        self.with_message: set[str] = set()

    def count(self) -> int:
        return len(self.ids())

    def ids(self) -> set[str]:
        return self.faces.keys() - self.with_message

    def read(self, ids: Collection[str]) -> Iterator[tuple[str, str, float, bool, str | None, bytes | None]]:
        for face in (self.faces[face_id] for face_id in ids if face_id in self.faces):
            vector = face.vector
            described = (vector.model, vector.vector) if vector else (None, None)
            yield face.id, face.photo, face.stored_at, face.poor, *described


def next_group(memory: WaitingMemory, most: int = 9) -> list[str]:
    """Where one place is free."""
    [group] = memory.next_groups(NOW, most, 1)
    return group


def test_the_model_is_known_as_it_is_now() -> None:
    stored = Model()
    memory = ModelMemory(stored, THRESHOLDS)
    first, second, third = vectors(1, 3)
    assert memory.nearest([first], 3) == []
    stored.learn("F1", "Anna", first)
    assert [each.person for each in memory.nearest([second], 3)] == ["Anna"]
    stored.learn("F1", "Ben", first)
    assert [each.person for each in memory.nearest([second], 3)] == ["Ben"]
    stored.learn("F2", "Chiara", third)
    del stored.rows["F1"]
    assert [each.person for each in memory.nearest([second], 3)] == ["Chiara"]
    del stored.rows["F2"]
    assert memory.nearest([second], 3) == []


def test_faces_that_came_and_went_behind_its_back_are_noticed() -> None:
    one, two = vectors(1, 2)
    stored = Faces(waiting("A", one))
    memory = WaitingMemory(stored, None, THRESHOLDS)
    assert next_group(memory) == ["A"]
    stored.faces["B"] = waiting("B", two)
    assert sorted(next_group(memory)) == ["A", "B"]
    del stored.faces["A"]
    assert next_group(memory) == ["B"]


def test_what_was_taken_waits_no_more() -> None:
    stored = Faces(*(waiting(f"F{number}", vector) for number, vector in enumerate(vectors(1, 4))))
    memory = WaitingMemory(stored, None, THRESHOLDS)
    group = next_group(memory, 3)
    assert len(group) == 3
    for face_id in group:
        del stored.faces[face_id]
    memory.taken(group)
    assert next_group(memory, 3) == list(stored.faces)


@pytest.mark.rule("groups")
def test_for_several_places_there_are_several_groups_though_the_stored_faces_change_only_later() -> None:
    stored = Faces(*(waiting(f"F{number}", vector) for number, vector in enumerate(vectors(1, 4))))
    memory = WaitingMemory(stored, None, THRESHOLDS)
    groups = memory.next_groups(NOW, 3, 5)
    assert [len(group) for group in groups] == [3, 1]
    assert {*groups[0], *groups[1]} == set(stored.faces)
    assert len(memory.next_groups(NOW, 9, 5)) == 1, "they wait still where nobody asked about them"


def test_a_face_with_a_message_gets_its_group_where_all_have_room() -> None:
    one, two = vectors(1, 2)
    stored = Faces(waiting("A", one), waiting("B", two))
    stored.with_message = {"B"}
    memory = WaitingMemory(stored, None, THRESHOLDS)
    assert sorted(memory.group_around("B", NOW, 9, places=2)) == ["A", "B"]


def test_where_there_is_less_room_others_come_first() -> None:
    *three, alone = [*vectors(1, 3), *vectors(2, 1)]
    stored = Faces(*(waiting(f"F{number}", vector) for number, vector in enumerate(three)))
    stored.faces["alone"] = waiting("alone", alone)
    stored.with_message = {"alone"}
    memory = WaitingMemory(stored, None, THRESHOLDS)
    assert memory.group_around("alone", NOW, 9, places=1) == []
    assert len(memory.group_around("F1", NOW, 9, places=1)) == 3


def test_of_two_alike_the_one_whom_the_model_knows_comes_first() -> None:
    model, (known, learned), [unknown] = Model(), vectors(1, 2), vectors(2, 1)
    stored = Faces(waiting("unknown", unknown), waiting("known", known))
    memory = WaitingMemory(stored, ModelMemory(model, THRESHOLDS), THRESHOLDS)
    next_group(memory)
    model.learn("F", "Anna", learned)
    assert next_group(memory) == ["known"]
