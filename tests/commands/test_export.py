"""`export`: the lines of the contract, as JSON and as CSV."""

import csv
import json
import sys
import zipfile
from functools import partial
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from tagbot.commands.export import cell
from tagbot.database.models.consents import ConsentStatement, ConsentText
from tagbot.database.models.export_lines import AT_ONCE, lines
from tagbot.database.models.faces import Face, store_photo
from tagbot.database.models.people import Person
from tagbot.database.models.photos import Photo
from tagbot.database.models.votes import Vote
from tagbot.database.opening import connected, open_database
from tagbot.database.write_lock import writing
from tagbot.photos.image_keys import crop_key
from tagbot.photos.image_store.folder_store import FolderStore
from tests.commands.conftest import Run
from tests.postgresql import on_every_database

pytestmark = on_every_database

SHA256 = "ab" * 32


def tagged(face_id: str, person: Person, tagged_at: float, **more: Any) -> dict[str, Any]:
    rectangle = {"left": 12, "top": 8, "width": 96, "height": 97}
    row = {"id": face_id, "photo": SHA256, "stored_at": 1.0, "state": "tagged", "person": person.id}
    return {**row, **rectangle, "tagged_at": tagged_at, **more}


@pytest.fixture
def run(run: Run, database_url: str) -> Run:
    """On every database."""
    return partial(run, DATABASE_URL=database_url)


@pytest.fixture
def anna(database_url: str) -> str:
    """A database with two tagged faces and three others; Anna's id at the bot."""
    open_database(database_url)
    with connected():
        with writing():
            anna = Person.with_slack_id("U0ANNA", 1.0)
            Person.update(name="Anna Lindqvist", email="anna@example.com").execute()
            zoe = Person.with_name("Zoë", None, 1.0)
        photo = {"sha256": SHA256, "source": "lobby, left", "taken_at": None, "width": 512, "height": 512}
        refs = {"training_backend": "local", "person_ref": anna.id, "face_ref": "f-newer"}
        store_photo(
            {**photo, "faces_found": 5, "received_at": 1.0},
            [
                tagged("f-newer", anna, 1_800_000_100.0, **refs),
                tagged("f-older", zoe, 1_800_000_000.5, reason="person_full"),
                *(
                    tagged(f"f-{state}", anna, 1.0) | {"state": state}
                    for state in ("open", "training", "rejected")
                ),
            ],
        )
        with writing():
            Vote.put(face_id="f-newer", tagger="U2", answer="dont_know", round=1, at=1_799_999_990.123456)
            Vote.put(face_id="f-newer", tagger="U1", answer="U0ANNA", round=1, at=1_799_999_980.0)
        assert Face.select().count() == 5
        return str(anna.id)


@pytest.mark.rule("export-tagged", "export-fields", "times-utc")
def test_a_line_is_exactly_as_the_contract_says(run: Run, anna: str) -> None:
    ran = run("export")
    assert (ran.code, ran.err) == (0, "")
    older, newer = (json.loads(line) for line in ran.out.splitlines())
    assert newer == {
        "face_id": "f-newer",
        "photo": SHA256,
        "source": "lobby, left",
        "rectangle": {"left": 12, "top": 8, "width": 96, "height": 97},
        "person": {"id": anna, "slack_id": "U0ANNA", "name": "Anna Lindqvist", "email": "anna@example.com"},
        "votes": [
            {"tagger": "U1", "answer": "U0ANNA", "at": "2027-01-15T07:59:40.000Z"},
            {"tagger": "U2", "answer": "dont_know", "at": "2027-01-15T07:59:50.123Z"},
        ],
        "training": {"backend": "local", "person_ref": anna, "face_ref": "f-newer"},
        "tagged_at": "2027-01-15T08:01:40.000Z",
    }
    assert list(newer) == [
        "face_id", "photo", "source", "rectangle", "person", "votes", "training", "tagged_at",
    ]  # fmt: skip
    assert older["face_id"] == "f-older"


@pytest.mark.rule("export-fields")
def test_more_faces_than_are_read_at_once_come_in_order_each_with_its_own_votes(anna: str) -> None:
    ids = [f"f-{number:04}" for number in range(2 * AT_ONCE + 1)]
    with connected():
        with writing():
            for number, face_id in enumerate(ids):
                Face.insert(tagged(face_id, Person.get_by_id(anna), 1_900_000_000.0 + number)).execute()
                Vote.put(face_id=face_id, tagger=f"U{number}", answer=anna, round=1, at=2.0)
        told = [(line["face_id"], [vote["tagger"] for vote in line["votes"]]) for line in lines()]

    assert told[2:] == [(face_id, [f"U{number}"]) for number, face_id in enumerate(ids)]


