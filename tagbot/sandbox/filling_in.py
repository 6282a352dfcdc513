"""Elements on somebody's screen: which one is meant, and what can be put into it."""

from tagbot.sandbox import block_kit
from tagbot.sandbox.refusals import Refused
from tagbot.sandbox.state import Json, View


def find(
    blocks: list[Json], action_id: str, block_id: str | None, *, speaks: bool = True
) -> tuple[Json, Json]:
    """The one element with this action_id, with its block; one that tells the app at once if it `speaks`."""
    found = [
        (block, element)
        for block, element in block_kit.elements(blocks)
        if element["action_id"] == action_id and block_id in (None, block["block_id"])
    ]
    if not found:
        raise Refused(f"There is no element {action_id} here.")
    if len(found) > 1:
        raise Refused(f"There are {len(found)} elements {action_id} here: name the block_id.")
    block = found[0][0]
    if speaks and block["type"] == "input" and not block.get("dispatch_action"):
        raise Refused(f"{action_id} is an input: it says nothing until the view is submitted.")
    return found[0]


def offered(element: Json, value: str) -> Json:
    """The option with this value."""
    options = block_kit.options(element)
    if value not in options:
        raise Refused(f"{element['action_id']} does not offer {value}; it offers {', '.join(options)}.")
    return options[value]


def ticked(element: Json, values: list[str]) -> list[Json]:
    """The options with these values, in the order in which they stand there."""
    chosen = [offered(element, value) for value in values]
    return [option for option in block_kit.options(element).values() if option in chosen]


def demand(view: View, block_id: str, block: Json) -> None:
    """An input that is not optional must hold something."""
    element = block["element"]
    held = view.values.get(block_id, {}).get(element["action_id"])
    filled = (
        held
        or element.get("initial_value")
        or element.get("initial_user")
        or element.get("initial_option")
        or (held is None and element.get("initial_options"))
    )
    if not filled and not block.get("optional"):
        raise Refused(f"The input {block_id} must be filled in.")
