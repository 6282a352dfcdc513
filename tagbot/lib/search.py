"""Looking for bytes in files, however large they are."""

import json
import mmap
import subprocess
import sys
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path


def found_in(files: Iterable[Path], wanted: Collection[bytes]) -> set[bytes]:
    """Those of the wanted bytes that stand in one of the files; a file that has gone holds none. Raises
    `OSError` for one that cannot be read.

    They are read by a process of its own. Where a process closes a file, POSIX takes all locks away that it
    has on it, so SQLite's too (https://sqlite.org/howtocorrupt.html, 2.2): whoever closes the database next
    would take its log for left behind, and delete it while this process still writes there.
    """
    order = list(wanted)
    asked = {"files": [str(file) for file in files], "wanted": [each.hex() for each in order]}
    # The file itself, in isolation: it starts in milliseconds, wherever this package lies.
    ran = subprocess.run(
        [sys.executable, "-I", "-S", __file__],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise OSError(f"files could not be searched: {ran.stderr.strip().rpartition(chr(10))[2]}")
    return {order[number] for number in json.loads(ran.stdout)}


def search(files: Iterable[str], wanted: Collection[bytes]) -> set[int]:
    """The same by this process, as places among the wanted; for files that it has no locks on."""
    found: set[int] = set()
    for path in map(Path, files):
        with suppress(FileNotFoundError), path.open("rb") as file:
            if path.stat().st_size:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                    found |= {
                        number
                        for number, each in enumerate(wanted)
                        if number not in found and content.find(each) >= 0
                    }
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    json.dump(sorted(search(asked["files"], [bytes.fromhex(each) for each in asked["wanted"]])), sys.stdout)
