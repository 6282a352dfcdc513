"""The words of `status` say what waits and why."""

import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from tagbot.database.models.base import database
from tagbot.database.models.bookkeeping import Notice
from tagbot.database.models.consents import ConsentStatement
from tagbot.database.models.faces import Face
from tagbot.database.models.guesses import Guess
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.write_lock import writing
from tagbot.handlers.facetag_command import answer
from tagbot.messages import FaceStored
from tagbot.monitoring import status_figures, status_words
from tagbot.monitoring.heartbeat import Heartbeat
from tagbot.queues.disk import disk_queues
from tagbot.slack import words as said_words
from tagbot.vocabulary import QueueName
from tests.database.rows import a_face
from tests.monitoring.failing import collect, trouble
from tests.world import World


def words(world: World) -> str:
    return status_words.in_words(collect(world))


def test_an_empty_bot_has_nothing_to_tell(world: World) -> None:
    figures = collect(world)
    assert figures["faces"] == dict.fromkeys(("waiting", "open", "training", "tagged", "rejected"), 0)
    assert list(figures["queues"]) == list(QueueName)
    assert words(world).splitlines() == [
        "Faces: 0 tagged, 0 open, 0 being learned, 0 waiting to be asked about, 0 set aside.",
        "No bot is running.",
        "Nothing is waiting between the stages.",
    ]


def test_the_words_say_what_waits_and_why(world: World) -> None:
    for how in ("delayed", "dead", "dead"):
        trouble(world, world.face(), how)
    trouble(world, world.face(), "dead", "the picture is missing")
    lines = words(world).splitlines()
    assert "Faces: 0 tagged, 0 open, 0 being learned, 4 waiting to be asked about, 0 set aside." in lines
    assert "images-in-db: 1 waiting for another attempt, 3 given up (dead letters)." in lines
    [delayed] = [line for line in lines if "another attempt because" in line]
    assert delayed.startswith("images-in-db: 1 waiting for another attempt because: Slack is away.")
    assert delayed.endswith("Next attempt in 60 minutes.")
    assert "images-in-db: 2 given up because: Slack is away." in lines
    assert "images-in-db: 1 given up because: the picture is missing." in lines


def test_what_is_wrong_is_told_apart_from_what_is_well(world: World) -> None:
    assert status_words.troubles(collect(world)) == []
    trouble(world, world.face(), "dead")
    trouble(world, world.face(), "delayed", "Slack was busy once")
    with writing():
        Notice.create(name="disk", text="the disk is full", since=0)
        Heartbeat.of(world.services, seen_at=1).store()
    silent, *others = sorted(
        status_words.troubles(collect(world)), key=lambda line: "was last seen" not in line
    )
    assert silent.startswith("Bot on ")
    assert sorted(others) == ["images-in-db: 1 given up because: Slack is away.", "the disk is full."]


@pytest.mark.parametrize(
    ("number", "line"), [(1, "Inbox: 1 photo to take over."), (2, "Inbox: 2 photos to take over.")]
)
def test_photos_in_the_inbox_are_counted_without_their_sidecars_and_hidden_files(
    world: World, number: int, line: str
) -> None:
    inbox = world.settings.data_dir / "inbox"
    for each in range(number):
        (inbox / f"{each}.jpg").write_bytes(b"x")
        (inbox / f"{each}.json").write_bytes(b"{}")
    (inbox / ".hidden.jpg").write_bytes(b"x")
    assert line in words(world).splitlines()


@pytest.mark.rule("photo-without-face")
@pytest.mark.failure("no-face", shows="who is told")
def test_photos_without_faces_are_counted(world: World) -> None:
    with writing():
        Photo.insert(sha256="0" * 64, width=1, height=1, faces_found=0, received_at=1.0).execute()
    assert collect(world)["photos_without_faces"] == 1
    assert "Photos in which no face was found: 1." in words(world).splitlines()


def test_a_queue_that_cannot_be_reached_is_told_and_not_counted_as_empty(world: World) -> None:
    trouble(world, world.face(), "dead")
    world.queues["face-tagging"].close()
    figures = collect(world)
    queues, unusable = figures["queues"], figures["unusable"]
    assert set(queues["face-tagging"].values()) == {None}
    assert queues["images-in-db"]["dead"] == 1, "it hides nothing of the others"
    assert list(unusable) == ["face-tagging"]
    told = words(world)
    assert "Please look at this: the queue face-tagging cannot be reached" in told
    assert "Nothing is waiting" not in told


