"""`backup`, beside a bot and alone: what it takes, what it leaves out, and what comes out of it again."""

import hashlib
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tagbot.database.models.photos import Photo
from tagbot.maintenance.backup.full_backup import back_up
from tests.commands.conftest import Run
from tests.world import World, portrait, write_new_files


def unpacked(file: Path, into: Path) -> Path:
    """As the command says."""
    into.mkdir()
    subprocess.run(["tar", "-xf", file, "-C", into], check=True)
    return into


def content_of(data_dir: Path) -> dict[str, object]:
    """Rows of databases, bytes of all else."""
    return {
        path.relative_to(data_dir).as_posix(): rows(path) if path.suffix == ".db" else path.read_bytes()
        for path in data_dir.rglob("*")
        if path.is_file() and not path.name.endswith(("-wal", "-shm", "lock", ".migrating"))
    }


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {table: sorted(opened.execute(f'SELECT * FROM "{table}"'), key=str) for table in tables}  # noqa: S608 - its own names


@pytest.mark.process
@pytest.mark.rule("backup")
def test_all_tables_queues_pictures_and_photos_come_out_as_they_were(world: World, run: Run) -> None:
    data_dir = world.settings.data_dir
    face = world.face(posted=True)
    world.face()
    world.publish(world.answer(face, world.slack.people[0], "dont_know"))
    (data_dir / "inbox" / "album").mkdir()
    (data_dir / "inbox" / "album" / "photo.jpg").write_bytes(portrait(1))
    (data_dir / "rejected").mkdir(exist_ok=True)
    (data_dir / "rejected" / "a.txt").write_text("no photo")
    (data_dir / "models").mkdir()
    (data_dir / "models" / "a.onnx").write_text("a model")
    (data_dir / "bot-id").write_text("an id")
    (data_dir / "images" / ".crop.jpg-x").write_text("still being written")
    (data_dir / "of-a-later-version" / "x").mkdir(parents=True)
    (data_dir / "of-a-later-version" / "x" / "y.key").write_text("a key")
    (data_dir / "bot.log").write_text("the operator's own")
    (data_dir / "earlier.tar").write_text("as well")
    with closing(sqlite3.connect(data_dir / "tagbot.db")) as other:
        other.execute("CREATE TABLE of_a_later_version (a)")
        other.execute("INSERT INTO of_a_later_version VALUES (7)")
        other.commit()
    file = data_dir.parent / f"{data_dir.name}.tar"
    told = run("backup", str(file), DATA_DIR=str(data_dir))
    assert (told.code, told.err) == (0, "")
    again = unpacked(file, data_dir.parent / f"{data_dir.name}-again")
    there = content_of(again)
    here = content_of(data_dir)
    assert {name for name in here if name not in there} == {"images/.crop.jpg-x", "bot.log", "earlier.tar"}
    with closing(sqlite3.connect(again / "tagbot.db")) as other:
        [(revision, shown_revision)] = other.execute("SELECT revision, shown_revision FROM request")
        assert revision > shown_revision, "it is to be shown anew: by then, Slack may show it closed"
        other.execute("UPDATE request SET revision = shown_revision")
        other.commit()
    there = content_of(again)
    assert there == {name: content for name, content in here.items() if name in there}
    assert here["tagbot.db"]["of_a_later_version"] == [(7,)]  # type: ignore[index]  # it is a database
    assert f"{file} has all that was in {data_dir}" in told.out
    assert told.out.count("Not in it: ") == 1, "but for the settings"


@pytest.mark.process
@pytest.mark.rule("backup")
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_with_a_database_server_queues_and_pictures_are_in_it(world: World, run: Run) -> None:
    data_dir = world.settings.data_dir
    (data_dir / "tagbot.db").unlink()
    face = world.face(posted=True)
    world.publish(world.answer(face, world.slack.people[0], "dont_know"))
    file = data_dir.parent / f"{data_dir.name}.tar"
    told = run("backup", str(file), DATA_DIR=str(data_dir), DATABASE_URL=world.settings.database_url)
    assert told.code == 0, told.err
    assert "Not in it: the database, which lies on a server: back it up there, right after this" in told.out
    there = content_of(unpacked(file, data_dir.parent / f"{data_dir.name}-again"))
    assert "tagbot.db" not in there
    assert there == content_of(data_dir)
    assert {name.rpartition("/")[2] for name in there if name.startswith("images/")} >= {"crop.jpg"}


