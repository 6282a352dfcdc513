"""Telling the channel once that tagging is held up, and once that it goes on."""

from collections.abc import Iterator, Mapping

from tagbot import words
from tagbot.errors import Retry
from tagbot.models import HoldUp, Notice
from tagbot.queues import SharedQueue
from tagbot.services import Services

HELD_UP_SECONDS = 600.0
"""What fails for less long, people hardly notice."""

HELD_UP, GOES_ON = "held-up", "goes-on"
"""By which a message that says so is found again."""


def tell_of_hold_up(services: Services, queues: Mapping[str, SharedQueue]) -> None:
    """Say whichever of the two is due. Slack may be what is away: it is said once Slack is back, if it is
    still true then.
    """
    long_ago = services.now() - HELD_UP_SECONDS
    is_failing = any(since <= long_ago for since in _failing_since(services, queues))
    hold_up = HoldUp.get_or_none()
    if hold_up is None and is_failing:
        hold_up = HoldUp.begin(services.now())
    if hold_up is None:
        return
    is_over = not is_failing and not any(_is_waiting(queue, long_ago) for queue in queues.values())
    if hold_up.told and (is_over or hold_up.saying == GOES_ON):
        _say(services, hold_up, GOES_ON, words.GOES_ON)
        hold_up.end()
    elif is_over:
        hold_up.end()  # before anybody was told
    elif not hold_up.told:
        _say(services, hold_up, HELD_UP, words.HELD_UP)
        hold_up.note(told=True)


def _failing_since(services: Services, queues: Mapping[str, SharedQueue]) -> Iterator[float]:
    """Since when each trouble is: a queue that cannot be used, messages that keep failing or were given up,
    a stage that hangs.
    """
    now = services.now()
    for name, queue in queues.items():
        notice = f"queue {name}"
        try:
            troubles = queue.troubles()
        except Retry as why:
            Notice.put(notice, why.reason, now)  # it has no time of its own
            yield Notice.get_by_id(notice).since
        else:
            Notice.clear(notice)
            yield from (trouble.since for trouble in troubles)
    yield from (now - held.seconds for held in services.hands.long())


def _is_waiting(queue: SharedQueue, since: float) -> bool:
    """Whether a message waits since then, if only because it has just been put back and may fail again."""
    try:
        oldest = queue.oldest()
    except Retry:
        return True  # nobody knows, so nobody says that it goes on
    return oldest is not None and oldest <= since


def _say(services: Services, hold_up: HoldUp, what: str, text: str) -> None:
    """Post it once. Slack does not recognise a repeated post, so the intent is noted first."""
    tried_before = hold_up.saying == what
    hold_up.note(saying=what)
    name = f"{what} {hold_up.noticed_at:.3f}"
    if not (tried_before and services.slack.is_announced(name, hold_up.noticed_at)):
        services.slack.announce(text, name)
