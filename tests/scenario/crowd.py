"""People who mostly know who is in the pictures, and who err as people do: they answer a running bot.

    crowd = Crowd(slack, taggers, Minds(people, seed=1), faces)
    crowd.label(bot, most_open=20)
    print(crowd.tally.answers)

All that is random is drawn by the seed, the tagger and the faces that they look at: it depends neither on the
order of what happens nor on the way they are asked.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.state import Act, Message
from tagbot.vocabulary import ActionId, CallbackId, Field
from tests.scenario.flood import face_ids, is_open
from tests.scenario.running_bot import RunningBot, quiet

KNOWS = 0.95
"""How often a tagger knows who it is."""
TAKES_FOR_LOOK_ALIKE = 0.6
"""How many of their mistakes are the same for all: the person's look-alike instead of anybody."""
SEES_ODD_ONE = 0.9
"""How often a tagger sees a face that is not the others'."""

PICK = "pick_"

BUTTON_CLICKS, LIST_CLICKS, MODAL_CLICKS = 1, 2, 2
"""A list is opened before one chooses; a modal is opened and submitted, and each tick in it is one more."""

MOST_TURNS = 50
"""More than any request takes, of which the chance is less than one in a million."""
MOST_TRIES = 5
"""Of one act. On a machine that does much else, a bot may miss the three seconds that Slack waits."""
PATIENCE = 120.0
"""Seconds in which the bot gets nothing done, until that is a failure."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """Whom a tagger may name."""

    name: str
    """Nobody else's: it stands on the button of a line-up."""
    look_alike: str
    """The Slack id of another one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A face in a request, as who knows the truth sees it."""

    key: str
    """What chance is drawn by: the same for each bot that asks, as a face's id is not."""
    person: str | None
    """The Slack id; None for a stranger, whom no tagger knows."""

    @property
    def identity(self) -> str:
        """The same for the faces of one person; no two strangers are."""
        return self.person or self.key


class Minds:
    """What each tagger sees and believes."""

    def __init__(self, people: Mapping[str, Somebody], seed: int) -> None:
        self.people = people
        self._seed = seed

    def order(self, taggers: Sequence[str], faces: Sequence[Shown]) -> list[str]:
        """Who looks first."""
        return self._chance(faces[0].key).sample(taggers, len(taggers))

    def odd_ones(self, tagger: str, faces: Sequence[Shown]) -> list[Shown]:
        """Those that a tagger sees not to be of the person whom most of them show."""
        who = subject(faces).identity
        odd = [face for face in faces if face.identity != who]
        return [face for face in odd if self._chance(tagger, face.key).random() < SEES_ODD_ONE]

    def answer(self, tagger: str, faces: Sequence[Shown], look: int) -> str | None:
        """Whom a tagger takes them for at their `look`-th look; None if they cannot tell."""
        person = subject(faces).person
        if person is None:
            return None
        chance = self._chance(tagger, min(face.key for face in faces), look)
        if chance.random() < KNOWS:
            return person
        look_alike = self.people[person].look_alike
        if chance.random() < TAKES_FOR_LOOK_ALIKE:
            return look_alike
        return chance.choice(sorted(set(self.people) - {person, look_alike}))

    def _chance(self, *what: object) -> random.Random:
        return random.Random(" ".join(map(str, (self._seed, *what))))


def subject(faces: Sequence[Shown]) -> Shown:
    """A face of the person whom most of them show; of equals, of the first."""
    ((who, _),) = Counter(face.identity for face in faces).most_common(1)
    return next(face for face in faces if face.identity == who)


