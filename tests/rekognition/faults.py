"""What goes wrong on purpose: errors, silence, torn connections."""

import fnmatch
from dataclasses import dataclass

from tests.rekognition.errors import RekognitionError


@dataclass
class Fault:
    """What happens to calls whose operation matches the pattern.

    - `times`: how many calls; None: until healed. `skip`: how many go well before.
    - `error`: that code, with the words and the HTTP status that go with it unless `message`, `status` are
      given. `status` alone: an answer of something in front of the service, without its JSON.
    - `reset`: the connection is torn. `hang`: seconds of silence, then the connection is torn.
    - `delay`: seconds before anything happens; alone, the call then goes well.
    - `effect`: the operation does its work all the same; only the caller does not learn of it.
    """

    operation: str
    error: str | None = None
    message: str | None = None
    status: int | None = None
    reset: bool = False
    hang: float | None = None
    delay: float = 0.0
    effect: bool = False
    times: int | None = 1
    skip: int = 0

    def kind(self) -> str:
        """In the ledger."""
        what = self.error or (f"status {self.status}" if self.status else "")
        what = what or ("hang" if self.hang is not None else "reset" if self.reset else "delay")
        return f"{what} after the effect" if self.effect else what

    def harms(self) -> bool:
        """Whether the caller gets something else than the operation's answer."""
        return bool(self.error or self.status or self.reset or self.hang is not None)

    def refusal(self) -> RekognitionError | None:
        """The error answer, if it is one."""
        return RekognitionError(self.error, self.message, self.status) if self.error else None

    def meets(self, operation: str) -> bool:
        """Whether this call is one of those; it counts as one then."""
        if self.times == 0 or not fnmatch.fnmatchcase(operation, self.operation):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The faults that are set, the oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def take(self, operation: str) -> Fault | None:
        """The fault that this call meets; it is used up by it."""
        return next((fault for fault in self.waiting if fault.meets(operation)), None)