def test_what_whoever_asks_finds_too_is_mentioned_once(world: World) -> None:
    world.queues["face-tagging"].close()
    [problem] = collect(world)["unusable"].values()
    Notice.put("the same", problem, 1.0)
    assert words(world).count("Please look at this") == 1


def test_the_words_say_how_long_the_oldest_waits_and_when_the_next_attempt_is(world: World) -> None:
    world.offset = -3 * 3600
    world.publish(FaceStored(face_id="F"))
    busy = world.queues["images-in-db"].get(0)
    assert busy is not None
    busy.retry_after(6 * 3600, "Rekognition is busy")
    world.offset = -600
    trouble(world, world.face(), "dead")
    figures = collect(world)
    lines = words(world).splitlines()
    assert (
        "images-in-db: 1 waiting for another attempt, 1 given up (dead letters). The oldest came 3 hours ago."
        in lines
    )
    assert (
        "images-in-db: 1 waiting for another attempt because: Rekognition is busy."
        " The first of them came 3 hours ago. Next attempt in 3 hours." in lines
    )
    assert "images-in-db: 1 given up because: Slack is away. The first of them came 10 minutes ago." in lines
    assert said_words.RETRY_THEM in lines
    delayed = next(each for each in figures["troubles"] if each["state"] == "delayed")
    since, until = (datetime.fromisoformat(delayed[key]) for key in ("since", "until"))
    assert (until - since).total_seconds() == pytest.approx(6 * 3600, abs=60)
    assert figures["oldest"]["images-in-db"] == delayed["since"]
    assert figures["oldest"]["face-undo"] is None


def test_without_dead_letters_nobody_is_sent_to_retry(world: World) -> None:
    trouble(world, world.face(), "delayed")
    assert said_words.RETRY_THEM not in words(world)


def test_in_slack_it_fits_into_a_message_however_much_is_wrong(world: World) -> None:
    for number in range(40):
        world.publish(FaceStored(face_id=f"F{number}"))
        delivery = world.queues["images-in-db"].get(0)
        assert delivery is not None
        delivery.bury(f"reason {number}: " + "x" * 1000)
    figures = collect(world)
    said = status_words.in_words(figures, status_words.SLACK_LETTERS)
    assert len(said) <= status_words.SLACK_LETTERS
    *shown, last = said.splitlines()
    assert shown[0].startswith("Faces: ")
    assert last == said_words.more_lines(len(words(world).splitlines()) - len(shown))
    assert shown[-1].endswith("….")
    assert len(figures["troubles"][0]["error"]) > 1000, "programs get all of it"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "1 minute"), (89, "1 minute"), (600, "10 minutes"), (7199, "120 minutes"), (7200, "2 hours"),
        (86_400, "24 hours"), (172_800, "2 days"),
    ],
)  # fmt: skip
def test_a_time_is_told_in_one_unit(seconds: float, said: str) -> None:
    assert said_words.duration(seconds) == said


@pytest.mark.ci
def test_with_a_hundred_thousand_messages_it_answers_within_a_second(tmp_path: Path, world: World) -> None:
    file = tmp_path / "many" / "images-in-db.db"
    with disk_queues(file.parent, QueueName):
        pass
    kinds = [(1, ""), (3, "Slack is away"), (9, "a scope is missing")]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(
            "INSERT INTO ack_queue_messages (status, error, data, timestamp, message_id, key)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                (*kinds[number % 3], "{}" * 100, 1e9 + number, f"m{number}", f"F{number}")
                for number in range(100_000)
            ),
        )
    with disk_queues(file.parent, QueueName) as queues:
        started = time.thread_time()
        figures = status_figures.collect(queues, world.services.inbox)
        said = status_words.in_words(figures, status_words.SLACK_LETTERS)
        assert time.thread_time() - started < 1
    counts = figures["queues"]["images-in-db"]
    assert counts == {"ready": 33_334, "delayed": 33_333, "in_flight": 0, "dead": 33_333}
    assert "33333 given up because: a scope is missing." in said


def asks_for_status(world: World) -> dict[str, str]:
    """The command of a member who has a say."""
    return {"text": "status", "user_id": world.slack.people[0], "channel_id": world.slack.channel}


