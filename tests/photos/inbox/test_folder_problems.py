"""Entries that the system cannot look at: each is its own affair, is left there, and is named."""

import multiprocessing
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tagbot.errors import Reject, Retry
from tagbot.photos.inbox.folder_inbox import STUCK_SECONDS, FolderInbox
from tagbot.photos.inbox.folder_problems import MOST
from tests.photos.inbox.folder import Clock, look, names, put, take

NOBODY = 65534


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def ring(path: Path) -> None:
    path.symlink_to(".ring")
    path.with_name(".ring").symlink_to(path.name)


def nowhere(path: Path) -> None:
    path.symlink_to("not-there")


def to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name(".pipe"))
    path.symlink_to(".pipe")


def to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))  # the whole path may be too long for one


ODDITIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "loop": (loop, "a link that leads back to itself"),
    "ring": (ring, "a link that leads back to itself"),
    "nowhere": (nowhere, "a link that leads nowhere"),
    "pipe": (os.mkfifo, "a pipe"),
    "link to a pipe": (to_pipe, "a pipe"),
    "link to a device": (to_device, "a device"),
    "socket": (listening, "a socket"),
}


@pytest.mark.rule("entry-own-affair")
@pytest.mark.failure("entry-unusable", shows="what happens")
@pytest.mark.parametrize(
    "what", [pytest.param(each, marks=pytest.mark.process) if each == "socket" else each for each in ODDITIES]
)
def test_an_entry_that_is_no_file_is_left_there_and_named_and_the_others_are_taken(
    inbox: FolderInbox, clock: Clock, what: str
) -> None:
    make, why = ODDITIES[what]
    make(inbox.folder / "odd.jpg")
    put(inbox, "photo.jpg")
    take(inbox, clock).ack()
    assert look(inbox, clock, 1000) is None
    assert (inbox.waiting(), inbox.health.failing()) == (0, [])
    assert inbox.problems() == [f"“odd.jpg” in the inbox {inbox.folder} is left there: {why}"]
    with pytest.raises(Reject, match=why):
        inbox.check()
    assert os.path.lexists(inbox.folder / "odd.jpg")


@pytest.mark.rule("entry-own-affair")
def test_one_that_becomes_another_after_it_was_seen_is_not_waited_for(
    inbox: FolderInbox, clock: Clock
) -> None:
    path = put(inbox, "photo.jpg")
    delivery = take(inbox, clock)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Retry, match="still arriving"):
        inbox.read("photo.jpg")
    delivery.bury("no picture")
    assert names(inbox.folder) == ["photo.jpg"]
    assert names(inbox.rejected) == []


@pytest.mark.rule("entry-own-affair")
def test_a_name_that_is_no_text_is_one_like_any_other(inbox: FolderInbox, clock: Clock) -> None:
    for name in (b"caf\xe9.jpg", b"caf\xe9.json", b"\xff\xfe.jpg"):
        (inbox.folder / os.fsdecode(name)).write_bytes(b"{}")
    first = take(inbox, clock)
    second = look(inbox, clock, 0)
    assert second is not None
    assert inbox.read(first.name).sidecar == b"{}"
    first.ack()
    second.bury("no picture")
    assert names(inbox.folder) == []
    assert len(names(inbox.rejected)) == 2


@pytest.mark.rule("entry-own-affair")
def test_names_are_shown_so_that_no_terminal_takes_them_for_more(inbox: FolderInbox) -> None:
    for name in (b"\x1b[2Jred\n.jpg", b"caf\xe9.jpg", "\u202egpj.exe".encode()):
        (inbox.folder / os.fsdecode(name)).symlink_to("nowhere")
    told = inbox.problems()
    assert len(told) == 3
    assert all(line.isprintable() for line in told)


