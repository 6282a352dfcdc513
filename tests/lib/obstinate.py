"""What the tests of the processes let run in them."""

import os
import signal
import subprocess
import threading
from pathlib import Path

from tagbot.errors import Reject, Retry


class Obstinate:
    """Does what it is asked, however bad."""

    def pid(self) -> int:
        return os.getpid()

    def echo(self, value: object) -> object:
        return value

    def print_as_c_does(self, text: str) -> None:
        os.write(2, f"{text}\n".encode())

    def hang(self) -> None:
        threading.Event().wait()

    def meet(self, parties: int, folder: str) -> int:
        """Return once that many processes are in here at the same time."""
        Path(folder, str(os.getpid())).touch()
        while len(list(Path(folder).iterdir())) < parties:
            os.sched_yield()
        return os.getpid()

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def stumble(self) -> None:
        raise ZeroDivisionError("a bug of ours")

    def starve(self) -> None:
        raise MemoryError

    def refuse(self) -> None:
        raise Reject("never")

    def put_off(self) -> None:
        raise Retry("later", after=7.0)

    def threads(self) -> str:
        """How many numpy's C library would start."""
        return subprocess.run(
            ["printenv", "OMP_NUM_THREADS"], stdout=subprocess.PIPE, check=True
        ).stdout.decode()


def broken() -> Obstinate:
    raise Reject("it cannot be made")
