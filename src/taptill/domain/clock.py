"""Time as a port: the core asks a clock that is passed in."""

from typing import Protocol


class Clock(Protocol):
    """Where time comes from; a test's clock moves when told."""

    def monotonic(self) -> float:
        """Return seconds that never go back, meaningless beyond this boot."""

    def now(self) -> str:
        """Return UTC wall time as ISO 8601 with milliseconds: an annotation, never an order."""

    def boot(self) -> tuple[str, int]:
        """Return this boot's id and the milliseconds since it began."""

    def trusted(self) -> bool:
        """Return whether wall time is known to be set."""
