"""Kill the bot at random moments while all comes by Slack: people post photos, say whether they may be
learned, and ask for the photos with them. Count what got lost or was done twice.

    python -m tests.crash --by-slack --seeds 1-20
"""

import hashlib
import random
import time
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tagbot.database.models.sent_photos import PhotosWish, SentPhoto
from tagbot.database.opening import close_database, connected, open_database
from tagbot.photos.photos_in_flight import CRASHED as PHOTO_CRASHED
from tagbot.sandbox.driver import Slack
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Act, Message
from tagbot.settings import Settings
from tagbot.slack import posted_photo_words
from tagbot.stages.detect_faces import FACE_IDS
from tagbot.vocabulary import EventType, PhotoOutcome
from tests.crash.crash import (
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    Nemesis,
    Run,
    a_folder,
    backend,
    break_something,
    heal,
    put_suspects_back,
    status_of,
)
from tests.crash.invariants import (
    DEAD,
    NO_REQUEST,
    TWICE_ASKED,
    UNFINISHED,
    WRONGLY_TAGGED,
    Outcome,
    Violations,
    Watch,
    bugs,
    differing_model,
    stuck,
)
from tests.crash.people import Acting
from tests.scenario.flood import face_ids, is_open
from tests.scenario.running_bot import RunningBot, quiet
from tests.world import environment, portrait

UNHEARD, HEARD_TOO_OFTEN = "words about a photo lost", "words about a photo doubled"
QUESTIONS = "questions for consent lost or doubled"
LEARNED = "faces learned against their person's word, or not learned"
PHOTOS = "photos with somebody lost or doubled"

FOUND = posted_photo_words.faces_found(1, "")
KNOWN = posted_photo_words.NOT_SEARCHED[PhotoOutcome.KNOWN]
REFUSED = posted_photo_words.photo_refused(PHOTO_CRASHED)
"""As the photo was in the bot's hands at five kills."""

ANSWERS = {2: ("consent_yes",), 3: ("consent_no",), 4: ("consent_yes", "consent_no", "consent_yes")}
"""What the people in the photos say to being learned, by their number: one after the other."""


@dataclass
class Team(Acting):
    """They post photos, answer, say whether they may be learned, and want the photos with them."""

    photos: list[bytes]
    posts: int = 0
    """Of these so many were posted, the first one twice."""
    acknowledged: set[tuple[object, ...]] = field(default_factory=set)
    """What they have done, each once."""
    said: Counter[str] = field(default_factory=Counter)
    """By person: how many of their `ANSWERS` arrived."""
    asked: Counter[str] = field(default_factory=Counter)
    """By person: how often they tried to say so."""

    @property
    def truths(self) -> Counter[str]:
        """In how many photos each is."""
        return Counter(self.truth(each) for each in faces_of(self.photos))

    def post(self, number: int) -> None:
        """One of them posts a photo, whether or not the bot is there: Slack tells it of that again."""
        self.slack.share(self.slack.people[0], f"{number}.jpg", self.photos[number])
        self.posts += 1

    def is_told(self, person: str) -> bool:
        """Whether all that a person says to being learned has arrived."""
        return self.said[person] == len(ANSWERS[self.slack.people.index(person)])

    def act_once(self) -> None:
        """Answer about each face; each person in the photos says and wants what they do."""
        for message in self.slack.messages():
            with suppress(Refused):
                self._answer(message)
        for number, person in enumerate(self.slack.people[2:5], 2):
            with suppress(Refused):
                self._say(person, ANSWERS[number])
            with suppress(Refused):
                self._want(person)

    def _answer(self, message: Message) -> None:
        if not is_open(message):
            return
        [face] = face_ids(message)
        for tagger in self.slack.people[:2]:
            if (message.ts, tagger) not in self.acknowledged:
                act = self.slack.choose(tagger, message.ts, "tag_person", self.truth(face))
                if act.acknowledged:
                    self.acknowledged.add((message.ts, tagger))

    def _say(self, person: str, answers: tuple[str, ...]) -> None:
        questions = asked_for_consent(self.slack, person)
        if questions and not self.is_told(person):
            # The message offers what is left to say, once it shows what was said.
            act = self.slack.click(person, questions[0].ts, answers[self.said[person]])
            self.said[person] += act.acknowledged

    def _want(self, person: str) -> None:
        tagged = f"Tagged as {self.names[person]}"
        is_tagged = any(message.text.startswith(tagged) for message in self.slack.messages())
        if not is_tagged or (person, "photos") in self.acknowledged:
            return
        act = self._press(person, "photos_with_me")
        if act is not None and act.acknowledged:
            self.acknowledged.add((person, "photos"))

    def _press(self, person: str, action: str) -> Act | None:
        before = len(self.slack.ephemerals(person))
        if not self.slack.slash(person, "/facetag", "me").acknowledged:
            return None
        until = time.monotonic() + 2.0
        while time.monotonic() < until:
            shown = [each for each in self.slack.ephemerals(person)[before:] if each.blocks]
            if shown:
                self.asked[person] += 1
                return self.slack.click(person, shown[-1].ts, action)
            time.sleep(0.02)  # the bot may be dead
        return None


