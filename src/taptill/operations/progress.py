"""How far an operation is: values that a command or a screen puts into words."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unsent:
    """So many customers have money that is still to be sent."""

    customers: int


@dataclass(frozen=True, slots=True)
class WaitingForLate:
    """Requests that were sent before may still land for so many seconds."""

    left_s: float


@dataclass(frozen=True, slots=True)
class Comparing:
    """The rows of customers up to this one, of so many, are being compared with the journal."""

    customer: int
    customers: int


@dataclass(frozen=True, slots=True)
class LateRequestLanded:
    """A request landed late and changed rows: the operation begins once more."""


Progress = Unsent | WaitingForLate | Comparing | LateRequestLanded
Report = Callable[[Progress], None]
