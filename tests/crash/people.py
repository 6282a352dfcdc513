"""The people of the crash test: what they do with each face, and what Slack acknowledged to them."""

import threading
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Act, Message
from tagbot.vocabulary import SpecialAnswer
from tests.scenario.flood import offers

THE_PERSON, SOMEBODY = "the person", "somebody"

Round = tuple[tuple[int, str], ...]
"""Who answers what, in this order: the number of the tagger, and the answer."""


@dataclass(frozen=True)
class Life:
    """What people do with a face; after the last round it stays as it is."""

    rounds: tuple[Round, ...]

    @property
    def is_tagged(self) -> bool:
        """Whether it ends as a person's; else there is nobody to tag."""
        return all(answer != SpecialAnswer.NOT_A_FACE for _, answer in self.rounds[-1])


AGREED = ((0, THE_PERSON), (1, THE_PERSON))

CHANGED_MIND = Life((((0, SpecialAnswer.DONT_KNOW), (0, THE_PERSON), (1, THE_PERSON)),))
NOBODY = Life((((0, SpecialAnswer.NOT_A_FACE), (1, SpecialAnswer.NOT_A_FACE)),))
WRONG_AT_FIRST = Life((((0, SOMEBODY), (1, SOMEBODY)), AGREED))
"""Somebody reopens it."""

LIVES = (Life((AGREED,)), Life((AGREED,)), CHANGED_MIND, NOBODY, WRONG_AT_FIRST)


@dataclass
class Story:
    """What people did, seen from outside."""

    lives: dict[str, Life]
    """By face."""
    answered: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """By face and round: the steps that Slack was acknowledged, as answers."""
    closed: set[tuple[str, int]] = field(default_factory=set)
    """The faces and rounds that people see closed: with an answer, perhaps, that was stored just before the
    bot was killed, and so never acknowledged.
    """
    reopened: set[str] = field(default_factory=set)
    """The faces whose reopening Slack was acknowledged."""

    def person(self, face_id: str, people: list[str], *, wrong: bool = False) -> str:
        """Who is in the picture, or who is taken for them."""
        return person_in(face_id, people, wrong=wrong)

    def votes(self, face_id: str, people: list[str]) -> dict[str, str]:
        """What has to be stored of the last round: each tagger's last answer."""
        last = self.lives[face_id].rounds[-1]
        return {people[tagger]: self.answer(face_id, answer, people) for tagger, answer in last}

    def answer(self, face_id: str, answer: str, people: list[str]) -> str:
        """The answer as it is stored."""
        if answer in (THE_PERSON, SOMEBODY):
            return self.person(face_id, people, wrong=answer == SOMEBODY)
        return answer

    @property
    def is_told(self) -> bool:
        """Whether people have nothing more to do."""
        return all(
            (face_id, number) in self.closed
            for face_id, life in self.lives.items()
            for number in range(1, len(life.rounds) + 1)
        )


def story_of(faces: list[str], seed: int) -> Story:
    """A life for each face, drawn by the seed."""
    return Story({face_id: LIVES[_number(f"{seed} {face_id}") % len(LIVES)] for face_id in faces})


def person_in(face_id: str, people: list[str], *, wrong: bool = False) -> str:
    """Who is in the picture, or who is taken for them: one of three members who answer nothing."""
    return people[2 + (_number(face_id) + wrong) % 3]


def _number(text: str) -> int:
    return zlib.crc32(text.encode())


@dataclass
class Acting(ABC):
    """People who act whenever the bot is there, and again until Slack was acknowledged."""

    slack: Slack
    done: threading.Event = field(init=False, default_factory=threading.Event)

    @contextmanager
    def acting(self) -> Iterator[None]:
        """Act in a thread of their own."""
        thread = threading.Thread(target=self._act, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.done.set()
            thread.join()

    @cached_property
    def names(self) -> dict[str, str]:
        """Of all members, by Slack's id, as they were: to ask anew takes the whole state of the workspace."""
        return {member.id: member.real_name for member in self.slack.members().values()}

    def truth(self, face_id: str) -> str:
        """Who is in the picture."""
        return person_in(face_id, self.slack.people)

    def _act(self) -> None:
        while not self.done.wait(0.05):
            self.act_once()

    @abstractmethod
    def act_once(self) -> None:
        """Look at all that Slack shows, and do what there is to do."""


@dataclass
class People(Acting):
    """They tell a story."""

    story: Story

    def act_once(self) -> None:
        """Answer each request of the story's rounds, and reopen what has another."""
        for message in self.slack.messages() if not self.story.is_told else ():
            if message.metadata is None:
                continue
            face_id, number = (message.metadata["event_payload"][key] for key in ("face_id", "round"))
            if offers(message, "tag_person"):
                self._answer(message, face_id, number)
                continue
            self.story.closed.add((face_id, number))
            if offers(message, "wrong_person") and number < len(self.story.lives[face_id].rounds):
                self._reopen(message, face_id)

    def _answer(self, request: Message, face_id: str, number: int) -> None:
        done = self.story.answered.setdefault((face_id, number), [])
        for tagger, answer in self.story.lives[face_id].rounds[number - 1][len(done) :]:
            act = self._choose(request, face_id, self.slack.people[tagger], answer)
            if act is None or not act.acknowledged:
                return  # it closed meanwhile, or the bot is dead: another time
            done.append(answer)

    def _choose(self, request: Message, face_id: str, member: str, answer: str) -> Act | None:
        try:
            if answer in (SpecialAnswer.NOT_A_FACE, SpecialAnswer.DONT_KNOW):
                return self.slack.click(member, request.ts, answer)
            person = self.story.answer(face_id, answer, self.slack.people)
            return self.slack.choose(member, request.ts, "tag_person", person)
        except Refused:
            return None

    def _reopen(self, message: Message, face_id: str) -> None:
        if face_id in self.story.reopened:
            return
        try:
            act = self.slack.click(self.slack.people[0], message.ts, "wrong_person")
        except Refused:
            return
        if act.acknowledged:
            self.story.reopened.add(face_id)
