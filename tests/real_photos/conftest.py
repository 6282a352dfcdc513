"""Commands are run here too."""

from tests.commands.conftest import own_log, run

__all__ = ["own_log", "run"]
