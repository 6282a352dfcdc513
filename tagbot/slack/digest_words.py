"""All that the digest says. As in `words`."""

from collections.abc import Sequence


def digest(lines: Sequence[str], *, faces: int, lacking: int, more: int, waiting: int) -> str:
    """What waits for answers: so many faces, of which some lack one more; a line for each question, so many
    more questions, and faces that are asked about later.
    """
    faces_wait = "1 face waits" if faces == 1 else f"{faces} faces wait"
    lack = f" For {lacking} of them one more answer is enough." if lacking and faces > 1 else ""
    if lacking and faces == 1:
        lack = " One more answer is enough."
    told = [f"*{faces_wait} for your answer.*{lack}", *lines]
    if more:
        told.append(f"• and {'1 more question' if more == 1 else f'{more} more questions'} in this channel")
    if waiting:
        later = "1 more face follows" if waiting == 1 else f"{waiting} more faces follow"
        told.append(f"{later} as these are answered.")
    return "\n".join(told)


def line(faces: int, link: str, days: int) -> str:
    """One question; `link` may be empty, `days` is how long ago it was asked."""
    when = {0: "asked today", 1: "asked yesterday"}.get(days, f"asked {days} days ago")
    about = when if faces == 1 else f"{faces} faces, {when}"
    what = "Who is this?"
    return f"• {f'<{link}|{what}>' if link else what} ({about})"
