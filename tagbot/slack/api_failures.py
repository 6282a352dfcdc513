"""The failures of a call to Slack, each by what can be done about it.

No reason holds a token, or what a person wrote.
"""

import http
import re
from collections.abc import Mapping
from typing import Any

from tagbot.errors import Reject, Retry

NOT_READY_AFTER = 3.0
"""Seconds until a post is tried again that Slack refused because a picture was not ready."""

ERROR_CODE = re.compile(r"[a-z0-9_]{1,80}")
"""How Slack writes an error."""

SLACK_FAILED = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
"""Errors that say that Slack itself failed, perhaps half-way."""


class Busy(Retry):
    """Slack limits how often the method is called."""


class OutcomeUnknown(Retry):
    """No answer came: the call may have taken effect."""


class NoSuchMember(Reject):
    """The workspace has no member of that id, hides them from the bot, or they left the channel."""


class ViewGone(Reject):
    """The modal is no longer open."""


class MessageGone(Reject):
    """The message was deleted."""


class ChannelClosed(Retry):
    """The bot is not in the channel, or it is archived or gone: only people can change that."""


class PictureNotReady(Retry):
    """Slack does not show a picture yet, or no longer: see `Uploads.are_there`."""


class PictureGone(Reject):
    """The picture was deleted, by a person or by the workspace's rules."""


_KINDS: Mapping[str, type[Retry | Reject]] = {
    **dict.fromkeys(SLACK_FAILED, OutcomeUnknown),
    **dict.fromkeys(("user_not_found", "user_not_visible", "user_not_in_channel"), NoSuchMember),
    **dict.fromkeys(
        ("message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"), MessageGone
    ),
    "not_found": ViewGone,
    **dict.fromkeys(("channel_not_found", "is_archived", "not_in_channel"), ChannelClosed),
    **dict.fromkeys(("file_not_found", "file_deleted", "not_visible"), PictureGone),
    # We send something wrong, and would each time.
    **dict.fromkeys(
        (
            "invalid_arguments", "invalid_array_arg", "invalid_blocks", "invalid_blocks_format",
            "invalid_form_data", "invalid_json", "invalid_metadata_format", "invalid_metadata_schema",
            "metadata_too_large", "missing_argument", "msg_blocks_too_long", "msg_too_long", "no_text",
            "invalid_view", "unknown_method",
        ),
        Reject,
    ),
}  # fmt: skip
"""By Slack's error. All others, such as a permission, a membership, a token or an archived channel, the
operator can mend: they are a `Retry`, so that nothing is given up.
"""


def failure_of(method: str, answer: Any) -> Retry | Reject:
    """The failure in an answer of Slack's that is not ok."""
    status = int(answer.status_code)
    error = str(answer.get("error", status))
    if status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown(f"{method}: Slack answers {status}")
    if not ERROR_CODE.fullmatch(error):  # a proxy's page, say, which may stand for whatever Slack answered
        return OutcomeUnknown(f"{method}: an answer that is not Slack's, with status {status}")
    if "invalid slack file" in str(answer.data):
        return PictureNotReady(f"{method}: a picture is not ready", after=NOT_READY_AFTER)
    kind = _KINDS.get(error, Retry)
    needed = answer.get("needed") if kind is Retry else None
    return kind(f"{method}: {error}" + (f" (the Slack app needs the scope {needed})" if needed else ""))
