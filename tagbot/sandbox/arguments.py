"""The arguments of a call, whether they came as JSON or as a form."""

import json
from typing import Any

from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Json

TRUE = (True, 1, "1", "true", "True")


class Arguments:
    """Arguments by name. What a form writes as text (numbers, JSON) is read here."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def given(self, name: str) -> bool:
        """Whether the argument is there and not empty."""
        return self.values.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """The argument as text; empty when it is not there."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """A truth value; the SDK writes 1 in forms."""
        return self.values.get(name) in TRUE

    def number(self, name: str, default: int) -> int:
        """A whole number, or `invalid_arguments`."""
        try:
            return int(self.text(name) or default)
        except ValueError:
            raise SlackError("invalid_arguments", [f"must be an integer [json-pointer:/{name}]"]) from None

    def json(self, name: str, otherwise: str) -> Any:
        """An argument that is JSON in a form, and itself in a JSON body; `otherwise`: the error's code."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(otherwise) from None
