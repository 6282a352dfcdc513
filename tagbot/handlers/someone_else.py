"""A team member names a person who has no Slack account: one who was named before, or a new one."""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.errors import Retry
from tagbot.handlers.click_counts import in_a_form
from tagbot.handlers.form_fields import field_of
from tagbot.handlers.in_time import NO_OPTIONS, InTime
from tagbot.handlers.people_pages import person_id
from tagbot.handlers.where_clicked import after_submission, open_form, tell
from tagbot.handlers.who_has_a_say import has_a_say, may_have_a_say
from tagbot.lib.names import clean_email, clean_name
from tagbot.lib.unseen import can_be_seen
from tagbot.messages import AnswerGiven
from tagbot.services import Services
from tagbot.slack import people_words, words
from tagbot.slack.asked_group import why_closed
from tagbot.slack.people_options import known_options
from tagbot.slack.request_id import BLOCK_ID, RequestId, channel_of_click
from tagbot.slack.someone_else_modal import Opened, someone_else_modal
from tagbot.vocabulary import ActionId, CallbackId, Field

LONGEST_NAME = 200

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def register(app: App, services: Services) -> None:
    """Open the modal at once; have what it says stored, and only then acknowledge to Slack."""
    in_time = InTime()

    @app.action({"action_id": ActionId.SOMEONE_ELSE, "block_id": BLOCK_ID})
    def someone_else(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        received = services.now()
        asked, channel = RequestId.parse(body["actions"][0]["block_id"]), channel_of_click(body)
        if not may_have_a_say(body["user"]["id"], services):
            tell(words.NO_SAY, body, respond, services)
        elif channel not in ("", services.settings.slack_channel):
            respond(words.ASKED_ELSEWHERE, response_type="ephemeral", replace_original=False)
        elif asked is not None:
            opened = Opened(
                message_ts=body.get("container", {}).get("message_ts", ""),
                channel=channel,
                clicked_at=float(body["actions"][0]["action_ts"]),
                received=received,
            )
            late = in_time.get(partial(too_late, asked, opened), late="")
            if late:
                tell(late, body, respond, services)
            else:
                open_form(body, someone_else_modal(asked, opened), services)

    @app.options(Field.KNOWN)
    def named_before(ack: Ack, body: dict[str, Any]) -> None:
        ack(options=in_time.get(lambda: suggested(body, services), late=NO_OPTIONS))

    @app.view(CallbackId.SOMEONE_ELSE)
    def someone_else_said(ack: Ack, body: dict[str, Any]) -> None:
        answer = parse(body, services.now())
        if isinstance(answer, AnswerGiven) and answer.channel not in ("", services.settings.slack_channel):
            answer = {Field.NAME: words.ASKED_ELSEWHERE}
        if isinstance(answer, AnswerGiven):
            services.publish(answer)
            ack(**after_submission(body))
        else:
            ack(response_action="errors", errors=answer)


def parse(body: Mapping[str, Any], now: float) -> AnswerGiven | dict[str, str]:
    """The answer in Slack's `view_submission` payload; or what to mend, by the block that it is about."""
    known = _chosen(body)
    name = clean_name(field_of(body, Field.NAME).get("value") or "")
    email = clean_email(field_of(body, Field.EMAIL).get("value") or "")
    clicks = in_a_form(known, name, email)
    if known:
        name = email = ""
    problems = {} if known else _problems(name, email)
    if problems:
        return problems
    asked = json.loads(body["view"]["private_metadata"])
    return AnswerGiven(
        face_id=asked["face_id"],
        round=asked["round"],
        tagger=body["user"]["id"],
        answer=known,
        name=name,
        email=email,
        at=submitted_at(asked, now),
        received=now,
        message_ts=asked["message_ts"],
        channel=asked.get("channel", ""),
        opened=float(asked.get("received") or 0.0),
        clicks=clicks,
    )


def suggested(body: Mapping[str, Any], services: Services) -> Sequence[dict[str, Any]]:
    """The options for what was typed, from Slack's `block_suggestion` payload; none for who has no say."""
    if not has_a_say(body["user"]["id"], services):
        return []
    return known_options(str(body.get("value") or ""), services.slack.members, services.opt_out_key)


def too_late(asked: RequestId, opened: Opened) -> str:
    """Why an answer would not count; empty where it does, and while the database is away: an answer waits on
    its queue then.
    """
    with suppress(Retry):
        return why_closed(asked, opened.message_ts, opened.channel)
    return ""


def submitted_at(asked: Mapping[str, Any], now: float) -> float:
    """When the modal was submitted, by Slack's clock, as all other answers.

    A submission has no time of Slack's. The click that opened the modal has one, and our clock says how long
    ago that was, also where the two clocks differ. A modal of an older version does not know.
    """
    if "clicked_at" not in asked:
        return now
    return float(asked["clicked_at"]) + max(0.0, now - float(asked["received"]))


def _chosen(body: Mapping[str, Any]) -> str:
    """The id of the person who was named before; empty where none was chosen, or an older version opened the
    modal, or it is none of ours.
    """
    return person_id((field_of(body, Field.KNOWN).get("selected_option") or {}).get("value"))


def _problems(name: str, email: str) -> dict[str, str]:
    problems: dict[str, str] = {}
    if not can_be_seen(name):
        problems[Field.NAME] = people_words.NAME_OR_KNOWN_MISSING
    elif len(name) > LONGEST_NAME:
        problems[Field.NAME] = words.NAME_TOO_LONG
    if email and not EMAIL.fullmatch(email):
        problems[Field.EMAIL] = words.EMAIL_WRONG
    return problems
