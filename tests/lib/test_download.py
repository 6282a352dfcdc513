"""A file that is brought is whole and the right one, or not there."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagbot.lib.download import KnownFile, NotBrought, download
from tests.lib.file_server import FileServer, running_file_server

CONTENT = bytes(range(256)) * 1000

pytestmark = pytest.mark.process


@pytest.fixture
def server() -> Iterator[FileServer]:
    with running_file_server(CONTENT) as server:
        yield server


class Bringing:
    """The file of the server, brought into a folder."""

    def __init__(self, server: FileServer, folder: Path) -> None:
        self.server = server
        self.path = folder / "file"
        self.partial = folder / "file.part"
        self.progress: list[int] = []

    def __call__(self, address: str | None = None, content: bytes = CONTENT) -> None:
        sha256 = hashlib.sha256(content).hexdigest()
        wanted = KnownFile(address or self.server.address, len(content), sha256)
        download(wanted, self.path, self.progress.append)

    def why_not(self, address: str | None = None) -> str:
        with pytest.raises(NotBrought) as why:
            self(address)
        assert not self.path.exists()
        return str(why.value)

    def is_whole(self) -> bool:
        return self.path.read_bytes() == CONTENT and not self.partial.exists()


@pytest.fixture
def bring(server: FileServer, tmp_path: Path) -> Bringing:
    return Bringing(server, tmp_path)


def test_it_is_brought_in_pieces_whose_sum_is_told(bring: Bringing) -> None:
    bring()
    assert bring.is_whole()
    assert bring.server.asked == [None]
    assert bring.progress == sorted(bring.progress)
    assert len(bring.progress) > 1
    assert bring.progress[-1] == len(CONTENT)


def test_a_redirection_is_followed_also_in_the_middle(bring: Bringing) -> None:
    bring.partial.write_bytes(CONTENT[:1000])
    bring(bring.server.redirecting_address)
    assert bring.is_whole()
    assert bring.server.asked == ["bytes=1000-"]


@pytest.mark.parametrize("tells_length", [True, False])
def test_what_breaks_off_goes_on_from_there_the_next_time(bring: Bringing, tells_length: bool) -> None:
    bring.server.tells_length = tells_length
    bring.server.breaks_off_after = 100_000
    assert bring.why_not() == "it broke off after 100,000 of 256,000 bytes, which are kept"
    assert bring.partial.read_bytes() == CONTENT[:100_000]
    assert bring.why_not() == "it broke off after 200,000 of 256,000 bytes, which are kept"
    bring.server.breaks_off_after = None
    bring()
    assert bring.is_whole()
    assert bring.server.asked == [None, "bytes=100000-", "bytes=200000-"]


def test_a_server_that_knows_no_ranges_sends_all_once_more(bring: Bringing) -> None:
    bring.server.knows_ranges = False
    bring.partial.write_bytes(CONTENT[:1000])
    bring()
    assert bring.is_whole()


def test_what_is_kept_of_another_file_is_thrown_away_once_it_is_whole(bring: Bringing) -> None:
    bring.partial.write_bytes(b"\xff" * 1000)
    assert "another file, and was thrown away: its SHA-256 is " in bring.why_not()
    assert not bring.partial.exists()
    bring()
    assert bring.is_whole()


@pytest.mark.parametrize("left", [CONTENT + b"more", CONTENT * 2])
def test_more_than_the_file_can_be_is_begun_anew(bring: Bringing, left: bytes) -> None:
    bring.partial.write_bytes(left)
    bring()
    assert bring.is_whole()


def test_what_was_whole_before_it_got_its_name_is_not_asked_for_again(bring: Bringing) -> None:
    bring.partial.write_bytes(CONTENT)
    bring()
    assert bring.is_whole()
    assert bring.server.asked == []


@pytest.mark.parametrize("tells_length", [True, False])
def test_other_contents_are_refused_and_thrown_away(bring: Bringing, tells_length: bool) -> None:
    bring.server.tells_length = tells_length
    bring.server.content = CONTENT[:-1] + b"x"
    wrong = hashlib.sha256(bring.server.content).hexdigest()
    assert bring.why_not() == f"what came is another file, and was thrown away: its SHA-256 is {wrong}"
    assert not bring.partial.exists()


def test_a_longer_file_is_refused_before_it_is_brought_or_by_its_contents(bring: Bringing) -> None:
    bring.server.content = CONTENT * 100
    assert bring.why_not() == "another file is there, of 25,600,000 bytes"
    bring.server.tells_length = False
    assert "thrown away" in bring.why_not()
    assert bring.progress[-1] < 2 * len(CONTENT), "it is not read to its end"
    assert not bring.partial.exists()


def test_a_page_instead_of_the_file_is_refused_and_what_came_before_is_kept(bring: Bringing) -> None:
    bring.server.content = b"<html>Please log in"
    bring.server.knows_ranges = False
    bring.partial.write_bytes(CONTENT[:1000])
    assert bring.why_not() == "another file is there, of 19 bytes"
    assert bring.partial.read_bytes() == CONTENT[:1000]


def test_what_the_other_side_answers_is_told_and_nothing_empty_is_left(bring: Bringing) -> None:
    bring.server.status = 404
    assert bring.why_not() == "it answers 404 Not Found"
    assert not bring.partial.exists()
    bring.partial.write_bytes(CONTENT[:1000])
    assert bring.why_not() == "it answers 404 Not Found"
    assert bring.partial.read_bytes() == CONTENT[:1000]


def test_a_network_that_leads_nowhere_is_told_in_a_few_words(bring: Bringing) -> None:
    assert bring.why_not("http://127.0.0.1:9/file") == "Connection refused"


def test_a_file_of_that_name_stays_until_the_right_one_is_whole(bring: Bringing) -> None:
    bring.path.write_bytes(b"another")
    bring.server.breaks_off_after = 10
    with pytest.raises(NotBrought):
        bring()
    assert bring.path.read_bytes() == b"another"
    bring.server.breaks_off_after = None
    bring()
    assert bring.is_whole()
