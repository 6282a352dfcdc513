"""Photos wait before answers have no room."""

from pathlib import Path

import pytest

from tagbot.errors import Retry
from tagbot.lib.disk_room import refuse_nearly_full, share_used, shortage

A, B = Path("/a"), Path("/b")


def usage(**free: int) -> dict[Path, tuple[int, int, int]]:
    """Disks of 1000 bytes, a part of which is the administrator's reserve."""
    return {Path(f"/{name}"): (1000, 900 - bytes_free, bytes_free) for name, bytes_free in free.items()}


@pytest.mark.rule("disk-nearly-full")
def test_from_95_percent_on_it_is_nearly_full_whichever_disk_it_is() -> None:
    assert shortage([A, B], usage(a=51, b=900).__getitem__) is None
    assert "/a is 95 % full" in str(shortage([A, B], usage(a=50, b=900).__getitem__))
    assert "/b is 99 % full" in str(shortage([A, B], usage(a=500, b=1).__getitem__))
    with pytest.raises(Retry, match="photos wait in the inbox, and answers still have room"):
        refuse_nearly_full([A], usage(a=0).__getitem__)


def test_a_folder_that_is_not_there_yet_and_a_disk_without_a_size_hold_nothing_up(tmp_path: Path) -> None:
    refuse_nearly_full([tmp_path / "not there"])
    assert share_used(A, lambda _: (0, 0, 0)) == 0
