"""What is an id of all that people type where a command asks for a person."""

import pytest

from tagbot.lib.typed_ids import account_meant, ids_meant

OWN = "3f0c1d52-6d0a-4a52-9c5e-2b1f0f6a7d11"


@pytest.mark.parametrize(
    ("typed", "account"),
    [
        ("U0ANNA0001", "U0ANNA0001"),
        ("u0anna0001", "U0ANNA0001"),
        ("U1", "U1"),
        ("<@U0ANNA0001>", "U0ANNA0001"),
        ("<@U0ANNA0001|anna>", "U0ANNA0001"),
        ("@UANNA", "UANNA"),
        (" `W012` ", "W012"),
        ("UANNALIND", "UANNALIND"),
        ("UANN", None),
        ("Ursula", None),
        ("Wilhelmina", None),
        ("Ursula Muster", None),
        ("anna", None),
        ("", None),
        (OWN, None),
    ],
)
def test_what_can_be_no_name_is_an_account(typed: str, account: str | None) -> None:
    assert account_meant(typed) == account


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("UANN", ["UANN"]),
        ("uann", ["uann", "UANN"]),
        ("'u1'", ["'u1'", "u1", "U1"]),
        ("<@U0ANNA0001|anna>", ["<@U0ANNA0001|anna>", "U0ANNA0001"]),
        (OWN.upper(), [OWN.upper(), OWN]),
        ("Anna Lee", ["Anna Lee"]),
        (" ", []),
    ],
)
def test_what_was_typed_is_an_id_first_as_it_stands(typed: str, ids: list[str]) -> None:
    assert ids_meant(typed) == ids
