"""The parts of each person since people were merged. The rows of all stay, so that a merge can be undone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from tagbot.database.models.base import execute

ALL = "SELECT id, slack_id, merged_into, merged_at FROM person WHERE merged_into IS NOT NULL"


@dataclass(frozen=True, slots=True)
class MergedPeople:
    """As it is when they are read; mostly there are none."""

    into: Mapping[str, str]
    """By the id of each that was merged, whom into."""
    at: Mapping[str, float]
    """When."""
    accounts: Mapping[str, str]
    """Their ids by those of their Slack accounts."""

    @classmethod
    def now(cls) -> Self:
        """In one cheap query."""
        rows = execute(ALL).fetchall()
        return cls(
            {each: into for each, _, into, _ in rows},
            {each: at for each, _, _, at in rows},
            {slack_id: each for each, slack_id, _, _ in rows if slack_id},
        )

    def root(self, person_id: str) -> str:
        """The one that this person is part of, who may be the same."""
        while (into := self.into.get(person_id)) is not None:
            person_id = into
        return person_id

    def within(self, person_id: str) -> set[str]:
        """This person, and all who are part of them."""
        found, more = {person_id}, {person_id}
        while more := {each for each, into in self.into.items() if into in more} - found:
            found |= more
        return found

    def parts(self, person_id: str) -> set[str]:
        """All who are one person with this one, who is among them."""
        return self.within(self.root(person_id)) if self.into else {person_id}

    def roots(self, people: Collection[str]) -> list[str]:
        """Those that these are part of, each once, in this order."""
        return list(dict.fromkeys(map(self.root, people)))
