"""A team member types /facetag."""

from typing import Any

from slack_bolt import Ack, App, Respond

from tagbot.handlers.who_has_a_say import has_a_say, may_have_a_say
from tagbot.lib.typed_words import typed_words
from tagbot.maintenance import redrive
from tagbot.monitoring import status_words
from tagbot.services import Services
from tagbot.slack import words
from tagbot.slack.consent_question import text_of_today
from tagbot.slack.lost_requests import ask_again_if_lost
from tagbot.slack.own_data import kept_of
from tagbot.slack.person_messages import kept_message
from tagbot.vocabulary import COMMAND


def register(app: App, services: Services) -> None:
    """Acknowledge, then answer so that only the member who asked sees it; any other word gets the help."""

    @app.command(COMMAND)
    def facetag_command(ack: Ack, command: dict[str, Any], respond: Respond) -> None:
        ack()
        if typed_words(command.get("text") or "") == ["me"]:
            text = text_of_today(services.settings)
            kept = kept_message(kept_of(command["user_id"], services.opt_out_key, text, services.now()))
            respond(kept.text, blocks=kept.blocks, response_type="ephemeral")
        else:
            respond(answer(command, services), response_type="ephemeral")


def answer(command: dict[str, Any], services: Services) -> str:
    """The reply to this command of Slack's, in words."""
    member, text = command["user_id"], command.get("text") or ""
    match typed_words(text):
        case ["status"]:
            if not may_have_a_say(member, services):
                return words.NO_SAY
            return status_words.for_slack(services)
        case ["retry", *_]:
            if not has_a_say(member, services):
                return words.NO_SAY
            if not may_retry(member, command["channel_id"], services):
                return words.ADMINS_ONLY
            _, *target = text.split(maxsplit=1)
            return redrive.in_words(
                services.queues,
                "".join(target),
                by=member,
                ask_lost=lambda face: ask_again_if_lost(
                    face, services.slack.channel, services.settings.rule, by=member
                ),
            )
        case _:
            return words.HELP


def may_retry(member: str, channel: str, services: Services) -> bool:
    """Whether a member who types in a channel may retry: an admin, or, without admins, a member of ours."""
    settings = services.settings
    if settings.admins or channel == settings.slack_channel:
        return settings.is_admin(member)
    return services.slack.channel.membership.has(member)
