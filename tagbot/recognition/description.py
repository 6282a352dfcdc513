"""A described face, as it leaves the process in which that was done."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Description:
    """A face in numbers."""

    model: str
    """That made it: vectors of two models are never compared."""
    vector: bytes
    """Little-endian 32-bit floats."""
