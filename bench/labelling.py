"""A running bot whose team labels photos of which it is known who is in them, and what that took."""

import json
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from bench.child import Failed
from bench.known_faces import Known, mixed, whose_faces
from bench.look_alikes import look_alikes
from tagbot.sandbox.driver import Slack
from tests.scenario.crowd import Crowd, Minds, Shown, Somebody, Tally, settled
from tests.scenario.running_bot import running_bot

TAGGERS = 5
REQUIRED_VOTES = 2
MOST_OPEN = 20
"""Open requests: the bot's default."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What it took, for each face that was labelled."""

    answers: float
    clicks: float
    posts: float
    pictures: float
    right: float
    """Per cent, of the faces that two taggers did not both take for somebody else."""
    misjudged: float
    """Per cent: faces that are wrong because they did."""
    machine_votes: bool = False
    """Whether the machine's record has earned it a vote by now."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What the channel was sent."""

    posts: int
    pictures: int

    @classmethod
    def to(cls, slack: Slack) -> "Sent":
        """So far."""
        return cls(*(sum(call.status == HTTPStatus.OK for call in slack.calls(each)) for each in SENT_BY))

    def since(self, before: "Sent") -> "Sent":
        """Without what it was sent before."""
        return Sent(self.posts - before.posts, self.pictures - before.pictures)

    def without(self, strangers: Collection[int]) -> "Sent":
        """Without the requests about strangers alone, each with so many faces."""
        pictures = sum(PICTURES_OF_ONE if faces == 1 else PICTURES_OF_SEVERAL for faces in strangers)
        return Sent(self.posts - len(strangers), self.pictures - pictures)


SENT_BY = ("chat.postMessage", "upload")

PICTURES_OF_ONE, PICTURES_OF_SEVERAL = 2, 1
"""A face and what is around it; the grid."""


class Team:
    """The people in the pictures, five of whom are in the channel and answer."""

    def __init__(self, slack: Slack, people: Sequence[Known], seed: int) -> None:
        self._slack = slack
        self._people = people
        self._seed = seed
        self._taggers = [person.slack_id for person in people[:TAGGERS]]
        nearest = look_alikes(people)
        self._minds = Minds(
            {person.slack_id: Somebody(person.name, nearest[person.slack_id]) for person in people}, seed
        )

    def move_in(self) -> None:
        """Have accounts in the workspace."""
        for person in self._people:
            self._slack.set_member(person.slack_id, real_name=person.name, name=person.slack_id.lower())
        self._slack.set_channel(members=[self._slack.bot_user, *self._taggers])

    def label(self, photos: Sequence[Known], folder: Path, settings: Mapping[str, str]) -> Labelled:
        """Start a bot in the folder, or go on with the one that was there; all photos are taken in before the
        first answer.
        """
        with (
            running_bot(
                folder / "data",
                self._slack,
                REQUIRED_VOTES=str(REQUIRED_VOTES),
                MAX_OPEN_REQUESTS=str(MOST_OPEN),
                **settings,
            ) as bot,
            tempfile.TemporaryDirectory() as source,
        ):
            before = Sent.to(self._slack)
            files = mixed((photo for each in photos for photo in each.photos), Path(source), self._seed)
            added = bot.command("add", str(files))
            if added.returncode:
                raise Failed(f"photos were not taken: {added.stderr}")
            with bot.looking() as look:
                settled(self._slack, look, MOST_OPEN)
            faces = whose_faces(folder / "data" / "tagbot.db", self._people)
            crowd = Crowd(self._slack, self._taggers, self._minds, faces)
            crowd.label(bot, MOST_OPEN)
            hashes = {photo for each in photos for photo in each.hashes()}
            tagged = [row for row in bot.export() if row["photo"] in hashes]
            sent = Sent.to(self._slack).since(before).without(crowd.tally.strangers.values())
            votes = json.loads(bot.command("stats", "--json").stdout)["machine"]["votes"]
            return replace(outcome(tagged, faces, crowd.tally, sent), machine_votes=votes)


def outcome(
    tagged: Sequence[Mapping[str, Any]], faces: Mapping[str, Shown], tally: Tally, sent: Sent
) -> Labelled:
    """`tagged`: rows of `export`."""
    wrong = [row["face_id"] for row in tagged if row["person"]["slack_id"] != faces[row["face_id"]].person]
    misjudged = sum(len(tally.mistaken[face_id]) >= REQUIRED_VOTES for face_id in wrong)
    return Labelled(
        answers=tally.answers / len(tagged),
        clicks=tally.clicks / len(tagged),
        posts=sent.posts / len(tagged),
        pictures=sent.pictures / len(tagged),
        right=100 - 100 * (len(wrong) - misjudged) / len(tagged),
        misjudged=100 * misjudged / len(tagged),
    )
