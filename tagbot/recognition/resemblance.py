"""People of the model whom the faces of a request resemble, by whichever recogniser."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resemblance:
    """How far a person is from the faces of a request."""

    person: str
    distances: tuple[float, ...]
    """From each of the faces that were compared, in their order."""
    learned: int | None = None
    """Faces of the person in the model; None where that is not told."""

    @property
    def distance(self) -> float:
        """In the mean."""
        return sum(self.distances) / len(self.distances)


@dataclass(frozen=True, slots=True)
class Nearness:
    """How to read the distances of a `Resemblance`."""

    resembles: float
    """Up to here a person resembles a face."""
    sure: float
    """Up to here the machine may be sure of a person …"""
    margin: float
    """… if the next person is farther away by so much."""
