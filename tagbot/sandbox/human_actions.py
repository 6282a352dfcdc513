"""What people can do: only what is in front of them."""

import re
import time
from collections.abc import Callable
from typing import Any

from tagbot.sandbox import payloads, replies, wire
from tagbot.sandbox.filling_in import demand, find, offered, ticked
from tagbot.sandbox.methods import files, views
from tagbot.sandbox.refusals import Refused, SlackError
from tagbot.sandbox.socket_server import Delivery, SocketMode
from tagbot.sandbox.state import Act, Channel, File, Json, Member, Message, Version, View
from tagbot.sandbox.suggestions import SELECT, Menu
from tagbot.sandbox.workspace import World

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
INTERACTIVE = "interactive"

Reply = Callable[[Any], None]


class People:
    """The members at their screens. What Slack offers no way to do is refused with a sentence."""

    def __init__(self, world: World, socket_mode: SocketMode) -> None:
        self.world = world
        self.socket_mode = socket_mode

    # ------------------------------------------------------------ elements

    def use(self, member: str, where: str, action_id: str, value: str | None, block_id: str | None) -> Act:
        """Press a button (no value), or choose in a select or menu (a value), in a message, modal or Home."""
        person = self._person(member)
        if where.startswith("V"):
            view = self._view_in_front(person, where)
            element = find(view.content["blocks"], action_id, block_id)
            action = self._action(self._as_seen(member, where, element), value, view.values)
            payload = payloads.block_actions_in_view(self.world, person, view, action)
        else:
            message = self._seen(person, where)
            element = find(message.blocks, action_id, block_id)
            chosen = message.selections.setdefault(member, {})
            action = self._action(self._as_seen(member, where, element), value, chosen)
            payload = payloads.block_actions_in_message(self.world, person, message, action)
        return self._send("choose" if value else "click", INTERACTIVE, person, payload)

    def suggest(self, member: str, where: str, action_id: str, typed: str, block_id: str | None) -> Act:
        """Type into a select whose options the app is asked for."""
        person = self._person(member)
        on = self._view_in_front(person, where) if where.startswith("V") else self._seen(person, where)
        blocks = on.content["blocks"] if isinstance(on, View) else on.blocks
        block, element = find(blocks, action_id, block_id, speaks=False)
        menu = Menu(self.world, member, where, block["block_id"], element)
        menu.type(typed)
        payload = payloads.block_suggestion(self.world, person, on, menu, typed)
        act = self._record("suggest", person, payload)
        self.socket_mode.spawn(self._deliver(act, INTERACTIVE, lambda answer: menu.fill(act, answer)))
        return act

    def _as_seen(self, member: str, where: str, found: tuple[Json, Json]) -> tuple[Json, Json]:
        """An element with its block, and with the options that this person was suggested."""
        block, element = found
        return block, Menu(self.world, member, where, block["block_id"], element).as_seen()

    def _action(self, found: tuple[Json, Json], value: str | None, chosen: Json) -> Json:
        """The action in the payload; what was chosen stays chosen on this person's screen."""
        block, element = found
        action = {"type": element["type"], "action_id": element["action_id"], "block_id": block["block_id"]}
        for name in ("placeholder", "text", "style", "value"):
            if name in element:
                action[name] = element[name]
        held = self._held(element, value)
        if held:
            action |= held
            chosen.setdefault(block["block_id"], {})[element["action_id"]] = next(iter(held.values()))
        return {**action, "action_ts": self.world.new_ts()}

    def _held(self, element: Json, value: str | None) -> Json:
        """What an element holds after somebody used it."""
        kind = element["type"]
        if kind == "button":
            if value is not None:
                raise Refused(
                    f"{element['action_id']} is a button: it can be clicked, nothing can be chosen."
                )
            return {}
        if value is None:
            raise Refused(f"{element['action_id']} is a {kind}: say what to choose.")
        if kind == "checkboxes":
            return {"selected_options": ticked(element, value.split())}
        if kind == "users_select":
            # Closed accounts can be sent: a screen may show a list from before somebody left.
            return {"selected_user": self.world.member(value).id}
        return {"selected_option": offered(element, value)}

    # ------------------------------------------------------------ Home

    def open_home(self, member: str) -> View | None:
        """Open the app's Home: what it shows, if it was ever filled. The app hears of it each time, if it
        asked to.
        """
        person = self._person(member)
        if not self.world.workspace.home_tab:
            raise Refused("This app has no Home.")
        if not wire.can_be_seen(self.world, person):
            raise Refused(f"{member} is of another organisation, where this app is not installed.")
        if "app_home_opened" in self.world.workspace.subscriptions:
            self.socket_mode.spawn(self.socket_mode.event(payloads.app_home_opened(self.world, person)))
        return self.world.workspace.homes.get(member)

    # ------------------------------------------------------------ modals

    def submit(self, member: str, view_id: str, values: Json) -> Act:
        """Fill a modal in and press its button; `values`: block_id → text, user id, option value, or the
        values of the boxes that are ticked.
        """
        person = self._person(member)
        view = self._top_view(person, view_id)
        if not view.content.get("submit"):
            raise Refused("This view has no submit button.")
        self._fill(view, values)
        payload = payloads.view_submission(self.world, person, view)
        return self._send(
            "submit",
            INTERACTIVE,
            person,
            payload,
            lambda answer: replies.answer_submission(self.world, view, answer),
        )

    def _fill(self, view: View, values: Json) -> None:
        inputs = {block["block_id"]: block for block in view.content["blocks"] if block["type"] == "input"}
        unknown = set(values) - set(inputs)
        if unknown:
            raise Refused(f"This view has no input {', '.join(sorted(unknown))}.")
        for block_id, value in values.items():
            _, element = self._as_seen(view.member, view.id, (inputs[block_id], inputs[block_id]["element"]))
            view.values.setdefault(block_id, {})[element["action_id"]] = self._typed(element, value)
        for block_id, block in inputs.items():
            demand(view, block_id, block)

    def _typed(self, element: Json, value: Any) -> Any:
        """What an input holds; the client checks addresses and lengths before it sends anything."""
        if not value:
            return None
        if element["type"] == "checkboxes":
            return ticked(element, value)
        if element["type"] in ("users_select", "static_select", SELECT):
            return next(iter(self._held(element, value).values()))
        if element["type"] == "email_text_input" and not ADDRESS.fullmatch(value):
            raise Refused(f"{value} is not an email address.")
        if not element.get("min_length", 0) <= len(value) <= element.get("max_length", 3000):
            raise Refused(f"{value!r} is too short or too long for {element['action_id']}.")
        return value

    def close_view(self, member: str, view_id: str, *, clear: bool) -> Act:
        """Cancel a modal, or clear the whole stack with the X; the app hears of it only if it asked to."""
        person = self._person(member)
        view = self._top_view(person, view_id)
        if clear:
            view = self.world.workspace.views[view.root_id]
            views.close_all(self.world, member)
        view.open = False
        self.world.changes.note()
        payload = payloads.view_closed(self.world, person, view, cleared=clear)
        if view.content.get("notify_on_close"):
            return self._send("close_view", INTERACTIVE, person, payload)
        return self._record("close_view", person, payload, done=True)

    # ------------------------------------------------------------ words

    def slash(self, member: str, command: str, text: str, channel: str) -> Act:
        """Type a command; it works in every channel that the person is in, with or without the bot."""
        person = self._person(member)
        where = self._joined(person, channel)
        if command not in self.world.workspace.commands:
            raise Refused(f"{command} is not a valid command.")
        payload = payloads.slash_command(self.world, person, where, command, text)
        key = payload["response_url"].rpartition("/")[2]
        return self._send(
            "slash",
            "slash_commands",
            person,
            payload,
            lambda answer: replies.answer_command(self.world, key, answer),
        )

    def say(self, member: str, channel: str, text: str, thread_ts: str | None) -> Message:
        """Say something in a channel."""
        where = self._open_to_words(self._person(member), channel)
        message = Message(self.world.new_ts(), where.id, member, text, thread_ts=thread_ts)
        self.world.post(message)
        self._announce(message)
        return message

    def delete(self, member: str, channel: str, ts: str) -> None:
        """Delete a message, also one of the bot's, as the owners of a workspace may."""
        where = self._writable(self._person(member), channel)
        message = self.world.posted(where.id, ts)
        if message is None or message.is_tombstone:
            raise Refused(f"There is no message {ts}.")
        self.world.remove(message)
        self._announce(message)
        for name in message.files:  # they go with the last message that shows them
            file = self.world.workspace.files[name]
            file.shares = {one: [at for at in stamps if at != ts] for one, stamps in file.shares.items()}
            if not any(file.shares.values()):
                files.take_away(self.world, file)

    def edit(self, member: str, channel: str, ts: str, text: str) -> Message:
        """Change the text of a message of one's own."""
        where = self._writable(self._person(member), channel)
        message = self.world.posted(where.id, ts)
        if message is None or message.user != member or message.is_tombstone:
            raise Refused(f"{member} has written no message {ts}.")
        before = payloads.message_event(self.world, message)
        message.history.append(Version(message.text, message.blocks, message.metadata, time.time()))
        message.text = text
        self.world.changes.note()
        self._tell_of(message, lambda: payloads.message_changed(self.world, message, before))
        return message

    def share(
        self, member: str, channel: str, shared: list[tuple[str, bytes]], text: str, thread_ts: str | None
    ) -> list[File]:
        """Share files, each a name and its bytes, in one message, which appears when they are ready."""
        where = self._open_to_words(self._person(member), channel)
        new = [
            File(self.world.new_id("F"), name, len(data), member, time.time(), uploaded=True)
            for name, data in shared
        ]
        for file, (_, data) in zip(new, shared, strict=True):
            self.world.workspace.files[file.id] = file
            self.world.contents[file.id] = data
            files.start_processing(self.world, file)
        files.after(self.world, lambda: self._share(new, where, text, thread_ts))
        return new

    def _share(self, shared: list[File], where: Channel, text: str, thread_ts: str | None) -> None:
        message = files.share(self.world, shared, where, thread_ts, text)
        if not message:
            return
        self._announce(message)
        for file in message.files if "file_shared" in self.world.workspace.subscriptions else ():
            self.socket_mode.spawn(self.socket_mode.event(payloads.file_shared(self.world, file, message)))

    def shortcut(self, member: str, ts: str, callback_id: str) -> Act:
        """Use a shortcut of the app in the menu of a message."""
        person = self._person(member)
        message = self._seen(person, ts)
        if callback_id not in self.world.workspace.shortcuts:
            raise Refused(f"There is no shortcut {callback_id}.")
        if message.ephemeral_to or message.is_tombstone:
            raise Refused(f"The message {ts} has no menu with shortcuts.")
        payload = payloads.message_action(self.world, person, message, callback_id)
        return self._send("shortcut", INTERACTIVE, person, payload)

    def _announce(self, message: Message) -> None:
        """Tell the app what was said."""
        self._tell_of(message, lambda: payloads.message_event(self.world, message))

    def _tell_of(self, message: Message, event: Callable[[], Json]) -> None:
        """Tell the app of a message, if it asked to hear it and is there."""
        where = self.world.channel(message.channel)
        private = "message.im" if where.direct_with else "message.groups"
        kind = private if where.is_private else "message.channels"
        present = self.world.workspace.bot_user in where.members
        if present and kind in self.world.workspace.subscriptions:
            self.socket_mode.spawn(self.socket_mode.event(event()))

    # ------------------------------------------------------------ what is in front of somebody

    def _person(self, member: str) -> Member:
        person = self.world.member(member)
        if person.deleted:
            raise Refused(f"The account {member} is deactivated.")
        if person.is_bot:
            raise Refused(f"{member} is a bot, no person.")
        return person

    def _joined(self, person: Member, channel: str) -> Channel:
        where = self.world.channel(channel)
        if person.id not in where.members:
            raise Refused(f"{person.id} is not in {channel}.")
        return where

    def _writable(self, person: Member, channel: str) -> Channel:
        where = self._joined(person, channel)
        if where.is_archived:
            raise Refused(f"{channel} is archived.")
        return where

    def _open_to_words(self, person: Member, channel: str) -> Channel:
        where = self._writable(person, channel)
        if where.direct_with and self.world.workspace.messages_tab_read_only:
            raise Refused("Sending messages to this app has been turned off.")
        return where

    def _seen(self, person: Member, ts: str) -> Message:
        """The message at this ts, if it is on this person's screen."""
        hidden = self.world.ephemeral(ts)
        if hidden and (hidden.ephemeral_to != person.id or not hidden.shown):
            raise Refused(f"{person.id} does not see the message {ts}: it is not for them.")
        posted = (self.world.posted(channel, ts) for channel in self.world.workspace.channels)
        message = hidden or next((each for each in posted if each), None)
        if not message:
            raise Refused(f"There is no message {ts}.")
        self._joined(person, message.channel)
        return message

    def _view_in_front(self, person: Member, view_id: str) -> View:
        """The modal that this person has in front of them; or their Home, where no modal is over it."""
        home = self.world.workspace.homes.get(person.id)
        if home is not None and home.id == view_id and not views.stack(self.world, person.id):
            return home
        return self._top_view(person, view_id)

    def _top_view(self, person: Member, view_id: str) -> View:
        """The view that this person has in front of them."""
        open_views = views.stack(self.world, person.id)
        if not open_views or open_views[-1].id != view_id:
            raise Refused(f"{person.id} does not have the view {view_id} in front of them.")
        return open_views[-1]

    # ------------------------------------------------------------ delivery

    def _send(
        self, kind: str, envelope: str, person: Member, payload: Json, reply: Reply | None = None
    ) -> Act:
        act = self._record(kind, person, payload)
        self.socket_mode.spawn(self._deliver(act, envelope, reply))
        return act

    def _record(self, kind: str, person: Member, payload: Json, *, done: bool = False) -> Act:
        act = Act(self.world.new_id("act"), kind, person.id, payload, time.time(), done=done)
        self.world.workspace.acts[act.id] = act
        self.world.changes.note()
        return act

    async def _deliver(self, act: Act, envelope: str, reply: Reply | None) -> None:
        """Interactions and commands are sent once; the person sees at once if that failed."""
        delivery = await self.socket_mode.deliver(envelope, act.payload, answerable=True)
        settle(act, delivery)
        try:
            if reply and act.acknowledged:
                reply(delivery.answer)
        except SlackError as error:
            act.error = ": ".join([error.code, *error.messages])
        act.done = True
        self.world.changes.note()

    async def finished(self, act: Act) -> Act:
        """The act, once it was acknowledged or failed."""
        while not act.done:
            await self.world.changes.since(self.world.changes.version, 60)
        return act


def settle(act: Act, delivery: Delivery) -> None:
    """What a person learns of a delivery. Slack's exact words for them are not documented."""
    act.delivered = delivery.connection is not None
    act.acknowledged = delivery.acknowledged
    act.acknowledged_at = delivery.acknowledged_at
    act.latency_ms = delivery.latency_ms
    act.error = "dispatch_failed" if delivery.error == "not_connected" else delivery.error
