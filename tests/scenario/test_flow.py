"""From a photo to a tagged face, with the bot as a process and people acting in Slack."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Message
from tests.postgresql import Server
from tests.scenario.running_bot import PATIENCE, RunningBot, quiet, running_bot
from tests.world import FACE, astronaut


def pictures(message: Message) -> list[dict[str, Any]]:
    return [block for block in message.blocks if block["type"] == "image"]


def wait_until_tagged(slack: Slack, ts: str) -> Message:
    def tagged() -> Message | None:
        message = slack.message(ts)
        return (
            message
            if message.text.startswith("Tagged as ") and "<@" not in message.text.splitlines()[0]
            else None
        )

    return slack.wait_for(tagged, "the face to be tagged by name", timeout=PATIENCE)


def tag(slack: Slack, ts: str, taggers: list[str], person: str) -> Message:
    for tagger in taggers:
        assert slack.choose(tagger, ts, "tag_person", person).acknowledged
    return wait_until_tagged(slack, ts)


def three_astronauts() -> tuple[bytes, list[dict[str, Any]]]:
    """A photo of three people side by side, and the faces as a sidecar has them."""
    portrait = Image.open(io.BytesIO(astronaut())).convert("RGB")
    group = Image.new("RGB", (3 * portrait.width, portrait.height))
    for number in range(3):
        group.paste(portrait, (number * portrait.width, 0))
    file = io.BytesIO()
    group.save(file, "JPEG", quality=90)
    faces = [
        {
            "id": f"00000000-0000-4000-8000-00000000000{number}",
            "rectangle": {
                "left": FACE.left + number * portrait.width,
                "top": FACE.top,
                "width": FACE.width,
                "height": FACE.height,
            },
        }
        for number in range(3)
    ]
    return file.getvalue(), faces


@pytest.fixture(params=["local", "rekognition", pytest.param("local on postgresql", marks=pytest.mark.ci)])
def backend(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings that choose a training backend, once with another database too."""
    if request.param == "local":
        yield {"TRAINING_BACKEND": "local"}
        return
    if request.param == "local on postgresql":
        server: Server = request.getfixturevalue("postgresql")
        with server.database() as url:
            yield {"TRAINING_BACKEND": "local", "DATABASE_URL": url}
        return
    yield request.getfixturevalue("at_rekognition")


@pytest.mark.rule(
    "photo-becomes-tagged-face", "postgresql-as-sqlite", "settings-from-environment", "backends-alike"
)
def test_a_photo_goes_in_and_a_tagged_face_comes_out(
    tmp_path: Path, stand_in: Slack, backend: dict[str, str]
) -> None:
    anna, ben, chiara, *_ = stand_in.people
    with running_bot(tmp_path, stand_in, **backend) as bot:
        bot.put("portrait.png", astronaut())
        request = stand_in.wait_for_message(timeout=PATIENCE)
        assert len(pictures(request)) == 2
        assert all(picture["slack_file"]["id"] and picture["alt_text"] for picture in pictures(request))

        done = tag(stand_in, request.ts, [anna, ben], chiara)

        assert done.text.splitlines()[0] == "Tagged as Chiara De Luca"
        status = bot.wait_for_status(quiet)
        assert status["faces"] == {"waiting": 0, "open": 0, "training": 0, "tagged": 1, "rejected": 0}
        [line] = bot.export()
        assert_is_the_line_of_the_spec(line, request, taggers=[anna, ben], person=chiara)
        assert line["training"]["backend"] == backend["TRAINING_BACKEND"]
        assert not list((tmp_path / "inbox").iterdir())
        assert bot.stop() == 0


def assert_is_the_line_of_the_spec(
    line: dict[str, Any], request: Message, *, taggers: list[str], person: str
) -> None:
    assert request.metadata is not None
    assert list(line) == [
        "face_id", "photo", "source", "rectangle", "person", "votes", "training", "tagged_at",
    ]  # fmt: skip
    assert line["face_id"] == request.metadata["event_payload"]["face_id"]
    assert list(line["rectangle"]) == ["left", "top", "width", "height"]
    assert line["person"] == {
        "id": line["training"]["person_ref"],
        "slack_id": person,
        "name": "Chiara De Luca",
        "email": "chiara@example.com",
    }
    assert [(vote["tagger"], vote["answer"]) for vote in line["votes"]] == [(who, person) for who in taggers]
    assert all(time.endswith("Z") for time in (line["tagged_at"], *(vote["at"] for vote in line["votes"])))


@pytest.mark.ci
@pytest.mark.rule("faces-from-sidecar")
def test_a_sidecar_with_three_faces_gives_three_requests(tmp_path: Path, stand_in: Slack) -> None:
    anna, ben, chiara, *others = stand_in.people
    photo, faces = three_astronauts()
    with running_bot(tmp_path, stand_in) as bot:
        bot.put("group.json", json.dumps({"source": "lobby-camera", "faces": faces}).encode())
        bot.put("group.jpg", photo)
        stand_in.wait_for(lambda: len(stand_in.messages()) == 3, "three requests", timeout=PATIENCE)
        people = [chiara, *others][:3]
        for request, person in zip(stand_in.messages(), people, strict=True):
            tag(stand_in, request.ts, [anna, ben], person)

        status = bot.wait_for_status(quiet)
        assert status["faces"]["tagged"] == 3
        lines = bot.export()
        assert {line["face_id"] for line in lines} == {face["id"] for face in faces}
        assert {line["source"] for line in lines} == {"lobby-camera"}
        assert {line["person"]["slack_id"] for line in lines} == set(people)
        assert {json.dumps(line["rectangle"]) for line in lines} == {
            json.dumps(face["rectangle"]) for face in faces
        }


@pytest.mark.ci
@pytest.mark.rule("answers-at-once", "postgresql-as-sqlite")
@pytest.mark.parametrize(
    ("database_url", "required_votes"),
    [("sqlite", 50), ("postgresql", 2)],
    indirect=["database_url"],
)
def test_fifty_people_at_the_same_instant_train_the_face_once(
    tmp_path: Path, stand_in: Slack, at_rekognition: dict[str, str], database_url: str, required_votes: int
) -> None:
    crowd = [f"U0CROWD{number:03d}" for number in range(50)]
    for member in crowd:
        stand_in.set_member(member, name=member.lower(), real_name=f"Member {member[-3:]}")
    stand_in.set_channel(members=[*stand_in.people, *crowd, stand_in.bot_user])
    person = stand_in.people[2]
    variables = {"DATABASE_URL": database_url, "REQUIRED_VOTES": str(required_votes)}
    with running_bot(tmp_path, stand_in, **variables, **at_rekognition) as bot:
        bot.put("portrait.png", astronaut())
        request = stand_in.wait_for_message(timeout=PATIENCE)
        # Slack takes a moment to show the face closed, in which all fifty still see its controls.
        stand_in.fail("chat.update", delay=2.0, times=None)

        with ThreadPoolExecutor(len(crowd)) as pool:
            acts = list(pool.map(lambda who: stand_in.choose(who, request.ts, "tag_person", person), crowd))

        stand_in.heal()
        assert all(act.acknowledged for act in acts)
        wait_until_tagged(stand_in, request.ts)
        bot.wait_for_status(quiet)
        [line] = bot.export()
        assert {vote["tagger"]: vote["answer"] for vote in line["votes"]} == dict.fromkeys(crowd, person)
        assert trainings(bot) == 1


def trainings(bot: RunningBot) -> int:
    """How often a face was claimed and carried through training, by the log."""
    log = (bot.data_dir / "bot.log").read_text()
    return log.count("FinalizeTag done")