@pytest.mark.rule("export-in-little-memory")
def test_a_face_is_read_shortly_before_its_line_is_written(anna: str) -> None:
    with connected():
        with writing():
            for number in range(2 * AT_ONCE):
                Face.insert(
                    tagged(f"f-{number:04}", Person.get_by_id(anna), 1_900_000_000.0 + number)
                ).execute()
        told = lines()
        for _ in range(AT_ONCE):
            next(told)
        with writing():
            Vote.put(face_id=f"f-{AT_ONCE:04}", tagger="U9", answer=anna, round=1, at=2.0)

        assert [line["face_id"] for line in told if line["votes"]] == [f"f-{AT_ONCE:04}"]


@pytest.mark.rule("export-nulls")
def test_people_without_an_account_and_faces_that_were_not_sent_have_nulls(run: Run, anna: str) -> None:
    assert anna
    older = json.loads(run("export").out.splitlines()[0])
    assert (older["person"]["slack_id"], older["person"]["name"], older["person"]["email"]) == (
        None,
        "Zoë",
        None,
    )
    assert older["training"] is None
    assert older["votes"] == []


@pytest.mark.rule("export-csv")
def test_csv_has_the_same_fields_flattened_with_dots_and_the_votes_as_json(run: Run, anna: str) -> None:
    lines = [json.loads(line) for line in run("export", "--format", "jsonl").out.splitlines()]
    rows = list(csv.DictReader(StringIO(run("export", "--format", "csv").out)))
    assert list(rows[0]) == [
        "face_id", "photo", "source",
        "rectangle.left", "rectangle.top", "rectangle.width", "rectangle.height",
        "person.id", "person.slack_id", "person.name", "person.email", "votes",
        "training.backend", "training.person_ref", "training.face_ref", "tagged_at",
    ]  # fmt: skip
    assert [row["face_id"] for row in rows] == [line["face_id"] for line in lines]
    older, newer = rows
    assert json.loads(newer["votes"]) == lines[1]["votes"]
    assert (newer["source"], newer["rectangle.left"], newer["person.id"]) == ("lobby, left", "12", anna)
    assert (older["person.slack_id"], older["training.backend"], older["training.face_ref"]) == ("", "", "")


@pytest.mark.rule("export-tagged")
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_it_goes_into_a_file_where_one_is_named(run: Run, tmp_path: Path, anna: str, form: str) -> None:
    assert anna
    printed = run("export", "--format", form).out
    ran = run("export", "--format", form, "--output", str(tmp_path / "faces"))
    assert (ran.code, ran.out) == (0, "")
    assert (tmp_path / "faces").read_bytes() == printed.encode()


def test_it_is_in_utf_8_also_where_the_terminal_is_not(
    run: Run, monkeypatch: pytest.MonkeyPatch, anna: str
) -> None:
    assert anna
    written = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="latin-1", write_through=True))
    assert run("export").code == 0
    assert "Zoë" in written.getvalue().decode("utf-8")


def test_a_file_that_cannot_be_written_is_told_in_one_line(run: Run, tmp_path: Path, anna: str) -> None:
    assert anna
    ran = run("export", "--output", str(tmp_path / "not-there" / "faces"))
    assert ran.code == 1
    [line] = ran.err.splitlines()
    assert "not-there" in line


@pytest.mark.rule("export-tagged")
def test_without_tagged_faces_there_are_no_lines(run: Run) -> None:
    assert run("export").out == ""
    assert len(run("export", "--format", "csv").out.splitlines()) == 1


