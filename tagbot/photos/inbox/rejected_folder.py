"""The folder `rejected/`: each refused file with its sidecar, beside a text that says why."""

import errno
import shutil
from pathlib import Path

from tagbot.lib.owner_only import take_over
from tagbot.lib.unseen import printable
from tagbot.photos.inbox.file_names import SIDECAR, WHY, names_like


class RejectedFolder:
    """Beside the inbox; it may lie on another disk. Methods raise `OSError`."""

    def __init__(self, folder: Path) -> None:
        """It does not have to be there yet."""
        self.folder = folder

    def take(self, file: Path, sidecar: Path | None, reason: str) -> None:
        """Move a file here with its sidecar; nothing that lies here is replaced."""
        free = (
            target
            for target in (self.folder / name for name in names_like(file.name))
            if not any(
                path.exists()
                for path in (target, target.with_suffix(SIDECAR), target.with_name(f"{target.name}{WHY}"))
            )
        )
        target = next(free)
        # The text first: a crash in between then leaves a photo that is refused again, never one without a
        # reason.
        target.with_name(f"{target.name}{WHY}").write_text(f"{printable(reason)}\n", encoding="utf-8")
        _move(file, target)
        if sidecar is not None:
            _move(sidecar, target.with_suffix(SIDECAR))


def _move(source: Path, target: Path) -> None:
    """Rename, or copy where the target lies on another disk; a source that is gone is no error."""
    try:
        source.rename(target)
    except FileNotFoundError:
        return
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        shutil.copyfile(source, target)
        source.unlink()
    take_over(target)