@dataclass
class Tally:
    """What the taggers did."""

    answers: int = 0
    """An answer about several faces is one."""
    clicks: int = 0
    struck_out: int = 0
    """Faces."""
    about_strangers: int = 0
    """Answers about nobody but strangers, which are in no other figure here; nor are their clicks."""
    strangers: dict[str, int] = field(default_factory=dict)
    """Requests about nobody but strangers, by the `ts` of their message, with their faces."""
    mistaken: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By the id of a face that shows who was asked about: the taggers who took them for somebody else."""


class Crowd:
    """The taggers at their screens."""

    def __init__(
        self, slack: Slack, taggers: Sequence[str], minds: Minds, faces: Mapping[str, Shown]
    ) -> None:
        """`faces`: by id, all that the bot may ask about."""
        self._slack = slack
        self._taggers = taggers
        self._minds = minds
        self._faces = faces
        self._turns: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self.tally = Tally()

    def label(self, bot: RunningBot, most_open: int) -> None:
        """Take turns until the bot asks nothing more: at each open request one tagger does one thing, and
        then all wait for what comes of it, so that nobody answers what is about to close.
        """
        with bot.looking() as look:
            while requests := settled(self._slack, look, most_open):
                for request in requests:
                    self._take_turn(request)

    def _take_turn(self, request: Message) -> None:
        self._turns[request.ts] += 1
        assert self._turns[request.ts] <= MOST_TURNS, f"no end of {request.text}"
        faces = {face_id: self._faces[face_id] for face_id in face_ids(request)}
        shown = list(faces.values())
        look, place = divmod(self._answered[request.ts], len(self._taggers))
        tagger = self._minds.order(self._taggers, shown)[place]
        odd = self._minds.odd_ones(tagger, shown)
        if odd:
            self._strike_out(tagger, request, [face_id for face_id, face in faces.items() if face in odd])
            return
        self._answered[request.ts] += 1
        self._answer(tagger, request, faces, self._minds.answer(tagger, shown, look))

    def _strike_out(self, tagger: str, request: Message, odd: Sequence[str]) -> None:
        acknowledged(partial(self._slack.click, tagger, request.ts, ActionId.NOT_ALL_THE_SAME))
        view = self._slack.wait_for_view(
            tagger, lambda view: bool(view.content["callback_id"] == CallbackId.NOT_ALL_THE_SAME)
        )
        acknowledged(partial(self._slack.submit, tagger, view.id, {Field.ODD_ONES: list(odd)}))
        self.tally.clicks += MODAL_CLICKS + len(odd)
        self.tally.struck_out += len(odd)

    def _answer(self, tagger: str, request: Message, faces: Mapping[str, Shown], answer: str | None) -> None:
        if all(face.person is None for face in faces.values()):
            acknowledged(partial(self._slack.click, tagger, request.ts, ActionId.DONT_KNOW))
            self.tally.about_strangers += 1
            self.tally.strangers[request.ts] = len(faces)
            return
        self.tally.answers += 1
        self.tally.clicks += self._name(tagger, request, answer)
        person = subject(list(faces.values())).person
        if answer != person:
            for face_id, face in faces.items():
                if face.person == person:
                    self.tally.mistaken[face_id].add(tagger)

    def _name(self, tagger: str, request: Message, answer: str | None) -> int:
        """Give the answer the shortest way; the clicks."""
        if answer is None:
            acknowledged(partial(self._slack.click, tagger, request.ts, ActionId.DONT_KNOW))
            return BUTTON_CLICKS
        pick = line_up(request).get(self._minds.people[answer].name)
        if pick is None:
            acknowledged(partial(self._slack.choose, tagger, request.ts, ActionId.TAG_PERSON, answer))
            return LIST_CLICKS
        acknowledged(partial(self._slack.click, tagger, request.ts, pick))
        return BUTTON_CLICKS


def acknowledged(act: Callable[[], Act]) -> None:
    """Act, and again while Slack says that it came to nothing. That changes no count: an answer that came all
    the same is replaced by its like.
    """
    tried = [act()]
    while not tried[-1].acknowledged:
        assert len(tried) < MOST_TRIES, tried[-1]
        tried.append(act())


def line_up(request: Message) -> dict[str, str]:
    """The buttons of a request that name somebody: by the name, their action_id."""
    return {
        element["text"]["text"]: element["action_id"]
        for block in request.blocks
        for element in block.get("elements", ())
        if element.get("action_id", "").startswith(PICK)
    }


def settled(
    slack: Slack, look: Callable[[], dict[str, Any]], most_open: int, patience: float = PATIENCE
) -> list[Message]:
    """The open requests, oldest first, once the bot has nothing in hand, asks as much as it may, and Slack
    shows what it asks.
    """
    seen, until = None, 0.0
    while True:
        status = look()
        if quiet(status) and not status["inbox"] and not status["faces"]["training"]:
            requests = [message for message in slack.messages() if is_open(message)]
            shown = sum(len(face_ids(request)) for request in requests)
            asks_all = not status["faces"]["waiting"] or len(requests) >= most_open
            if asks_all and shown == status["faces"]["open"]:
                return requests
        if (done := (status["inbox"], status["faces"])) != seen:
            seen, until = done, time.monotonic() + patience
        assert time.monotonic() < until, status
        time.sleep(0.05)  # another process works, of which nothing else tells
