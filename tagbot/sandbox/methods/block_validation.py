"""blocks.validate: whether Slack would take blocks, a message or a view, without showing them to anybody."""

import re

from tagbot.sandbox import block_kit
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Json
from tagbot.sandbox.workspace import World

GIVEN = ("blocks", "view", "message")

FINDING = re.compile(r"\A(?P<message>.*) \[json-pointer:(?P<pointer>.*)\]\Z", re.DOTALL)


def validate(_world: World, args: Arguments) -> Json:
    """Exactly one of them; what is wrong with it, each by a pointer into it. Files are not looked for."""
    given = [name for name in GIVEN if args.given(name)]
    if len(given) != 1:
        raise SlackError("invalid_arguments", ["must provide exactly one of `blocks`, `view`, or `message`"])
    [name] = given
    content = args.json(name, "invalid_arguments")
    try:
        if name == "view":
            is_home = isinstance(content, dict) and content.get("type") == "home"
            block_kit.inspect_view(content, lambda _: True, block_kit.HOME if is_home else block_kit.MODAL)
        else:
            blocks = content.get("blocks", []) if name == "message" else content
            block_kit.inspect_message(blocks, lambda _: True)
    except SlackError as wrong:
        raise SlackError(f"invalid_{name}", errors=[_told(each) for each in wrong.messages]) from None
    return {}


def _told(finding: str) -> Json:
    found = FINDING.match(finding)
    told = found.groupdict() if found else {"message": finding, "pointer": ""}
    return {"code": "failed_constraint", **told}
