"""All that the app's Home says. As in `words`."""

TITLE = "FaceTag: who is in our photos?"
WAITS = "What waits for your answer"
NOTHING_WAITS = "Nothing waits for your answer just now. Thank you!"
NOTHING_WAITS_YET = (
    "Nothing waits for your answer just now: what is open, you have answered. More faces follow as others "
    "answer too."
)
"""While faces wait for a place among the open questions."""
LAST_ANSWERS = "Your last answers"
PROGRESS = "How far we are"
MACHINE = "How the machine does"
CHANGE = "Change my answer"
CHANGED = "Thank you, your answer is on its way. You can close this."
CLOSE = "Close"
NOTICE_TITLE = "FaceTag"
STILL_OPEN = "It is still being asked about."
ASKED_ANEW = "This question was asked anew meanwhile, so your answer did not count. Please answer once more."
NO_SAY = (
    "Nothing is asked of you here: only full members of this workspace have a say, and guests and people of "
    "other organisations do not. What is kept about you, and what you can do about it, is below."
)


def not_in_channel(channel: str) -> str:
    """To a member who may not see what a private channel sees."""
    return (
        f"The faces here are those of <#{channel}>, a private channel that you are not in, so nothing is "
        "asked of you. Somebody who is in it can add you. What is kept about you, and what you can do about "
        "it, is below."
    )


def welcome(channel: str, *, takes_posts: bool) -> str:
    """The first lines: what this is, and how to do what people come for. Photos are taken in where they are
    posted, or by the shortcut alone.
    """
    added = f"post it in <#{channel}>"
    if not takes_posts:
        added += ", and pick “Find the faces” in the menu of that message"
    return (
        f"FaceTag finds the faces in our photos and asks, here and in <#{channel}>, who they are. "
        "When enough people pick the same person, the face is tagged.\n"
        "• *To answer*, pick a name under a face on this page. Nobody sees what you picked before enough of "
        "you agree.\n"
        f"• *To add a photo*, {added}; I tell you what I found in it.\n"
        "• *To see what is kept about you*, and to change it, look for “What FaceTag keeps about you” near "
        "the end of this page, or type `/facetag me`."
    )


def more_wait(number: int) -> str:
    """Those that do not fit here."""
    questions = "1 more question waits" if number == 1 else f"{number} more questions wait"
    return f"{questions} for your answer, and follow here as you answer."


def refused(why: str) -> str:
    """Why something that the viewer did here did not count."""
    return f":warning: {why}"


def open_message(link: str) -> str:
    """A link to the request in the channel."""
    return f"<{link}|Open this question in the channel>"


def progress(done: int, faces: int, lacking: int, waiting: int) -> str:
    """How many faces are done of all, how many lack one more answer, and how many are not asked about yet."""
    if not faces:
        return "No face has been found yet. As soon as there is one, it is asked about here."
    lines = [f"{done:,} of {faces:,} {'face is' if faces == 1 else 'faces are'} done."]
    if lacking:
        lines.append(f"{lacking:,} {'lacks' if lacking == 1 else 'lack'} one more answer.")
    if waiting:
        many = "1 face waits" if waiting == 1 else f"{waiting:,} faces wait"
        lines.append(f"{many} until an open question is answered.")
    return " ".join(lines)


def heard(you_said: str) -> str:
    """In place of the controls of a question that the viewer has just answered; `you_said` is what."""
    return f"{you_said} Thank you!"


HEARD = "You have answered this one. Thank you!"
"""The same where it is not known what they said."""
FINISHED = "This one has closed meanwhile."
MOVED = "This one is not asked here any more."
"""In place of the controls of a question that is done without the viewer, or is gone."""


def answered_alt(faces: int) -> str:
    """Of the picture beside an answer of the viewer's own."""
    return "The face that you answered about" if faces == 1 else f"The {faces} faces that you answered about"


def you_said(what: str, faces: int) -> str:
    """An answer of the viewer's own."""
    return ended(f"You said: {what}" + (f" (about {faces} faces)" if faces > 1 else ""))


def ended(sentence: str) -> str:
    """With its full stop, where it does not end with that of a name."""
    return sentence if sentence.endswith(".") else f"{sentence}."