def test_while_the_database_is_away_the_bot_says_so_and_how_the_connection_is(world: World) -> None:
    assert answer(asks_for_status(world), world.services).startswith("Faces: 0 tagged")
    database.execute_sql("ALTER TABLE notice RENAME TO elsewhere")
    first, second = answer(asks_for_status(world), world.services).splitlines()
    assert first.startswith("I cannot tell just now: the database cannot be reached: no such table: notice")
    assert second.startswith("Slack: not connected")


@pytest.mark.rule("harmless-output")
def test_what_others_wrote_is_harmless_on_a_terminal_and_in_slack(world: World) -> None:
    trouble(world, world.face(), "dead", "cannot read <!channel>\x1b[2J\u202e.jpg\nimages-in-db: fine")
    [line] = [line for line in words(world).splitlines() if "given up because" in line]
    assert line.endswith(r"cannot read <!channel>\x1b[2J\u202e.jpg\nimages-in-db: fine.")
    told = answer(asks_for_status(world), world.services)
    assert "<!channel>" not in told
    assert r"cannot read &lt;!channel&gt;\x1b[2J\u202e.jpg\nimages-in-db: fine." in told


@pytest.mark.rule("entry-own-affair")
@pytest.mark.failure("entry-unusable", shows="who is told")
def test_what_cannot_be_looked_at_in_the_inbox_is_named(world: World) -> None:
    inbox = world.settings.data_dir / "inbox"
    (inbox / "loop.jpg").symlink_to("loop.jpg")
    (inbox / "<!channel>.jpg").symlink_to("nowhere")
    lines = words(world).splitlines()
    why = f"“loop.jpg” in the inbox {inbox} is left there: a link that leads back to itself"
    assert f"Please look at this: {why}." in lines
    assert collect(world)["inbox_problems"][-1] == why
    asked = asks_for_status(world)
    assert "“&lt;!channel&gt;.jpg” in the inbox" in answer(asked, world.services)


@pytest.mark.rule("dealt-with-stays")
@pytest.mark.failure("inbox-not-writable", shows="who is told")
def test_an_inbox_that_keeps_what_was_taken_over_is_named(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    rejected = world.settings.data_dir / "rejected"
    (world.settings.data_dir / "inbox/photo.jpg").write_bytes(b"no picture")
    rejected.rmdir()
    rejected.write_text("in the way")
    world.services.inbox.refuse("photo.jpg", "no picture")
    asked = asks_for_status(world)
    said = f"stay in the inbox {world.settings.data_dir / 'inbox'}"
    Heartbeat.of(world.services).store()
    assert f"The inbox fails: photos that are taken over or refused {said}" in answer(asked, world.services)
    assert said in caplog.text


@pytest.mark.rule("machine-record-of-people-alone")
def test_that_the_machine_has_a_vote_or_has_lost_it_is_told(world: World) -> None:
    def told(*, may_vote: bool = True) -> str:
        found = status_figures.collect(world.queues, world.services.inbox, may_vote=may_vote)
        return status_words.in_words(found)

    anna = Person.with_slack_id("UANNA", 1.0)
    with writing():  # one transaction is written to the disk once
        for number in range(381):
            face = a_face()
            Guess.create(face=face.id, round=1, person=anna.id, at=1.0, votes=False)
            Guess.judge(face.id, 1, anna, float(number), had_vote=False)
    assert "The machine has a vote: it was right about 381 of the last 381 faces" in told()
    assert "machine" not in told(may_vote=False)
    wrong = a_face()
    Guess.create(face=wrong.id, round=1, person=anna.id, at=1.0, votes=False)
    Guess.judge(wrong.id, 1, None, 1000.0, had_vote=False)
    assert "The machine has no vote, or none any more: it was right about 381 of the last 382" in told()


@pytest.mark.rule("consent-before-learning")
def test_faces_that_wait_for_a_yes_are_counted_but_not_those_of_who_said_no(world: World) -> None:
    for person, said in ((world.slack.people[2], None), (world.slack.people[3], "refused")):
        face = world.face()
        row = Person.with_slack_id(person, 1.0)
        Face.update(state="tagged", person=row, reason="no_consent", tagged_at=1.0).where(
            Face.id == face.id
        ).execute()
        if said is not None:
            ConsentStatement.note(row.id, said, at=1.0, way="Slack", text_id=None)
    assert collect(world)["waiting_for_consent"] == 1
    assert "1 tagged face waits for a person's yes before it is learned." in words(world)
