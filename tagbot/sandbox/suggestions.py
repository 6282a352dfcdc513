"""Selects whose options the app is asked for as somebody types (docs.slack.dev, block_suggestion)."""

from dataclasses import dataclass
from typing import Any

from tagbot.sandbox import block_kit
from tagbot.sandbox.refusals import Refused, SlackError
from tagbot.sandbox.schema import Inspection
from tagbot.sandbox.state import Act, Json
from tagbot.sandbox.workspace import World

SELECT = "external_select"

LEAST = 3
"""Letters that are typed before the app is asked, where the element does not say how many."""


@dataclass(frozen=True)
class Menu:
    """Such a select on one person's screen; `where` is the `ts` of a message, or a view."""

    world: World
    member: str
    where: str
    block_id: str
    element: Json

    @property
    def key(self) -> str:
        """By which the workspace keeps what it offers."""
        return f"{self.member} {self.where} {self.block_id} {self.element['action_id']}"

    def type(self, typed: str) -> None:
        """What was offered before is gone; refused where the app is not asked for anything."""
        if self.element["type"] != SELECT:
            raise Refused(f"{self.element['action_id']} is a {self.element['type']}: nobody is asked.")
        least = self.element.get("min_query_length", LEAST)
        if len(typed) < least:
            raise Refused(f"{self.element['action_id']} asks for nothing before {least} letters are typed.")
        self.world.workspace.suggested.pop(self.key, None)

    def fill(self, act: Act, answer: Any) -> None:
        """Offer what the app answered, if Slack would take it."""
        inspection = Inspection(lambda _: False)
        block_kit.OFFERED(answer, "", inspection)
        if inspection.findings:
            raise SlackError("invalid_options", inspection.findings)
        groups = answer.get("option_groups") or [answer]
        act.options = [option for group in groups for option in group["options"]]
        self.world.workspace.suggested[self.key] = act.options

    def as_seen(self) -> Json:
        """The element with the options that the person sees; any other element as it is."""
        if self.element["type"] != SELECT:
            return self.element
        return {**self.element, "options": self.world.workspace.suggested.get(self.key, [])}