def faces_of(photos: list[bytes]) -> list[str]:
    """The ids of the one face in each."""
    return [str(uuid.uuid5(FACE_IDS, f"{hashlib.sha256(each).hexdigest()}:0")) for each in photos]


def asked_for_consent(slack: Slack, person: str) -> list[Message]:
    """The questions that a person got."""
    return [
        message
        for message in slack.directs(person)
        if message.metadata and message.metadata["event_type"] == EventType.CONSENT
    ]


def run(folder: Path, slack: Slack, wanted: Run, *, patience: float = PATIENCE_SECONDS) -> Outcome:
    """One run, and what it came to."""
    chance = random.Random(wanted.seed)
    team = Team(slack, [portrait(number) for number in range(wanted.faces)])
    with backend(wanted.backend) as (rekognition, settings):
        common = {"RETRY_MAX_SECONDS": "0.5", "MAX_ATTEMPTS": "1000", "CONSENT": "required"}
        nemesis = Nemesis(chance, [environment(a_folder(folder, 0), slack, **common, **settings)])
        try:
            nemesis.start()
            slack.wait_for_connections(timeout=patience)
            with team.acting():
                for number in range(wanted.kills):
                    for photo in range(
                        wanted.faces * number // wanted.kills, wanted.faces * (number + 1) // wanted.kills
                    ):
                        team.post(photo)
                    time.sleep(nemesis.life())  # not a wait for something: the moment of the kill
                    nemesis.kill_one()
                    if wanted.faults:
                        break_something(slack, rekognition, chance)
                    nemesis.start()
                team.post(0)
                bot, watch = nemesis.any_bot(slack), Watch()
                while not is_done(bot, team, watch) and watch.idle_seconds < patience:
                    time.sleep(PAUSE_SECONDS)
            heal(slack, rekognition)
            return outcome(bot, team, watch, wanted.kills)
        finally:
            nemesis.kill_all()


def is_done(bot: RunningBot, team: Team, watch: Watch) -> bool:
    """Whether every face is tagged, all is said and told, and no queue holds anything."""
    status = status_of(bot)
    if watch.look(status):
        bot.command("retry")
    watch.suspects += put_suspects_back(bot)
    tagged = status["faces"]["tagged"] == len(team.photos)
    people = [each for each in team.slack.people[2:5] if team.truths[each]]
    said = all(team.is_told(each) and (each, "photos") in team.acknowledged for each in people)
    return tagged and said and quiet(status) and len(heard(team)) >= team.posts


def heard(team: Team) -> list[str]:
    """What came of the photos, as their member heard."""
    told = [message.text for message in team.slack.ephemerals(team.slack.people[0])]
    return [each for each in told if each in (FOUND, KNOWN, REFUSED)]