@pytest.mark.process
@pytest.mark.rule("backup")
def test_what_lies_elsewhere_on_this_machine_is_in_it_too(tmp_path: Path, run: Run) -> None:
    write_new_files(tmp_path / "data")
    (tmp_path / "data" / "tagbot.db").rename(tmp_path / "faces.db")
    (tmp_path / "pictures" / "4f").mkdir(parents=True)
    (tmp_path / "pictures" / "4f" / "a.jpg").write_bytes(b"a picture")
    elsewhere = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/faces.db",
        "IMAGE_STORE": f"{tmp_path}/pictures",
        "INBOX": f"{tmp_path}/drop",
    }
    told = run("backup", "a.tar", **elsewhere)
    assert told.code == 0, told.err
    there = content_of(unpacked(tmp_path / "a.tar", tmp_path / "again"))
    assert there["images/4f/a.jpg"] == b"a picture"
    assert there["tagbot.db"] == rows(tmp_path / "faces.db")
    assert "Not in it: the photos that wait in INBOX" in told.out
    assert "Its tagbot.db belongs to where DATABASE_URL says" in told.out
    assert "Its folder images belongs to where IMAGE_STORE says" in told.out


@pytest.mark.rule("backup")
def test_what_lies_on_servers_is_left_out_and_named(tmp_path: Path, run: Run) -> None:
    write_new_files(tmp_path / "data")
    told = run(
        "backup",
        "a.tar",
        DATABASE_URL="postgresql://bot:geheim@127.0.0.1:1/faces",
        QUEUE_URL="sqs://facetag",
        IMAGE_STORE="s3://bucket/pictures",
        INBOX="s3://bucket/inbox",
        TRAINING_BACKEND="rekognition",
    )
    assert told.code == 0, told.err
    for lies in (
        "the database, which lies on a server",
        "Amazon SQS",
        "the pictures, which lie at Amazon S3",
        "INBOX",
        "Rekognition",
    ):
        assert lies in told.out
    assert "geheim" not in told.out + told.err


@pytest.mark.rule("backup-whole")
def test_it_says_why_it_cannot_be_done(tmp_path: Path, run: Run) -> None:
    told = run("backup", "a.tar")
    assert (told.code, told.err.count("\n")) == (1, 1)
    assert "no bot has been at work" in told.err
    assert not (tmp_path / "data").exists()
    write_new_files(tmp_path / "data")
    (tmp_path / "there.tar").touch()
    assert "there.tar is there already" in run("backup", "there.tar").err
    (tmp_path / "data" / "inbox").mkdir()
    assert "would lie in" in run("backup", "data/inbox/a.tar").err
    assert {each.name for each in tmp_path.iterdir()} == {"data", "there.tar"}


@pytest.mark.process
@pytest.mark.rule("backup")
def test_a_photo_that_moves_on_meanwhile_is_not_lost(world: World) -> None:
    """It is still in the inbox when that is listed, and taken over before the moment itself; or the other way
    round.
    """
    inbox = world.settings.data_dir / "inbox"
    for number in range(3):
        (inbox / f"{number}.jpg").write_bytes(portrait(number))
        (inbox / f"{number}.json").write_text('{"faces": []}')
    backup = world.settings.data_dir.parent / f"{world.settings.data_dir.name}.tar"

    def meanwhile(files: object) -> object:
        for number, each in enumerate(files):  # type: ignore[var-annotated,arg-type]  # of whatever is copied
            if number == 0 and not Photo.select().count():
                while Photo.select().count() < 3:
                    world.offset += 2  # for so long, they have stood still
                    world.drain()
                (inbox / "late.jpg").write_bytes(portrait(99))
            yield each

    back_up(world.settings, backup, meanwhile)  # type: ignore[arg-type]  # as above
    again = unpacked(backup, world.settings.data_dir.parent / f"{world.settings.data_dir.name}-again")
    known = {row[0] for row in rows(again / "tagbot.db")["photo"]}
    waiting = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (again / "inbox").glob("*.jpg")}
    wanted = {hashlib.sha256(portrait(number)).hexdigest() for number in (0, 1, 2, 99)}
    assert known | waiting == wanted
    assert Photo.select().count() == 3
