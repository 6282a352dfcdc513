import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tagbot.errors import Reject, Retry
from tagbot.lib.process_pool import ProcessDied, ProcessPool, RemoteError
from tests.world import heard

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
FACTORY = "tests.lib.obstinate:Obstinate"


@contextmanager
def running(factory: str = FACTORY, *, count: int = 1, time_limit: float = 30) -> Iterator[ProcessPool]:
    pool = ProcessPool(factory, name="the face recogniser", count=count, time_limit=time_limit)
    try:
        yield pool
    finally:
        pool.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[ProcessPool]:
    with running() as pool:
        yield pool


def test_the_work_is_done_in_another_process(shared: ProcessPool) -> None:
    assert shared.call("pid") in shared.pids()
    assert os.getpid() not in shared.pids()


def test_large_things_come_through(shared: ProcessPool) -> None:
    large = bytes(20_000_000)
    assert shared.call("echo", large) == large


def test_retry_and_reject_are_raised_here(shared: ProcessPool) -> None:
    with pytest.raises(Reject, match="never"):
        shared.call("refuse")
    with pytest.raises(Retry, match="later") as later:
        shared.call("put_off")
    assert later.value.after == 7.0


def test_a_bug_shows_where_it_is_and_the_process_lives_on(shared: ProcessPool) -> None:
    before = shared.pids()
    with pytest.raises(RemoteError, match=r"in stumble(.|\n)*ZeroDivisionError: a bug of ours"):
        shared.call("stumble")
    assert shared.call("pid") in before


def test_too_little_memory_is_no_bug(shared: ProcessPool) -> None:
    with pytest.raises(Retry, match="the face recogniser had too little memory"):
        shared.call("starve")


def test_each_process_uses_one_core(shared: ProcessPool) -> None:
    assert shared.call("threads").strip() == "1"


@pytest.mark.failure("recogniser-crashes", shows="what happens")
def test_a_process_that_dies_is_replaced(shared: ProcessPool) -> None:
    before = shared.call("pid")
    with pytest.raises(Retry, match="the face recogniser's process ended before it answered"):
        shared.call("die")
    assert shared.call("pid") != before


def test_a_process_that_was_killed_while_idle_is_replaced(shared: ProcessPool) -> None:
    killed = shared.call("pid")
    os.kill(killed, signal.SIGKILL)
    with pytest.raises(Retry):
        shared.call("pid")
    assert shared.call("pid") != killed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_stops_the_bot_does_not_stop_its_processes(shared: ProcessPool, number: signal.Signals) -> None:
    process = shared.call("pid")
    os.kill(process, number)
    assert shared.call("pid") == process


class Interrupted(BaseException):
    """As Ctrl-C raises in the middle of anything."""


def test_the_answer_of_a_call_that_was_interrupted_reaches_no_later_one() -> None:
    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with running() as pool:
            pid = pool.call("pid")
            with pool.reserved() as call:
                threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1)).start()
                with pytest.raises(Interrupted):
                    call("hang")
                with pytest.raises(ProcessDied, match="interrupted"):
                    call("echo", "mine")
            assert pool.call("echo", "mine") == "mine"
            assert pool.call("pid") != pid
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.failure("recogniser-crashes", shows="what happens")
def test_a_call_that_hangs_is_ended_and_the_next_one_works() -> None:
    with running(time_limit=3) as pool:
        assert pool.call("echo", 1) == 1
        with pytest.raises(Retry, match="killed after 3 s"):
            pool.call("hang")
        assert pool.call("echo", 2) == 2


def test_a_process_that_is_stopped_while_it_is_sent_to_is_ended() -> None:
    with running(time_limit=3) as pool:
        os.kill(pool.call("pid"), signal.SIGSTOP)
        with pytest.raises(Retry, match="killed after 3 s"):
            pool.call("echo", bytes(20_000_000))