def outcome(bot: RunningBot, team: Team, watch: Watch, kills: int) -> Outcome:
    """Compare what the bot says with what people did and what Slack has."""
    lines, status = bot.export(), bot.status()
    watch.look(status)
    counted = {
        "photos": len(team.photos),
        "tagged": len(lines),
        "words": len(heard(team)),
        "times taken for the cause of crashes": watch.suspects,
        "in the model": sum(line["training"] is not None for line in lines),
        "sent photos": sum(len(each.files) for who in team.slack.people for each in team.slack.directs(who)),
    }
    found: dict[str, list[str]] = {}
    faces = {str(line["face_id"]): line for line in lines}
    wanted = faces_of(team.photos)
    requests = Counter(
        face for message in team.slack.messages() if message.metadata for face in face_ids(message)
    )
    for what, each in (
        *((UNFINISHED, face) for face in wanted if face not in faces),
        *((UNFINISHED, f"{face} is nobody's") for face in faces if face not in wanted),
        *(
            (WRONGLY_TAGGED, face)
            for face, line in faces.items()
            if line["person"]["slack_id"] != team.truth(face)
        ),
        *((NO_REQUEST, face) for face in wanted if not requests[face]),
        *((TWICE_ASKED, face) for face, count in requests.items() if count > 1),
        *_words(team, kills),
        *_consent(team, faces),
        *_sent(bot, team),
        *differing_model(bot),
        *stuck(status),
        *((DEAD, each) for each in sorted(watch.dead)),
        *bugs(bot),
    ):
        found.setdefault(what, []).append(each)
    return Outcome(counted, found)


def _words(team: Team, kills: int) -> Violations:
    """One for each post; a bot that is killed just after it said one says it once more."""
    told = Counter(heard(team))
    if told.total() < team.posts:
        yield UNHEARD, f"{told.total()} of {team.posts}"
    if told.total() > team.posts + kills:
        yield HEARD_TOO_OFTEN, f"{told.total()} for {team.posts}"
    least = 0 if told[REFUSED] else 1  # one that was refused is new when it comes again
    if not least <= told[KNOWN] <= 1 + kills:
        yield UNHEARD, f"that it was known already, {told[KNOWN]} times"


def _consent(team: Team, faces: dict[str, dict[str, object]]) -> Violations:
    """One question to each person, ever; and what is learned is what they want."""
    for number, person in enumerate(team.slack.people[2:5], 2):
        count, is_there = len(asked_for_consent(team.slack, person)), team.truths[person] > 0
        if count != is_there:
            yield QUESTIONS, f"{count} to {person}"
        agrees = ANSWERS[number][-1] == "consent_yes"
        for face, line in faces.items():
            if team.truth(face) == person and (line["training"] is not None) != agrees:
                yield LEARNED, f"{face} of {person}"


def _sent(bot: RunningBot, team: Team) -> Violations:
    """Each wish brought each photo once: what people see is what is listed, and nothing else."""
    open_database(Settings.from_env(bot.env).database_url)
    try:
        with connected():
            wishes, rows = list(PhotosWish.select()), list(SentPhoto.select())
    finally:
        close_database()
    for wish in wishes:
        there = Counter(row.photo for row in rows if row.wish == wish.id)
        if wish.ended_at is None or there != Counter(wish.planned().photos):
            yield PHOTOS, f"{there.total()} of the wish {wish.id}"
    for person in team.slack.people[2:5]:
        messages = team.slack.directs(person)
        seen = Counter(file for message in messages for file in message.files)
        if seen != Counter(row.file for row in rows if row.member == person):
            yield PHOTOS, f"{seen.total()} in the conversation with {person}"
        ends = [
            each for each in messages if each.metadata and each.metadata["event_type"] == EventType.PHOTOS
        ]
        mine = [wish for wish in wishes if wish.member == person]
        fits = team.asked[person] == 0 if not team.truths[person] else 1 <= len(mine) <= team.asked[person]
        if len(ends) != len(mine) or not fits:
            yield PHOTOS, f"{len(ends)} last words for {len(mine)} wishes of {person}"
