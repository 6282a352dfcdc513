"""Rules for JSON values, put together from small ones; findings are worded as Slack words them.

The wordings ("must be less than 3001 characters [json-pointer:/blocks/0/text/text]", …) are those that people
quote from Slack's answers. Where no quote was found, the wording is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tagbot.sandbox.state import Json


@dataclass
class Inspection:
    """The findings so far, and what only the workspace can tell: whether a file may be shown."""

    usable_file: Callable[[Json], bool]
    findings: list[str] = field(default_factory=list)

    def report(self, finding: str, pointer: str) -> None:
        """Note a finding at a place."""
        self.findings.append(f"{finding} [json-pointer:{pointer}]")


Rule: TypeAlias = Callable[[Any, str, Inspection], None]


def string(most: int, least: int = 0) -> Rule:
    """Text of a length in characters."""

    def check(value: Any, at: str, inspection: Inspection) -> None:
        if not isinstance(value, str):
            inspection.report("must provide a string", at)
        elif len(value) > most:
            inspection.report(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            inspection.report(f"must be more than {least - 1} characters", at)

    return check


def boolean(value: Any, at: str, inspection: Inspection) -> None:
    """True or false, and no number."""
    if not isinstance(value, bool):
        inspection.report("must be a boolean", at)


def integer(least: int, most: int) -> Rule:
    """A whole number within bounds."""

    def check(value: Any, at: str, inspection: Inspection) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            inspection.report("must be an integer", at)
        elif not least <= value <= most:
            inspection.report(f"must be between {least} and {most}", at)

    return check


def anything(_value: Any, _at: str, _inspection: Inspection) -> None:
    """Not looked into."""


def one_of(*allowed: str) -> Rule:
    """One of a few words."""

    def check(value: Any, at: str, inspection: Inspection) -> None:
        if value not in allowed:
            inspection.report(f"must be a valid enum value: {', '.join(allowed)}", at)

    return check


def items(rule: Rule, most: int, least: int = 1) -> Rule:
    """A list whose items all keep a rule."""

    def check(value: Any, at: str, inspection: Inspection) -> None:
        if not isinstance(value, list):
            inspection.report("must provide an array", at)
            return
        if len(value) > most:
            inspection.report(f"no more than {most} items allowed", at)
        if len(value) < least:
            inspection.report(f"no less than {least} items allowed", at)
        for index, item in enumerate(value):
            rule(item, f"{at}/{index}", inspection)

    return check


def shape(
    required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *also: Rule, type_name: str = ""
) -> Rule:
    """An object with just these fields; `also` are rules about the object as a whole."""
    fields = {**required, **(optional or {})}
    if type_name:
        fields["type"] = one_of(type_name)

    def check(value: Any, at: str, inspection: Inspection) -> None:
        if not isinstance(value, dict):
            inspection.report("must provide an object", at)
            return
        for name in required:
            if value.get(name) is None:
                inspection.report(f"missing required field: {name}", at)
        for name, content in value.items():
            if name not in fields:
                inspection.report(f"invalid additional property: {name}", at)
            elif content is not None:
                fields[name](content, f"{at}/{name}", inspection)
        for rule in also:
            rule(value, at, inspection)

    return check


def by_type(rules: Mapping[str, Rule]) -> Rule:
    """An object whose `type` says which rule it keeps."""

    def check(value: Any, at: str, inspection: Inspection) -> None:
        if not isinstance(value, dict):
            inspection.report("must provide an object", at)
        elif "type" not in value:
            inspection.report("missing required field: type", at)
        elif (rule := rules.get(str(value["type"]))) is None:
            inspection.report(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            rule(value, at, inspection)

    return check


def just_one(*names: str) -> Rule:
    """An object that has exactly one of these fields."""

    def check(value: Json, at: str, inspection: Inspection) -> None:
        if sum(value.get(name) is not None for name in names) != 1:
            inspection.report(f"must define exactly one of {quoted(names)}", at)

    return check


def at_least_one(*names: str) -> Rule:
    """An object that has one of these fields, or more."""

    def check(value: Json, at: str, inspection: Inspection) -> None:
        if all(value.get(name) is None for name in names):
            inspection.report(f"must define either {quoted(names)}", at)

    return check


def quoted(names: tuple[str, ...]) -> str:
    """The names of fields, in a sentence."""
    return " or ".join(f"`{name}`" for name in names)
