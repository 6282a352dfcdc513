"""What has to hold in the end, whatever happened: compared from outside, each thing counted."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tagbot.sandbox.client import Slack
from tests.crash.people import Story
from tests.scenario.running_bot import RunningBot


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    counted: dict[str, int]
    violations: list[str]

    def __str__(self) -> str:
        figures = ", ".join(f"{number} {what}" for what, number in self.counted.items())
        return "\n  ".join([f"{figures}: {len(self.violations)} violations", *self.violations])


def outcome(bot: RunningBot, slack: Slack, story: Story, max_open: int) -> Outcome:
    """Compare what the bot says with what people did and what Slack and the model have."""
    lines = bot.export()
    counted = {
        "faces": len(story.lives),
        "tagged": len(lines),
        "answers acknowledged": sum(map(len, story.answered.values())),
        "reopened": len(story.reopened),
        "open at most": story.most_open,
        "requests": sum(_requests(slack).values()),
        "in the model": sum(line["training"] is not None for line in lines),
    }
    violations = [
        *_not_as_people_agreed(lines, slack, story),
        *_votes_lost_or_added(lines, slack, story),
        *_requests_missing_or_doubled(slack, story),
        *_too_many_open(story, max_open),
        *_shown_wrongly(slack, story),
        *_differing_model(bot),
    ]
    return Outcome(counted, violations)


def _not_as_people_agreed(lines: list[dict[str, object]], slack: Slack, story: Story) -> Iterator[str]:
    """Every face is once in its final state, at the right person, and in the model."""
    found = Counter(str(line["face_id"]) for line in lines)
    yield from (f"{count} times in the export: {face_id}" for face_id, count in found.items() if count > 1)
    tagged = {face_id for face_id, life in story.lives.items() if life.is_tagged}
    yield from (f"lost: {face_id}" for face_id in tagged - found.keys())
    yield from (f"tagged though nobody is there: {face_id}" for face_id in found.keys() - tagged)
    for line in lines:
        face_id, person = str(line["face_id"]), line["person"]
        assert isinstance(person, dict)
        if person["slack_id"] != story.person(face_id, slack.people):
            yield f"{face_id} is tagged as {person['slack_id']}"
        if line["training"] is None:
            yield f"{face_id} is not in the model"


def _votes_lost_or_added(lines: list[dict[str, object]], slack: Slack, story: Story) -> Iterator[str]:
    for line in lines:
        face_id, votes = str(line["face_id"]), line["votes"]
        assert isinstance(votes, list)
        stored = sorted((vote["tagger"], vote["answer"]) for vote in votes)
        wanted = sorted(story.votes(face_id, slack.people).items())
        if stored != wanted:
            yield f"votes on {face_id}: {stored}, and people answered {wanted}"


def _requests(slack: Slack) -> Counter[tuple[str, int]]:
    return Counter(
        (message.metadata["event_payload"]["face_id"], message.metadata["event_payload"]["round"])
        for message in slack.messages()
        if message.metadata is not None
    )


def _requests_missing_or_doubled(slack: Slack, story: Story) -> Iterator[str]:
    """One for each face and round."""
    wanted = Counter(
        (face_id, number)
        for face_id, life in story.lives.items()
        for number in range(1, len(life.rounds) + 1)
    )
    found = _requests(slack)
    for which in wanted | found:
        if wanted[which] != found[which]:
            yield f"{found[which]} requests of {which}, where {wanted[which]} are right"


def _too_many_open(story: Story, max_open: int) -> Iterator[str]:
    """At any time of the run."""
    if story.most_open > max_open:
        yield f"{story.most_open} requests were open at once, where {max_open} may be"


def _shown_wrongly(slack: Slack, story: Story) -> Iterator[str]:
    """What people see in the end."""
    names = {id_: member.real_name for id_, member in slack.members().items()}
    for message in slack.messages():
        if message.metadata is None:
            continue
        face_id, number = (message.metadata["event_payload"][key] for key in ("face_id", "round"))
        if number < len(story.lives[face_id].rounds):
            right = "reopened this face" in message.text
        elif story.lives[face_id].is_tagged:
            right = message.text.startswith(f"Tagged as {names[story.person(face_id, slack.people)]}")
        else:
            right = "nobody to tag" in message.text
        if not right:
            yield f"round {number} of {face_id} is shown as {message.text!r}"


def _differing_model(bot: RunningBot) -> Iterator[str]:
    """One vector for each tagged face, at its person, and no other."""
    reconciled = bot.command("reconcile")
    if reconciled.returncode != 0:
        yield f"the model differs: {reconciled.stdout}"
