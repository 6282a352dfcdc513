"""All that the bot says of the people whom it knows, to those who look for one of them. As in `words`."""

KNOWN = "Somebody who was named before"
KNOWN_HINT = "People without a Slack account. If they are not there, write their name below."
KNOWN_PLACEHOLDER = "Type a name that was given before"
"""Screen readers say it in place of the label."""
NAME_OR_KNOWN_MISSING = "Please choose somebody who was named before, or write a name."


def counted_faces(faces: int) -> str:
    """In how many faces a person is tagged."""
    return "1 face" if faces == 1 else f"{faces} faces" if faces else "no face yet"


def short_id(person_id: str) -> str:
    """Enough of a person's id to tell them from another of the same name."""
    return f"id {person_id[:8]}"


def described(email: str | None, faces: int) -> str:
    """Small print beneath a person's name in a list."""
    return ", ".join(filter(None, (email, counted_faces(faces))))
