"""The visitor's switch for the machine's vote: the bot is started anew with `MACHINE_VOTE`."""

from collections.abc import Mapping
from pathlib import Path

from tagbot.sandbox.page.bot_process import BotProcess

SETTING, EARNED, OFF = "MACHINE_VOTE", "earned", "off"


def kept(file: Path) -> Mapping[str, str]:
    """The setting as the visitor chose it last, if they ever did."""
    return {SETTING: EARNED if file.read_text() == EARNED else OFF} if file.exists() else {}


class VoteSwitch:
    """Whether the machine may earn a vote. The choice is kept in a file."""

    def __init__(self, bot: BotProcess, file: Path) -> None:
        self._bot = bot
        self._file = file

    @property
    def on(self) -> bool:
        """What is chosen, also while the bot does not run."""
        return self._bot.setting(SETTING) == EARNED

    async def set(self, *, on: bool) -> None:
        """Choose; a bot that runs is started anew."""
        if on != self.on:
            chosen = EARNED if on else OFF
            self._file.write_text(chosen)
            await self._bot.restart(**{SETTING: chosen})
