"""The members of the workspace: their profiles, whose word counts, and who can be chosen as a person."""

import threading
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tagbot.errors import Reject, Retry
from tagbot.lib.allowances import Allowances
from tagbot.lib.names import name_key
from tagbot.lib.recent import Recent
from tagbot.slack.api import SlackApi
from tagbot.slack.api_failures import NoSuchMember

FRESH_SECONDS = 4.0
"""How long a member is believed without a question to be what Slack said, where their word or the choice of
them depends on it: so that an account which was closed, or became a guest's, has no say within about 5
seconds. Slack tells of such a change only an app that hears of each change of each profile (`user_change`).
"""

MEMBER_SECONDS = 60.0
"""How long a member is believed to be so, or not to be there, where Slack cannot be asked: it is away, or was
asked as often as it allows. And where nothing depends on it.
"""

ANEW_PER_MINUTE = 50
"""Slack tells of 100 members a minute (Tier 4). As long as it was asked about fewer than these in the last
minute, it is asked anew about those who are known; the others stay for those of whom nothing is known yet.
"""

ANEW_AT_ONCE = 8
"""Questions about those who are known that are under way: a silent Slack holds up no more threads."""

SLOW_SECONDS = 1.0
REST_SECONDS = 10.0
"""After a question about a known member that took so long, or failed, none is asked for a while: a modal
waits for it, and has three seconds to open.
"""

STILL_HERE_SECONDS = 3600.0
"""How long a member who is offered in a request is believed to be there still, unless Slack said otherwise
since or can be asked: asked about each time, it would allow for no more than 25 requests a minute of four
names each.
"""

OFFERED_PER_MINUTE = 20
"""As long as Slack was asked about fewer members than these in the last minute, it is asked anew about those
who are offered; the others of `ANEW_PER_MINUTE` stay for those who answer.
"""

CHOICES_AT_ONCE = 20
CHOICE_SECONDS = 2.0
"""Slack tells of 100 members a minute (Tier 4). Of these one tagger, whoever they choose, uses 30 and 20 at
once; the others stay for those who answer meanwhile.
"""

MOST_AT_ONCE = 1000
"""Members in one page of their list, of which Slack gives 20 a minute (Tier 2)."""

FEW = 5
"""So many members are asked about one by one."""

SLACKBOT = "USLACKBOT"
"""Slack's own, which is not marked as a bot."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's profile."""

    real_name: str
    display_name: str
    email: str | None
    picture_url: str | None
    is_bot: bool
    deactivated: bool
    is_guest: bool
    """Of one channel or of several."""
    is_stranger: bool
    """Of another organisation, as Slack says itself."""
    team: str
    """The workspace that they belong to; empty where Slack does not say."""
    enterprise: str
    """The organisation of several workspaces that they belong to, if there is one."""

    @property
    def is_active_person(self) -> bool:
        """Whether it is the account of a person who still has it."""
        return not (self.is_bot or self.deactivated)


