"""What cannot be seen, and what would do harm where text is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagbot.lib.unseen import can_be_seen, printable, printable_lines


@pytest.mark.rule("unseen-is-no-name")
@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "\u3164",
            "\u2800",
            "\u115f\u1160",
            "\uffa0",
            "\u200b\u200d",
            "\ufe0f",
            "\u0301",
            "\u17b4",
        ),
        *("\u00ad", "\ufeff", "\u202e", "\u2800 \u3164", "\U0001d159", "\u034f", "\u180e", "\n\x1b"),
        *("\U000e0041\U000e007f", "\U000e0100"),
    ],
)
def test_what_leaves_no_ink_cannot_be_seen(text: str) -> None:
    assert not can_be_seen(text)


@pytest.mark.parametrize("text", ["Zoë", "李", "-", "7", "☺", "\u202eab", "\u3164x"])
def test_letters_numbers_and_symbols_can_be_seen(text: str) -> None:
    assert can_be_seen(text)


@pytest.mark.rule("harmless-output")
@given(st.text(st.characters(exclude_categories=())))
def test_printable_text_moves_no_cursor_and_turns_no_direction(text: str) -> None:
    shown = printable(text)
    assert not {
        chr(code) for code in (*range(32), *range(127, 160), *range(0x202A, 0x202F), 0x200F, 0x2028)
    } & set(shown)
    shown.encode("utf-8")


def test_what_is_not_printed_is_written_out() -> None:
    assert printable("a\x1b[31m\nb\u202eëc\ud800\x85") == r"a\x1b[31m\nb\u202eëc\ud800\x85"
    assert printable("zoë’s 写真.jpg") == "zoë’s 写真.jpg"
    assert printable_lines("one\ntwo\r") == "one\ntwo\\r"
