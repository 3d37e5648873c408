"""Time that stands still until a test moves it."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FakeClock:
    """Fits `domain.clock.Clock`; `pass_time` moves all three clocks, `jump` wall time alone."""

    def __init__(self, wall: datetime = START, *, trusted: bool = True) -> None:
        self.wall = wall
        self.is_trusted = trusted
        self.boots = 1
        self._monotonic_s = 1000.0
        self._booted_at_s = 940.0

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._monotonic_s

    def now(self) -> str:
        """Return wall time as an entry carries it."""
        return self.wall.astimezone(UTC).isoformat(timespec="milliseconds")

    def boot(self) -> tuple[str, int]:
        """Return the boot's id and the milliseconds since it began."""
        return f"boot-{self.boots}", round((self._monotonic_s - self._booted_at_s) * 1000)

    def trusted(self) -> bool:
        """Return whether wall time is known to be set."""
        return self.is_trusted

    def pass_time(self, seconds: float) -> None:
        """Let time go by on every clock."""
        self._monotonic_s += seconds
        self.wall += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Set wall time forward or back, as NTP or a hand does."""
        self.wall += timedelta(seconds=seconds)

    def reboot(self, off_s: float = 0.0, *, trusted: bool = False) -> None:
        """Start the machine anew: another boot id, uptime and monotonic time from zero.

        Wall time goes on by `off_s`: zero is a board without a battery-backed clock.
        """
        self.boots += 1
        self._monotonic_s = self._booted_at_s = 0.0
        self.wall += timedelta(seconds=off_s)
        self.is_trusted = trusted