@pytest.mark.ci
@pytest.mark.rule("csv-no-formula")
@pytest.mark.parametrize(
    "text",
    [
        *(
            '=HYPERLINK("http://example.com","x")',
            "+1",
            "-1",
            "@SUM(1)",
            "＝1",
            "＋1",
            "－1",
            "＠x",
            "\t=1",
            "\r=1",
            "\tx",
        ),
        *(" =1", '"=1', "'=1", "“=1", "\u00a0=1", "\u3000＝1", "\u200b=1", "' =1", "\n=1", "﹦1", "a\r=1"),
    ],
)
def test_a_cell_of_the_csv_that_looks_like_a_formula_begins_with_an_apostrophe(
    run: Run, anna: str, text: str
) -> None:
    with connected(), writing():
        Person.update(name=text, email=text).where(Person.id == anna).execute()
        Photo.update(source=text).execute()
    told = run("export", "--format", "csv").out
    rows = list(csv.DictReader(StringIO(told, newline="")))
    wanted = text if text.startswith("a") else f"'{text}"
    assert [row["person.name"] for row in rows if row["person.id"] == anna] == [wanted]
    assert [row["person.email"] for row in rows if row["person.id"] == anna] == [wanted]
    assert {row["source"] for row in rows} == {wanted}
    assert "\r" not in told.replace(f'"{wanted}"', ""), "spreadsheets begin a row after it"
    exact = json.loads(run("export").out.splitlines()[1])
    assert (exact["person"]["name"], exact["source"]) == (text, text)


@pytest.mark.rule("csv-no-formula")
def test_other_cells_of_the_csv_are_as_they_are(anna: str) -> None:
    for text in (anna, "Zoë", "O'Brien", "'n Sync", "a=b", "x@example.com", "", '"Zoë"', "Ann-Lee"):
        assert cell(text) == text


@pytest.mark.rule("harmless-output")
def test_the_jsonl_moves_no_cursor_and_is_exact(run: Run, anna: str) -> None:
    text = "a\x1b[31m\x9b2J\u202eb\u2028\x7f é"
    with connected(), writing():
        Photo.update(source=text).execute()
    told = run("export").out
    assert [json.loads(line)["source"] for line in told.split("\n") if line] == [text, text]
    assert not set("\x1b\x9b\u202e\u2028\x7f") & set(told)
    assert anna in told


@pytest.mark.rule("own-rights")
def test_one_persons_faces_alone_and_all_that_is_kept_of_them(run: Run, anna: str, tmp_path: Path) -> None:
    [line] = run("export", "--person", "anna lindqvist").out.splitlines()
    assert json.loads(line)["face_id"] == "f-newer"
    with connected():
        ConsentStatement.note(
            anna, "given", at=1_800_000_000.0, way="Slack", text_id=ConsentText.keep("May I?", 1.0)
        )
        with writing():
            Vote.put(face_id="f-older", tagger="U0ANNA", answer="dont_know", round=1, at=1_800_000_000.0)
    crops = FolderStore(tmp_path / "data/images")
    crops.put(crop_key("f-newer"), b"a crop")
    assert run("export", "--format", "zip", "--person", "U0ANNA", "--output", "anna.zip").code == 0
    assert Path("anna.zip").stat().st_mode & 0o077 == 0
    archive = zipfile.ZipFile("anna.zip")
    assert archive.read("crops/f-newer.jpg") == b"a crop"
    data = json.loads(archive.read("data.json"))
    assert data["faces"] == [json.loads(line)]
    assert [(each["face_id"], each["answer"]) for each in data["answers"]] == [("f-older", "dont_know")]
    told = {"said": "given", "at": "2027-01-15T08:00:00.000Z", "way": "Slack", "text": "May I?"}
    assert data["consents"] == [told]
    assert run("export", "--format", "zip").code == 2
    assert run("export", "--person", "Nobody").code == 1


@pytest.mark.rule("own-rights")
@pytest.mark.usefixtures("anna")
def test_the_answers_of_a_member_who_was_never_tagged_are_their_data_too(run: Run) -> None:
    with connected(), writing():
        Vote.put(face_id="f-older", tagger="U0BEN", answer="dont_know", round=1, at=1_800_000_000.0)
    assert run("export", "--format", "zip", "--person", "<@U0BEN>", "--output", "ben.zip").code == 0
    data = json.loads(zipfile.ZipFile("ben.zip").read("data.json"))
    assert (data["person"], data["faces"], data["consents"]) == (None, [], [])
    assert [(each["face_id"], each["answer"]) for each in data["answers"]] == [("f-older", "dont_know")]
    with connected(), writing():
        Vote.put(face_id="f-older", tagger="machine", answer="U0ANNA", round=1, at=1_800_000_000.0)
    for nobody in ("U0NOBODY", "machine"):
        assert run("export", "--format", "zip", "--person", nobody, "--output", "nobody.zip").code == 1
    assert not Path("nobody.zip").exists()
