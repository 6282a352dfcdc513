from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFilter

from tagbot.database.opening import connected, open_database
from tagbot.photos.cropping import crop_face
from tagbot.photos.decoder import DecodedPhoto, Decoder
from tagbot.photos.decoding import read_photo
from tagbot.photos.pixels import Photo
from tagbot.photos.rectangle import Rectangle
from tagbot.photos.stored_photo import stored_photo
from tagbot.training.backend import NotSent, Refused, Trained, TrainingBackend
from tagbot.training.local import LocalBackend
from tagbot.training.rekognition.rekognition_backend import RekognitionBackend
from tagbot.vocabulary import RejectionReason
from tests.recogniser import shared_recogniser
from tests.rekognition.pictures import Box, Picture, SeenFace
from tests.rekognition.stand_in import running_rekognition
from tests.training.amazon import backend_on, forget_aws
from tests.world import DATABASE, new_database

FACE = Rectangle(175, 76, 91, 91)
"""Of the astronaut, in her photo of 512 pixels square."""


@dataclass(frozen=True)
class Rig:
    """A backend, and a look at what is in its model."""

    backend: TrainingBackend
    faces: Callable[[], dict[str, str]]
    """The person by face id."""


class Memory:
    """Vectors, for as long as the tests run."""

    def __init__(self) -> None:
        self.rows: dict[str, tuple[str, bytes]] = {}

    def put(self, face_id: str, person_ref: str, vector: bytes, model: str) -> None:
        assert model == "dlib-resnet"
        self.rows[face_id] = (person_ref, vector)

    def replace(self, face_id: str, vector: bytes, model: str) -> None:
        raise NotImplementedError

    def made_by_others(self, model: str) -> list[str]:
        assert model
        return []

    def hand_over(self, face_id: str, person_ref: str) -> bool:
        if face_id in self.rows:
            self.rows[face_id] = (person_ref, self.rows[face_id][1])
        return face_id in self.rows

    def delete(self, face_id: str) -> None:
        self.rows.pop(face_id, None)

    def count(self) -> int:
        return len(self.rows)

    def forget(self, persons: Sequence[str], face_ids: Sequence[str]) -> int:
        gone = [face for face, (person, _) in self.rows.items() if person in persons or face in face_ids]
        for face in gone:
            self.delete(face)
        return len(gone)

    def remembers(self, persons: Sequence[str], face_ids: Sequence[str]) -> bool:
        return any(face in face_ids or person in persons for face, (person, _) in self.rows.items())

    def persons(self) -> dict[str, str]:
        return {face_id: person for face_id, (person, _) in self.rows.items()}


@pytest.fixture(scope="session")
def vectors() -> Memory:
    return Memory()


@pytest.fixture(scope="session")
def local(vectors: Memory) -> LocalBackend:
    return LocalBackend(vectors, shared_recogniser())


@contextmanager
def seen(picture: bytes) -> Iterator[DecodedPhoto]:
    """A photo in a process that finds faces."""
    with Decoder(shared_recogniser()).decoded(picture) as photo:
        yield photo


@pytest.fixture(scope="session")
def local_rig(local: LocalBackend, vectors: Memory) -> Rig:
    return Rig(local, vectors.persons)


class Eyes:
    """What the stand-in of Amazon sees: what the local recogniser does, at its one look at each picture."""

    def __init__(self, local: LocalBackend, vectors: Memory) -> None:
        self._local = local
        self._vectors = vectors
        self._detected = cache(self._detect)
        self._learned = cache(self._learn)

    def __call__(self, picture: Picture) -> list[SeenFace]:
        if picture.external_id is None:
            return [
                SeenFace(
                    Box(
                        face.left / picture.width,
                        face.top / picture.height,
                        face.width / picture.width,
                        face.height / picture.height,
                    )
                )
                for face in self._detected(picture.data)
            ]
        answer = self._learned(picture.data)
        if isinstance(answer, Refused):
            return (
                [SeenFace(reasons=("LOW_SHARPNESS",))] if answer.reason == RejectionReason.TOO_BLURRED else []
            )
        return [SeenFace()]

    def _detect(self, picture: bytes) -> list[Rectangle]:
        with seen(picture) as photo:
            return self._local.detect(photo)

    def _learn(self, crop: bytes) -> Trained | Refused | NotSent:
        answer = self._local.add_face("seen by Amazon", "nobody", crop, training_id="")
        self._vectors.delete("seen by Amazon")
        return answer


@pytest.fixture(scope="session")
def eyes(local: LocalBackend, vectors: Memory) -> Eyes:
    return Eyes(local, vectors)


class Connected:
    """A backend whose calls each have a connection to the database, as a worker gives it to them."""

    def __init__(self, backend: RekognitionBackend) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._backend, name)
        if not callable(method):
            return method

        def call(*arguments: Any, **more: Any) -> Any:
            with connected():
                return method(*arguments, **more)

        return call


@pytest.fixture
def rekognition_rig(eyes: Eyes, tmp_path: Path) -> Iterator[Rig]:
    open_database(new_database(tmp_path / DATABASE))
    with running_rekognition() as service, pytest.MonkeyPatch.context() as environ:
        service.look(eyes)
        forget_aws(environ)
        for name, value in service.environment().items():
            environ.setenv(name, value)
        backend: Any = Connected(backend_on())

        def faces() -> dict[str, str]:
            whose = {face: person for person, held in service.users().items() for face in held}
            return {face_id: whose[ref] for face_id, (ref,) in service.vectors().items()}

        yield Rig(backend, faces)
        backend.close()


@pytest.fixture(params=["local", "rekognition"])
def rig(request: pytest.FixtureRequest) -> Rig:
    """Each backend in turn: another one needs a fixture NAME_rig and its name here."""
    made: Rig = request.getfixturevalue(f"{request.param}_rig")
    return made


def photo_of(name: str) -> Image.Image:
    spec = find_spec("skimage")
    assert spec
    assert spec.submodule_search_locations
    data = Path(spec.submodule_search_locations[0]) / "data" / name
    return read_photo(data.read_bytes()).image


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    return photo_of("astronaut.png")


@pytest.fixture(scope="session")
def portrait(astronaut: Image.Image) -> bytes:
    return stored_photo(Photo(astronaut))


@pytest.fixture(scope="session")
def crop(astronaut: Image.Image) -> bytes:
    return crop_face(Photo(astronaut), FACE, [])


@pytest.fixture(scope="session")
def blurred_crop(astronaut: Image.Image) -> bytes:
    return crop_face(Photo(astronaut.filter(ImageFilter.GaussianBlur(4))), FACE, [])


@pytest.fixture(scope="session", params=["chelsea.png", "coffee.png"])
def no_person(request: pytest.FixtureRequest) -> bytes:
    """A cat, a cup."""
    return stored_photo(Photo(photo_of(request.param)))


@pytest.fixture(scope="session")
def group(astronaut: Image.Image) -> bytes:
    """Three astronauts, the largest in the middle."""
    image = Image.new("RGB", (1500, 700), "grey")
    image.paste(astronaut.resize((300, 300)), (0, 0))
    image.paste(astronaut.resize((700, 700)), (400, 0))
    image.paste(astronaut.resize((400, 400)), (1100, 0))
    out = BytesIO()
    image.save(out, "JPEG", quality=92)
    return out.getvalue()