def test_of_very_many_the_first_are_named(inbox: FolderInbox) -> None:
    for number in range(MOST + 7):
        loop(inbox.folder / f"{number:03}.jpg")
    told = inbox.problems()
    assert len(told) == MOST + 1
    assert told[-1] == f"7 more in the inbox {inbox.folder} are left there"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every user of this machine can reach."""
    folder = Path(mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def as_nobody(work: Callable[[Path], list[str]], folder: Path) -> list[str]:
    """What a process says that may do no more than the least of users."""
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(1, mp_context=context, initializer=os.setuid, initargs=(NOBODY,)) as pool:
        return pool.submit(work, folder).result()


only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def tried(folder: Path) -> list[str]:
    """What a bot says of its inbox after it has taken over what it could."""
    clock = Clock()
    inbox = FolderInbox(folder / "inbox", folder / "rejected", clock)
    said = inbox.problems()
    for seconds in (0.25, 1.0, 0.25, 0.25, 0.25):
        clock.now += seconds
        delivery = inbox.get(0)
        if delivery is not None:
            try:
                inbox.read(delivery.name)
                delivery.ack()
            except Retry as why:
                said.append(why.reason)
                delivery.retry_after(1000, why.reason)
    again = look(inbox, clock, STUCK_SECONDS + 1)
    return [*said, *(each.reason for each in inbox.health.failing()), *([again.name] if again else [])]


@only_root
@pytest.mark.process
@pytest.mark.rule("entry-own-affair")
def test_a_file_or_a_folder_without_permission_is_named(open_folder: Path) -> None:
    inbox = open_folder / "inbox"
    inbox.mkdir()
    inbox.chmod(0o777)
    (inbox / "secret.jpg").write_bytes(b"photo")
    (inbox / "secret.jpg").chmod(0o600)
    (inbox / "album").mkdir(mode=0o700)
    (inbox / "photo.jpg").write_bytes(b"photo")
    assert as_nobody(tried, open_folder) == [
        f"“album” in the inbox {inbox} is left there: a folder without permission",
        f"“secret.jpg” in the inbox {inbox} is left there: it cannot be read: Permission denied",
        "a file of the inbox cannot be read: Permission denied",
    ]
    assert names(inbox) == ["album", "secret.jpg"]


@only_root
@pytest.mark.process
@pytest.mark.rule("dealt-with-stays")
@pytest.mark.failure("inbox-not-writable", shows="what happens")
def test_what_is_taken_over_from_a_read_only_inbox_stays_and_is_not_read_again(open_folder: Path) -> None:
    inbox = open_folder / "inbox"
    inbox.mkdir(mode=0o755)
    (inbox / "photo.jpg").write_bytes(b"photo")
    told, failing = as_nobody(tried, open_folder)
    assert told.startswith(f"photos that were taken over stay in the inbox {inbox}, as nothing can be moved")
    assert failing.startswith(f"photos that are taken over or refused stay in the inbox {inbox}, as they can")
    assert failing.endswith("Permission denied")
    assert names(inbox) == ["photo.jpg"]


@only_root
@pytest.mark.process
@pytest.mark.rule("dealt-with-stays")
def test_so_does_what_others_own_in_a_folder_with_a_sticky_bit(open_folder: Path) -> None:
    inbox = open_folder / "inbox"
    inbox.mkdir()
    inbox.chmod(0o1777)
    (inbox / "photo.jpg").write_bytes(b"photo")
    [told, failing] = as_nobody(tried, open_folder)
    assert told.startswith(f"1 files cannot be moved away from the inbox {inbox}, as others own them")
    assert failing.endswith("as they cannot be moved away: Operation not permitted")


@only_root
@pytest.mark.process
@pytest.mark.rule("dealt-with-stays")
def test_an_inbox_that_cannot_be_looked_into_is_told(open_folder: Path) -> None:
    (open_folder / "inbox").mkdir(mode=0o700)
    assert as_nobody(looked, open_folder) == [
        f"the inbox {open_folder / 'inbox'} cannot be looked into: Permission denied", "None",
    ]  # fmt: skip


def looked(folder: Path) -> list[str]:
    inbox = FolderInbox(folder / "inbox", folder / "rejected")
    return [*inbox.problems(), str(inbox.waiting())]


@only_root
@pytest.mark.process
@pytest.mark.rule("dealt-with-stays")
def test_so_does_a_file_that_nobody_at_all_may_change(open_folder: Path) -> None:
    inbox = open_folder / "inbox"
    inbox.mkdir()
    photo = inbox / "photo.jpg"
    photo.write_bytes(b"photo")
    if subprocess.run(["chattr", "+i", photo], capture_output=True, check=False).returncode:
        pytest.skip("this file system knows no such files")
    try:
        [failing] = tried(open_folder)
        assert failing.endswith("as they cannot be moved away: Operation not permitted")
        assert names(inbox) == ["photo.jpg"]
    finally:
        subprocess.run(["chattr", "-i", photo], check=True)
