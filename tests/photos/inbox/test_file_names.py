"""Names of files: as long as a file system allows."""

import pytest

from tagbot.photos.inbox.folder_inbox import FolderInbox
from tests.photos.inbox.folder import Clock, names, put, take


@pytest.mark.rule("rejected-with-reason")
def test_a_name_keeps_all_that_the_text_beside_it_leaves_room_for(inbox: FolderInbox, clock: Clock) -> None:
    longest = "x" * 241 + ".jpg"
    for _ in range(2):
        put(inbox, longest)
        take(inbox, clock).bury("no picture")
    second = "x" * 239 + "-2.jpg"
    assert names(inbox.rejected) == sorted([longest, f"{longest}.error.txt", second, f"{second}.error.txt"])


@pytest.mark.rule("add-copies")
def test_what_is_added_under_a_name_as_long_as_a_file_can_have_is_put_there(inbox: FolderInbox) -> None:
    inbox.add("写" * 83, ".jpg", "0123456789abcdef", b"photo", b"{}")
    sidecar, photo = sorted(names(inbox.folder), key=len, reverse=True)
    assert (photo[-13:], sidecar[-14:]) == ("-01234567.jpg", "-01234567.json")
    assert set(photo[:-13]) == {"写"}
    assert inbox.read(photo).sidecar == b"{}"


@pytest.mark.rule("rejected-with-reason")
@pytest.mark.parametrize("name", ["x" * 251 + ".jpg", "ü" * 126 + ".x", "x" * 255, "x." + "y" * 253])
def test_a_name_that_leaves_no_room_for_the_text_beside_it_is_shortened(
    inbox: FolderInbox, clock: Clock, name: str
) -> None:
    put(inbox, name)
    delivery = take(inbox, clock)
    assert inbox.read(name).photo == b"photo"
    delivery.bury("no picture")
    assert names(inbox.folder) == []
    moved, text = names(inbox.rejected)
    assert text == f"{moved}.error.txt"
    assert name.startswith(moved[:100])
