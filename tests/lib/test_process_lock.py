import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagbot.lib.process_lock import AlreadyRunning, ProcessLock

HOLD = "import sys; from pathlib import Path; from tagbot.lib.process_lock import ProcessLock\n"
HOLD += "with ProcessLock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"


def test_a_second_holder_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lock"
    with ProcessLock(path), pytest.raises(AlreadyRunning, match=rf"\({os.getpid()}\) .* holds {path}"):
        ProcessLock(path).__enter__()


def test_a_refusal_leaves_the_lock_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with ProcessLock(path):
        for _ in range(2):
            with pytest.raises(AlreadyRunning):
                ProcessLock(path).__enter__()


def test_it_is_free_again_at_the_end_also_after_an_error(tmp_path: Path) -> None:
    lock = ProcessLock(tmp_path / "lock")
    with pytest.raises(KeyError), lock:
        raise KeyError
    with lock, pytest.raises(AlreadyRunning):
        ProcessLock(tmp_path / "lock").__enter__()


@pytest.mark.rule("no-other-user-holds-the-lock")
@pytest.mark.parametrize("mode_before", [None, 0o644])
def test_no_other_user_may_open_the_file_and_hold_it(tmp_path: Path, mode_before: int | None) -> None:
    path = tmp_path / "lock"
    if mode_before is not None:
        path.touch()
        path.chmod(mode_before)
    umask = os.umask(0)
    try:
        with ProcessLock(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(umask)


NOBODY = 65534


@contextmanager
def held_by(user: int, path: Path, how: str = "EX") -> Iterator[None]:
    """The lock is held by another user's process, which could open the file while all could."""
    hold = f"import fcntl, time; fcntl.flock(0, fcntl.LOCK_{how}); print('held', flush=True); time.sleep(60)"
    with path.open("rb") as file:
        process = subprocess.Popen(
            [sys._base_executable, "-I", "-c", hold],  # type: ignore[attr-defined]  # typeshed leaves it out
            stdin=file, stdout=subprocess.PIPE, text=True, user=user, cwd="/",
        )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield
    finally:
        process.kill()
        process.communicate()


as_administrator = pytest.mark.skipif(os.geteuid() != 0, reason="only the administrator becomes another user")


@pytest.mark.process
@as_administrator
@pytest.mark.rule("no-other-user-holds-the-lock")
@pytest.mark.failure("lock-held-by-another-user")
@pytest.mark.parametrize("how", ["EX", "SH"])
@pytest.mark.parametrize("wait", [False, True])
def test_a_lock_that_another_user_holds_is_left_to_them(tmp_path: Path, how: str, wait: bool) -> None:
    path = tmp_path / "lock"
    path.touch(0o644)
    with held_by(NOBODY, path, how), ProcessLock(path, wait=wait):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text() == f"{os.getpid()}\n"
        with pytest.raises(AlreadyRunning):
            ProcessLock(path).__enter__()
    assert [each.name for each in tmp_path.iterdir()] == ["lock"]


@pytest.mark.process
@as_administrator
def test_a_lock_that_another_user_and_a_bot_wait_for_stays_the_bots(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch(0o644)
    with held_by(NOBODY, path, "SH"), held_by(0, path, "SH"), pytest.raises(AlreadyRunning):
        ProcessLock(path).__enter__()


@pytest.mark.rule("no-other-user-holds-the-lock")
def test_who_waited_for_a_file_that_was_replaced_locks_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with ThreadPoolExecutor(1) as pool:
        with ProcessLock(path):
            waiting = pool.submit(ProcessLock(path, wait=True).__enter__)
            with pytest.raises(TimeoutError):
                waiting.result(0.1)
            new = tmp_path / "new"
            new.touch()
            new.replace(path)
        second = waiting.result(5)
    with pytest.raises(AlreadyRunning):
        ProcessLock(path).__enter__()
    second.__exit__(None, None, None)


def test_who_waits_has_it_when_the_first_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with ThreadPoolExecutor(1) as pool, ProcessLock(path, wait=True) as first:
        waiting = pool.submit(ProcessLock(path, wait=True).__enter__)
        with pytest.raises(TimeoutError):
            waiting.result(0.1)
        first.__exit__(None, None, None)
        second = waiting.result(5)
        with pytest.raises(AlreadyRunning):
            ProcessLock(path).__enter__()
        second.__exit__(None, None, None)


@pytest.mark.process
def test_it_dies_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(AlreadyRunning, match=rf"\({process.pid}\)"):
            ProcessLock(path).__enter__()
        process.kill()
    with ProcessLock(path):
        pass