def test_what_cannot_be_made_says_why_each_time() -> None:
    with running("tests.lib.obstinate:broken") as pool:
        for _ in range(2):
            with pytest.raises(Reject, match="it cannot be made"):
                pool.call("pid")
        assert pool.pids() == set()


def test_processes_start_only_when_they_are_needed(tmp_path: Path) -> None:
    with running(count=3) as pool:
        assert pool.pids() == set()
        for _ in range(3):
            pool.call("pid")
        assert len(pool.pids()) == 1
        with ThreadPoolExecutor(2) as threads:
            pids = set(threads.map(lambda _: pool.call("meet", 2, str(tmp_path)), range(2)))
        assert pids == pool.pids()
        assert len(pids) == 2


def test_more_callers_than_processes_wait_for_their_turn() -> None:
    with running(count=2) as pool, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda number: pool.call("echo", number), range(50))) == list(range(50))
        assert len(pool.pids()) <= 2


def test_closing_ends_what_is_in_hand_within_a_second() -> None:
    with running() as pool:
        pid = pool.call("pid")
        entered = threading.Event()

        def hang() -> None:
            entered.set()
            pool.call("hang")

        with ThreadPoolExecutor(2) as threads:
            calls = [threads.submit(hang), threads.submit(hang)]  # one in hand, one waiting for its turn
            entered.wait()
            start = time.perf_counter()
            pool.close()
            for call in calls:
                with pytest.raises(Retry):
                    call.result(timeout=1)
        assert time.perf_counter() - start < 1
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(Retry, match="being stopped"):
            pool.call("pid")


# Without `if __name__ == "__main__"`: were it imported again in the process, it would say "started" again.
BOT = """
import signal
from tagbot.lib.process_pool import ProcessPool
print("started", flush=True)
pool = ProcessPool("tests.lib.obstinate:Obstinate", name="it", count=1, time_limit=30)
print(pool.call("pid"), flush=True)
signal.pause()
"""


def test_the_processes_of_a_killed_bot_end(tmp_path: Path) -> None:
    (tmp_path / "bot.py").write_text(BOT)
    with subprocess.Popen(
        [sys.executable, tmp_path / "bot.py"],
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as bot:
        assert bot.stdout
        assert bot.stderr
        assert bot.stdout.readline() == "started\n"
        process = int(bot.stdout.readline())
        os.kill(process, 0)
        bot.kill()
        assert bot.stderr.read() == ""
        until = time.monotonic() + 10
        while Path(f"/proc/{process}/exe").exists():  # it may lie there as a zombie until init looks
            assert time.monotonic() < until
            os.sched_yield()


AT_A_TERMINAL = """
import os, signal, subprocess, threading
from tagbot.lib.process_pool import ProcessPool

signal.signal(signal.SIGINT, lambda *_: None)  # as the bot, it finishes what is in hand
pool = ProcessPool("tests.lib.obstinate:Obstinate", name="it", count=1, time_limit=30)
answers = []
call = threading.Thread(target=lambda: answers.append(pool.call("echo", "an answer")))
call.start()
while not pool.pids():
    os.sched_yield()
os.killpg(0, signal.SIGINT)  # the process is starting: nothing there has been said about signals yet
call.join()
print(*answers)
pool.close()
"""


def test_ctrl_c_while_a_process_starts_neither_ends_it_nor_prints_its_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AT_A_TERMINAL],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("an answer\n", "")


@pytest.mark.rule("log-of-libraries")
def test_what_a_library_prints_in_a_process_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with heard("libjpeg: 3 extraneous bytes") as told, running() as pool:
        pool.call("print_as_c_does", "\x1b[0;93mlibjpeg: 3 extraneous bytes before marker 0xd9\x1b[m")
        assert told.wait(10)
    [line] = [record.getMessage() for record in caplog.records if "libjpeg" in record.getMessage()]
    assert line == "the face recogniser's process says: libjpeg: 3 extraneous bytes before marker 0xd9"
