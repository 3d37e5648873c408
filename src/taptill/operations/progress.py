"""Progress of an operation, as values that a command or a screen puts into words."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unsent:
    """The number of customers with money that is still to be sent."""

    customers: int


@dataclass(frozen=True, slots=True)
class WaitingForLate:
    """Waiting, for so many seconds more, for requests that may still land."""

    left_s: float


@dataclass(frozen=True, slots=True)
class Comparing:
    """Comparing rows with the journal, up to the customer with this number of so many."""

    customer: int
    customers: int


@dataclass(frozen=True, slots=True)
class LateRequestLanded:
    """A request landed late and changed rows: the operation begins once more."""


Progress = Unsent | WaitingForLate | Comparing | LateRequestLanded
OnProgress = Callable[[Progress], None]