class Members:
    """The workspace's members, by Slack's ids."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self._recent: Recent[Profile | None] = Recent(MEMBER_SECONDS, api.clock)
        self._fresh: Recent[bool] = Recent(FRESH_SECONDS, api.clock)
        """Those whom Slack told of just now."""
        self._still_here: Recent[bool] = Recent(STILL_HERE_SECONDS, api.clock)
        self._names: Recent[list[tuple[str, frozenset[str]]]] = Recent(STILL_HERE_SECONDS, api.clock)
        self._choices = Allowances(CHOICES_AT_ONCE, CHOICE_SECONDS, api.clock)
        self._own: tuple[str, str] | None = None
        """The bot's own workspace and enterprise."""
        self._lock = threading.Lock()
        """Guards all that follows."""
        self._asked_at: deque[float] = deque(maxlen=ANEW_PER_MINUTE)
        """When Slack was asked about a member, the last times."""
        self._asked_anew: set[str] = set()
        """The members whom it is asked about just now although they are known."""
        self._rests_until = 0.0

    def profile(self, member: str) -> Profile:
        """As it is now. Raises `NoSuchMember` when there is none."""
        with self._lock:
            self._asked_at.append(self._api.clock())
        return _profile_of(member, self._api.call("users.info", user=member)["user"])

    def meet(self, members: Collection[str]) -> None:
        """Before several members are asked about at once: Slack tells of all in fewer calls than of each."""
        if sum(not self._recent.knows(each) for each in members) > FEW:
            for user in self._everybody():
                self._note(str(user["id"]), _profile_of(str(user["id"]), user))

    def can_be_chosen(self, member: str, *, by: str) -> bool:
        """Whether a member is a person with an active account; `by` is the tagger who chose them.

        Raises `Retry` also when the tagger has chosen so many that others would have to wait for Slack.
        """
        if not self._recent.knows(member) and (seconds := self._choices.take(by)):
            raise Retry("one tagger chooses faster than Slack tells of people", after=seconds)
        self._ask_anew(member)
        return self._is_active(member)

    def has_a_say(self, member: str) -> bool:
        """Whether a member's word counts: a full member's of this organisation, with an active account."""
        self._ask_anew(member)
        return self.had_a_say(member)

    def had_a_say(self, member: str) -> bool:
        """The same, as it was within the last minute."""
        found = self._recently(member)
        return (
            found is not None
            and found.is_active_person
            and not (found.is_guest or found.is_stranger)
            and self._is_ours(found)
        )

    def called(self, name: str) -> list[str]:
        """Slack ids of the active accounts that have this name, in whatever spelling, as it was within the
        last hour.
        """
        names = self._names.get("all", self._all_names)
        return [member for member, keys in names if name_key(name) in keys]

    def has_not_left(self, member: str) -> bool:
        """Whether a member's account is active, as it was within the last hour where Slack has no time."""
        self._ask_anew(member, self._still_here, OFFERED_PER_MINUTE)
        return self._still_here.get(member, lambda: self._is_active(member))

    def who_left(self, accounts: Sequence[str]) -> int:
        """How many of these accounts are closed, or not there any more."""
        if not accounts:
            return 0
        active = {str(user["id"]) for user in self._everybody() if not user.get("deleted")}
        return len(set(accounts) - active) if active else 0

    def _all_names(self) -> list[tuple[str, frozenset[str]]]:
        found = []
        for user in self._everybody():
            profile = user.get("profile") or {}
            names = (profile.get("real_name"), profile.get("display_name"), user.get("real_name"))
            keys = frozenset(name_key(name) for name in names if name)
            if not (user.get("deleted") or user.get("is_bot")):
                found.append((str(user["id"]), keys))
        return found

    def _everybody(self) -> Iterator[Mapping[str, Any]]:
        """All accounts of the workspace, as Slack describes them, closed ones too."""
        for page in self._api.pages("users.list", limit=MOST_AT_ONCE):
            yield from page.get("members") or ()

    def _is_active(self, member: str) -> bool:
        found = self._recently(member)
        return found is not None and found.is_active_person

    def _recently(self, member: str) -> Profile | None:
        """The profile as it was within the last minute; None when there is none."""
        return self._recent.get(member, lambda: self._ask(member))

    def _ask(self, member: str) -> Profile | None:
        found = None
        with suppress(NoSuchMember):
            found = self.profile(member)
        self._note(member, found)
        return found

    def _note(self, member: str, profile: Profile | None) -> None:
        self._recent.note(member, profile)
        self._fresh.note(member, True)
        if self._still_here.knows(member):
            self._still_here.note(member, profile is not None and profile.is_active_person)

    def _ask_anew(self, member: str, known: Recent[Any] | None = None, most: int = ANEW_PER_MINUTE) -> None:
        """Have what is known of a member put right, where it is a few seconds old; while Slack does not
        answer, it is believed on.
        """
        is_known = self._recent.knows(member) or (known is not None and known.knows(member))
        if self._fresh.knows(member) or not is_known or not self._begins(member, most):
            return
        began, failed = self._api.clock(), True
        try:
            with suppress(Retry, Reject):
                self._ask(member)
                failed = False
        finally:
            now = self._api.clock()
            with self._lock:
                self._asked_anew.discard(member)
                if failed or now - began > SLOW_SECONDS:
                    self._rests_until = now + REST_SECONDS

    def _begins(self, member: str, most: int) -> bool:
        """Whether Slack may be asked about a known member now, having been asked about fewer than `most` in
        the last minute; it has to be, then.
        """
        now = self._api.clock()
        with self._lock:
            is_there_room = len(self._asked_at) < most or self._asked_at[-most] <= now - 60.0
            may = (
                now >= self._rests_until
                and member not in self._asked_anew
                and len(self._asked_anew) < ANEW_AT_ONCE
                and is_there_room
            )
            if may:
                self._asked_anew.add(member)
        return may

    def _is_ours(self, profile: Profile) -> bool:
        """Whether somebody belongs to the bot's workspace, or to its enterprise."""
        if not profile.team:
            return True
        if self._own is None:
            answer = self._api.call("auth.test")
            self._own = (answer.get("team_id") or profile.team, answer.get("enterprise_id") or "")
        team, enterprise = self._own
        return profile.team == team or bool(enterprise and profile.enterprise == enterprise)


def _profile_of(member: str, user: Mapping[str, Any]) -> Profile:
    """From Slack's description of an account."""
    profile: dict[str, Any] = user.get("profile") or {}
    return Profile(
        real_name=profile.get("real_name") or user.get("real_name") or "",
        display_name=profile.get("display_name") or user.get("name") or "",
        email=profile.get("email") or None,
        picture_url=profile.get("image_512") or profile.get("image_192") or profile.get("image_72") or None,
        is_bot=bool(user.get("is_bot")) or member == SLACKBOT,
        deactivated=bool(user.get("deleted")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_stranger=bool(user.get("is_stranger")),
        team=user.get("team_id") or "",
        enterprise=(user.get("enterprise_user") or {}).get("enterprise_id") or "",
    )
