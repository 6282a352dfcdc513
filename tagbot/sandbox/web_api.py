"""The Web API: one table of methods, and what every call goes through."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aiohttp import web

from tagbot.sandbox import replies, wire
from tagbot.sandbox.arguments import Arguments
from tagbot.sandbox.faults import Answer, Faults
from tagbot.sandbox.method_limits import CHANNEL_POSTS, HUNDREDS, TIER_2, TIER_3, TIER_4, Limit, Pace
from tagbot.sandbox.methods import basics, block_validation, chat, conversations, files, views
from tagbot.sandbox.refusals import RateLimited, SlackError
from tagbot.sandbox.socket_server import SocketMode
from tagbot.sandbox.state import Json
from tagbot.sandbox.workspace import Call, World

READ = ("channels:read", "groups:read")
HISTORY = ("channels:history", "groups:history")


@dataclass(frozen=True)
class Method:
    """A method: what it does, who may call it, how often, and what it must be told.

    - `scopes`: one of them is needed.
    - `required`: arguments; with the code that Slack answers where it is not `invalid_arguments`.
    - `json`: takes a JSON body. The others read forms only, and see nothing of a JSON body.
    """

    answer: Callable[[World, Arguments], Json]
    limit: Limit
    scopes: tuple[str, ...] = ()
    required: Mapping[str, str] = field(default_factory=dict)
    json: bool = False
    app_token: bool = False


BAD = "invalid_arguments"
CHANNEL = {"channel": "channel_not_found"}
WRITE = ("chat:write",)
METHODS: Mapping[str, Method] = {
    "auth.test": Method(basics.auth_test, HUNDREDS, json=True),
    "blocks.validate": Method(block_validation.validate, HUNDREDS, json=True),
    "chat.postMessage": Method(chat.post_message, HUNDREDS, WRITE, CHANNEL, json=True),
    "chat.update": Method(chat.update, TIER_3, WRITE, {**CHANNEL, "ts": "message_not_found"}, json=True),
    "chat.postEphemeral": Method(chat.post_ephemeral, TIER_4, WRITE, {**CHANNEL, "user": BAD}, json=True),
    "chat.delete": Method(chat.delete, TIER_3, WRITE, {**CHANNEL, "ts": "message_not_found"}, json=True),
    "chat.getPermalink": Method(
        chat.get_permalink, HUNDREDS, (), {**CHANNEL, "message_ts": "message_not_found"}
    ),
    "views.open": Method(views.open_view, TIER_4, (), {"view": BAD, "trigger_id": BAD}, json=True),
    "views.update": Method(views.update, TIER_4, (), {"view": BAD}, json=True),
    "views.push": Method(views.push, TIER_4, (), {"view": BAD, "trigger_id": BAD}, json=True),
    "views.publish": Method(views.publish, TIER_4, (), {"user_id": BAD, "view": BAD}, json=True),
    "users.info": Method(basics.users_info, TIER_4, ("users:read",), {"user": "user_not_found"}),
    "users.conversations": Method(conversations.of_user, TIER_3, READ),
    "users.list": Method(basics.users_list, TIER_2, ("users:read",)),
    "conversations.info": Method(conversations.info, TIER_3, READ, CHANNEL),
    "conversations.open": Method(conversations.open_direct, TIER_3, ("im:write",)),
    "conversations.members": Method(conversations.members, TIER_4, READ, CHANNEL),
    "conversations.history": Method(conversations.history, TIER_3, HISTORY, CHANNEL),
    "files.getUploadURLExternal": Method(
        files.get_upload_url, TIER_4, ("files:write",), {"filename": BAD, "length": BAD}
    ),
    "files.completeUploadExternal": Method(
        files.complete_upload, TIER_4, ("files:write",), {"files": BAD}, json=True
    ),
    "files.info": Method(files.info, TIER_4, ("files:read",), {"file": "file_not_found"}),
    "files.delete": Method(files.delete, TIER_3, ("files:write",), {"file": "file_not_found"}, json=True),
}


class WebApi:
    """Answers /api/<method>, the upload step, the private files and the response URLs."""

    def __init__(self, world: World, faults: Faults, socket_mode: SocketMode) -> None:
        self.world = world
        self.faults = faults
        self.pace = Pace()
        self.methods = {**METHODS, "apps.connections.open": bound(socket_mode)}

    async def call(self, request: web.Request) -> web.Response:
        """One call of a method."""
        name = request.match_info["method"]
        try:
            values = await read(request, json_body=name not in self.methods or self.methods[name].json)
        except SlackError as error:
            return Answer(error.body()).response()
        authorization = request.headers.get("Authorization", "")
        return await self._serve(request, name, values, lambda: self._answer(name, values, authorization))

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes of a file; no token is asked for. In the ledger this is the method `upload`."""
        data, key = await request.read(), request.match_info["key"]
        return await self._serve(request, "upload", {"length": len(data)}, lambda: self._receive(key, data))

    async def respond(self, request: web.Request) -> web.Response:
        """A post to a response_url. In the ledger this is the method `response_url`."""
        try:
            body = await read(request, json_body=True)
        except SlackError as error:
            return Answer(error.body(), status=400).response()
        key = request.match_info["key"]
        return await self._serve(request, "response_url", body, lambda: self._respond(key, body))

    async def private_file(self, request: web.Request) -> web.Response:
        """The bytes of a file, for the bot's token. In the ledger this is the method `download`."""
        _, _, name = request.match_info["file"].rpartition("-")
        given = bearer(request.headers.get("Authorization", ""))
        return await self._serve(request, "download", {"file": name}, lambda: self._bytes(name, given))

    async def sign_in(self, _request: web.Request) -> web.Response:
        """The page that stands where something asks for a token that did not come."""
        return web.Response(text="<html><title>Sign in</title></html>", content_type="text/html")

    async def _serve(
        self, request: web.Request, name: str, values: Json, effect: Callable[[], Answer]
    ) -> web.Response:
        """Through the ledger (which never learns a token) and the faults."""
        told = {key: value for key, value in values.items() if key != "token"}
        call = Call(name, told, time.monotonic())
        self.world.ledger.append(call)
        response = await self.faults.serve(request, call, effect)
        self.world.changes.note()
        return response

    def _receive(self, key: str, data: bytes) -> Answer:
        try:
            return Answer({}, text=files.receive(self.world, key, data))
        except SlackError as error:
            return Answer(error.body(), status=400)

    def _bytes(self, name: str, given: str) -> Answer:
        """A file's; the sign-in page without the right to them, as it is in a browser."""
        file = self.world.workspace.files.get(name)
        if given != self.world.workspace.bot_token or "files:read" not in self.world.workspace.scopes:
            return Answer({}, 302, {"Location": f"{self.world.base_url}/signin"}, text="")
        if not file or file.id not in self.world.contents or not wire.visible(self.world, file):
            return Answer({}, 404, text="")
        return Answer({}, headers={"Content-Type": file.mimetype}, data=self.world.contents[name])

    def _respond(self, key: str, body: Json) -> Answer:
        try:
            return Answer(replies.use_response_url(self.world, key, body))
        except SlackError as error:
            return Answer(error.body(), status=404)

    def _answer(self, name: str, values: Json, authorization: str) -> Answer:
        """What Slack answers, with the scopes in the headers as it has them."""
        headers = {"x-oauth-scopes": ",".join(self.world.workspace.scopes)}
        try:
            body = self._body(name, values, authorization)
        except RateLimited as error:
            return Answer(error.body(), 429, {"Retry-After": str(error.retry_after)})
        except SlackError as error:
            return Answer(error.body(), headers=headers)
        return Answer({"ok": True, **body}, headers=headers)

    def _body(self, name: str, values: Json, authorization: str) -> Json:
        method = self.methods.get(name)
        if not method:
            raise SlackError("unknown_method", req_method=name)
        self._authorize(method, bearer(authorization), str(values.get("token") or ""))
        self._slow_down(name, method, values)
        self._permit(method)
        missing(method, values)
        return method.answer(self.world, Arguments(values))

    def _authorize(self, method: Method, header: str, argument: str) -> None:
        """The right token in the right place; the app's token counts only in the header."""
        given = header if method.app_token else header or argument
        workspace = self.world.workspace
        wanted, other = workspace.bot_token, workspace.app_token
        if method.app_token:
            wanted, other = other, wanted
        if not given:
            raise SlackError("not_authed")
        if given == other:
            raise SlackError("not_allowed_token_type")
        if given != wanted:
            raise SlackError("invalid_auth")

    def _slow_down(self, name: str, method: Method, values: Json) -> None:
        factor = self.world.rules.rate_limits
        if method.answer is chat.post_message:
            self.pace.note(f"{name} {values.get('channel')}", CHANNEL_POSTS, factor)
        self.pace.note(name, method.limit, factor)

    def _permit(self, method: Method) -> None:
        scopes = self.world.workspace.scopes
        if method.scopes and not set(method.scopes) & set(scopes):
            raise SlackError("missing_scope", needed=",".join(method.scopes), provided=",".join(scopes))


def bound(socket_mode: SocketMode) -> Method:
    """apps.connections.open, for the connections of this server."""
    return Method(lambda _world, _args: socket_mode.open(), TIER_3, json=True, app_token=True)


def missing(method: Method, values: Json) -> None:
    """Say which required arguments are not there."""
    absent = [name for name in method.required if values.get(name) in (None, "")]
    codes = [method.required[name] for name in absent]
    if codes and codes[0] != BAD:
        raise SlackError(codes[0])
    if codes:
        raise SlackError(BAD, [f"missing required field: {name}" for name in absent])


def bearer(header: str) -> str:
    """The token in an Authorization header."""
    scheme, _, token = header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def read(request: web.Request, *, json_body: bool) -> Json:
    """The arguments of a request, from its query and its body; a JSON body counts only where one may come.

    A token in the query counts for none, as of Slack's newer apps: any page could have a picture's address
    bring it.
    """
    values: Json = {name: value for name, value in request.query.items() if name != "token"}
    if request.content_type != "application/json":
        return values | dict(await request.post())
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return values | body if json_body else values
