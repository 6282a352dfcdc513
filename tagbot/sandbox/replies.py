"""What the app says in return to an act: by acknowledging it, or at its response_url."""

import time
from typing import Any

from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.methods import chat, views
from tagbot.sandbox.refusals import SlackError
from tagbot.sandbox.state import Json, Message, ResponseUrl, Version, View
from tagbot.sandbox.workspace import World


def use_response_url(world: World, key: str, body: Json) -> Json:
    """A post to a response_url: five within half an hour."""
    url = world.workspace.response_urls.get(key)
    if not url or time.time() - url.given_at > world.rules.response_url_seconds:
        raise SlackError("expired_url")
    if url.uses >= world.rules.response_url_uses:
        raise SlackError("used_url")
    url.uses += 1
    answer_act(world, url, body)
    return {"ok": True}


def answer_act(world: World, url: ResponseUrl, body: Json) -> None:
    """Delete the message that the act came from, replace it, or say something new."""
    original = source(world, url)
    if body.get("delete_original"):
        world.remove(demanded(original))
    elif body.get("replace_original"):
        replace(world, demanded(original), body)
    else:
        say(world, url, body)


def source(world: World, url: ResponseUrl) -> Message | None:
    """The message that the act came from, if it is still there."""
    if not url.message:
        return None
    return world.posted(url.channel, url.message) or world.ephemeral(url.message)


def demanded(message: Message | None) -> Message:
    """The message that is to change."""
    if not message:
        raise SlackError("message_not_found")
    return message


def replace(world: World, message: Message, body: Json) -> None:
    """Put other words into a message; who can see it stays as it is."""
    text, blocks = chat.said(world, Arguments(body))
    message.history.append(Version(message.text, message.blocks, message.metadata, time.time()))
    message.text, message.blocks = text, blocks
    world.changes.note()


def say(world: World, url: ResponseUrl, body: Json) -> None:
    """A new message: for who acted alone, or for the channel, whether or not the bot is in it."""
    text, blocks = chat.said(world, Arguments(body))
    public = body.get("response_type") == "in_channel"
    world.post(
        Message(
            world.new_ts(),
            url.channel,
            world.workspace.bot_user,
            text,
            blocks,
            thread_ts=body.get("thread_ts"),
            ephemeral_to=None if public else url.member,
            by_bot=True,
        )
    )


def answer_command(world: World, key: str, answer: Any) -> None:
    """The words in the acknowledgement of a command; they do not count against the response_url."""
    if isinstance(answer, dict) and answer:
        say(world, world.workspace.response_urls[key], answer)


def answer_submission(world: World, view: View, answer: Any) -> None:
    """What becomes of a modal that was submitted: closed, unless the acknowledgement says otherwise."""
    action = answer.get("response_action") if isinstance(answer, dict) else None
    if action is None:
        view.open = False
        view.errors = {}
    elif action == "clear":
        views.close_all(world, view.member)
    elif action == "errors":
        view.errors = field_errors(view, answer.get("errors"))
    elif action == "update":
        views.replace(world, view, views.inspected(world, answer.get("view"), view))
    elif action == "push":
        views.stacked(world, view.member, views.inspected(world, answer.get("view")))
    else:
        raise SlackError("invalid_response_action")
    world.changes.note()


def field_errors(view: View, errors: Any) -> dict[str, str]:
    """The sentences beneath the inputs; each must name the block_id of an input."""
    inputs = {block["block_id"] for block in view.content["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise SlackError("invalid_response_errors")
    return {str(block): str(sentence) for block, sentence in errors.items()}
