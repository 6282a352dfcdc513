"""Moving what a bot keeps to another place: in steps that may be interrupted at any moment, and compared at
the end. What was here stays as it is.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """What there is of something, in whichever place and order."""

    count: int = 0
    total: int = 0
    """The sum of all hashes."""

    @property
    def digest(self) -> str:
        """The sum in hexadecimal."""
        return f"{self.total:064x}"

    def plus(self, sha256: bytes) -> "Content":
        """The same with one more, which has this hash."""
        return Content(self.count + 1, (self.total + int.from_bytes(sha256)) % 2**256)


@dataclass(frozen=True, slots=True)
class Compared:
    """Something as it is in both places."""

    name: str
    source: Content
    target: Content

    @property
    def is_equal(self) -> bool:
        """Whether nothing got lost or changed."""
        return self.source == self.target
