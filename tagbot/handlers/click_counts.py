"""How many clicks an answer takes."""

BUTTON = 1
FROM_A_LIST = 2
"""One opens it, one chooses."""


def in_a_form(*fields: str) -> int:
    """One opens it, one submits it, and one for each field that is filled in."""
    return 2 + sum(bool(field) for field in fields)
