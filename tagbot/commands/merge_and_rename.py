"""`python bot.py people merge`, `unmerge` and `rename`: what an admin knows about people."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from tagbot import build
from tagbot.commands.one_person import only
from tagbot.database.models.kept import rows_called
from tagbot.database.models.merges import PeopleUnchanged, WhyUnchanged, merge, rename, unmerge
from tagbot.database.models.people import Person
from tagbot.database.opening import connected, open_database
from tagbot.errors import Reject, Retry
from tagbot.lib.installation import COMMAND
from tagbot.lib.process_lock import AlreadyRunning
from tagbot.lib.terminal import complain, say
from tagbot.photos.image_keys import crop_key
from tagbot.queues.publish import publish
from tagbot.settings import Settings
from tagbot.training.merged_faces import follow_merges, left_to_follow

INTO = "into"

MISUSED = 2

LONGEST = 60.0
"""Seconds to wait for a running bot, to which its model is left."""

LOOK_SECONDS = 0.2

USAGE = (
    "people merge A into B",
    "people unmerge A",
    "people rename P NAME",
    "A, B and P are each a Slack id, a person's id, or a name of one person only.",
)

WORDS = {
    WhyUnchanged.UNKNOWN: "This person is not known any more.",
    WhyUnchanged.SAME: "These two are one person already.",
    WhyUnchanged.ALREADY_MERGED: "The first of them is a part of somebody else already: unmerge them first.",
    WhyUnchanged.INTO_MERGED: "The second of them is a part of somebody else: name that person.",
    WhyUnchanged.OPTED_OUT: "One of them does not want to be tagged.",
    WhyUnchanged.BEING_FORGOTTEN: "One of them is being forgotten just now.",
    WhyUnchanged.NOT_MERGED: "This person is a part of nobody: there is no merge to undo.",
    WhyUnchanged.NO_NAME: "Nothing can be seen in this name.",
    WhyUnchanged.NAME_TOO_LONG: "This name is too long: 200 characters are the most.",
}


def change(settings: Settings, words: Sequence[str]) -> int:
    """Do what these words say; the exit code."""
    acts: dict[str, Callable[[Settings, list[str]], int | None]] = {
        "merge": _merge,
        "unmerge": _unmerge,
        "rename": _rename,
    }
    act = acts.get(words[0].lower())
    open_database(settings.database_url)
    with connected():
        try:
            code = act(settings, list(words[1:])) if act else None
        except PeopleUnchanged as unchanged:
            complain(f"{WORDS[unchanged.why]} Nothing was changed.")
            return 1
    if code is None:
        complain(*USAGE)
        return MISUSED
    return code


def _merge(settings: Settings, words: list[str]) -> int | None:
    """Where `into` is a part of a name as well, it divides so that both sides are known."""
    places = [
        place for place, word in enumerate(words) if word.lower() == INTO and 0 < place < len(words) - 1
    ]
    sides = [(" ".join(words[:place]), " ".join(words[place + 1 :])) for place in places]
    if not sides:
        return None
    first, second = next((pair for pair in sides if all(map(_called, pair))), sides[0])
    source, target = only(_called(first)), only(_called(second))
    if source is None or target is None:
        return 1
    if source.merged_into is not None and source.root().id == target.id:
        say("They are one person already.")
    else:
        facts = merge(source.id, target.id, build.opt_out_key(settings), time.time())
        try:
            with build.queues_beside(settings) as queues:
                for fact in facts:
                    publish(queues, fact)
        except Retry as why:  # the bot finds out by itself
            complain(f"The bot will notice later where people agree by this: {why.reason}")
        say(f"They are one person now. `{COMMAND} people unmerge {source.id}` undoes it.")
    _have_the_model_follow(settings)
    return 0


def _unmerge(settings: Settings, words: list[str]) -> int | None:
    if not words:
        return None
    found = rows_called(" ".join(words).strip())
    person = only([each for each in found if each.merged_into is not None] or found)
    if person is None:
        return 1
    unmerge(person.id)
    say("They are two people again.")
    _have_the_model_follow(settings)
    return 0


def _rename(_: Settings, words: list[str]) -> int | None:
    """Where neither stands in quotes, the first words are the person's that are one's."""
    parts = [(" ".join(words[:place]), " ".join(words[place:])) for place in range(1, len(words))]
    if not parts:
        return None
    known = [(found, name) for text, name in parts if (found := _called(text))]
    if len(known) > 1:
        complain("It is not clear where the name begins: put each of the two in quotes.")
        return 1
    found, name = known[0] if known else ([], "")
    person = only(found)
    if person is None:
        return 1
    rename(person.id, name, time.time())
    say("The person has this name now. Messages in Slack follow, by the bot that runs or at its next start.")
    return 0


def _called(text: str) -> list[Person]:
    """Whom a text means; by a name, those who are a part of nobody, if there are any."""
    found = rows_called(text.strip())
    return [each for each in found if each.merged_into is None] or found


def _have_the_model_follow(settings: Settings) -> None:
    """Here, or by the bot that runs; what is left is the bot's, and said."""
    for line in _followed(settings):
        say(line)


def _followed(settings: Settings) -> Iterator[str]:
    backend = settings.training_backend
    try:
        with build.only_bot(settings):
            if left_to_follow(backend):
                _follow_here(settings)
        yield "Messages in Slack follow at the bot's next start."
    except AlreadyRunning:
        until = time.monotonic() + LONGEST
        while left_to_follow(backend) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        yield "Messages in Slack follow, by the bot that runs."
    except (Retry, Reject) as why:
        yield f"The model could not be reached: {why.reason}"
    if left := left_to_follow(backend):
        faces = "1 face" if left == 1 else f"{left} faces"
        yield f"In the model, {faces} will follow: the bot does so by itself when it runs."


def _follow_here(settings: Settings) -> None:
    images = build.image_store(settings)
    with closing(build.training_backend(settings)) as training:
        follow_merges(
            training,
            lambda face_id: images.get(crop_key(face_id)),
            most=settings.max_faces_per_person,
            requires_consent=settings.requires_consent,
        )
