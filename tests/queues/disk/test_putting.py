"""Putting: on the disk when it returns, whoever else writes."""

import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tagbot.errors import Retry
from tagbot.queues import Counts
from tests.queues import NAME
from tests.queues.conftest import DiskEngine, ids, take
from tests.queues.disk.helpers import child, full, killed, line, sql


@pytest.mark.process
@pytest.mark.rule("durable-queues")
def test_what_was_put_before_a_kill_is_there(disk: DiskEngine) -> None:
    stored: list[str] = []
    for _ in range(3):
        with killed(child("put", disk, len(stored))) as process:
            stored.extend(line(process) for _ in range(100))
            process.kill()
            assert process.stdout is not None
            stored.extend(process.stdout.read().split())
    with disk.running() as queue:
        found = ids(queue)
    assert set(stored) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.process
@pytest.mark.rule("durable-queues")
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: no sync is seen")
def test_a_put_is_on_the_disk_when_it_returns(disk: DiskEngine, tmp_path: Path) -> None:
    report = tmp_path / "calls.txt"
    command = [sys.executable, "-m", "tests.queues.child", "put-some", str(disk.directory), "50"]
    strace = ["strace", "-f", "-y", "-s", "8", "-e", "trace=write,pwrite64,fdatasync", "-o", str(report)]
    run = subprocess.run([*strace, *command], capture_output=True, text=True, check=False)
    if "ptrace" in run.stderr:
        pytest.skip("tracing is not permitted here: what is synced is not seen")
    assert run.returncode == 0, run.stderr
    # From the last line that tells of a put back: its message was written to the log, which was synced then.
    what_happened = "".join(
        "T" if "<pipe:" in call else "S" if "fdatasync(" in call else "W"
        for call in report.read_text().splitlines()
        if re.search(r"\bwrite\(1<pipe:|-wal>", call)
    )
    puts = what_happened.split("T")[:-1]
    assert len(puts) == 50
    assert all(re.fullmatch(r".*W+S", put) for put in puts), what_happened


def test_a_twin_is_not_even_stored(disk: DiskEngine) -> None:
    with disk.running() as queue:
        queue.put("m1", "face1", {})
        queue.put("m1", "face1", {})
        take(queue).retry_after(30, "busy")
        queue.put("m1", "face1", {})
        disk.pass_time(30)
        assert take(queue).attempt == 2
        assert queue.counts() == Counts(in_flight=1)


def test_a_put_on_a_full_disk_is_a_retry_that_says_so(disk: DiskEngine) -> None:
    with disk.running() as queue:
        full(queue)
        with pytest.raises(Retry, match=f"the queue {NAME} cannot be reached: database or disk is full"):
            queue.put("m1", "face1", {"text": "x" * 100_000})


@pytest.mark.ci
@pytest.mark.failure("queue-locked", shows="what happens")
def test_a_put_gives_up_on_a_busy_file_before_slack_does_whoever_else_waits_for_it(disk: DiskEngine) -> None:
    def seconds_of_a_put(number: int) -> float:
        begun = time.monotonic()
        with pytest.raises(Retry, match="database is locked"):
            queue.put(f"m{number}", "face", {})
        return time.monotonic() - begun

    def work() -> None:
        while not over.is_set():
            with suppress(Retry):
                queue.get(0)

    over = threading.Event()
    with disk.running() as queue, sql(disk) as other, ThreadPoolExecutor(8) as pool:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            pool.submit(work)
        try:
            assert max(pool.map(seconds_of_a_put, range(5))) < 3
        finally:
            over.set()


def test_a_put_waits_for_a_short_write_of_another_process(disk: DiskEngine) -> None:
    with disk.running() as queue, sql(disk) as other, ThreadPoolExecutor(1) as pool:
        other.execute("BEGIN IMMEDIATE")
        put = pool.submit(queue.put, "m1", "face", {})
        with pytest.raises(TimeoutError):
            put.result(0.1)
        other.execute("ROLLBACK")
        put.result()
        assert ids(queue) == ["m1"]
