"""Whether the backend is online, measured by the results of real calls.

ONLINE means that customers are looked up live. A till that can do so decides by fresh amounts, and
what cannot be sent meanwhile is safe in the journal; so the results of look-ups alone decide. An
update that fails is reported beside it, with words of its own. It also makes the health check ask
soon, which shows whether the backend is offline altogether.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from taptill.domain.clock import Clock
from taptill.domain.figures.durations import Durations

SLOW_S = 1.0
RECENT = 5


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The backend's health: `online` is None before the first look-up.

    `error_code` is the code of the last look-up's error, `since` when the errors began.
    `update_error` is the code of the last update's error, `update_error_since` when those began.
    Codes and times are empty while there is no error.
    """

    online: bool | None
    latency_s: float | None
    since: str
    error_code: str
    update_error: str = ""
    update_error_since: str = ""

    @property
    def slow(self) -> bool:
        """Whether look-ups succeed but take longer than a person likes to wait."""
        return bool(self.online) and self.latency_s is not None and self.latency_s > SLOW_S


class BackendHealth:
    """The results of the last calls, and who is told when look-ups succeed again.

    `lookups` measures those that succeeded since the start, `lookups_failed` counts the others.
    """

    def __init__(self, clock: Clock) -> None:
        self.lookups = Durations()
        self.lookups_failed = 0
        self._clock = clock
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._online: bool | None = None
        self._since = ""
        self._error_code = ""
        self._update_error = ""
        self._update_error_since = ""
        self._in_doubt = False
        self._callbacks: list[Callable[[], None]] = []

    def on_recovery(self, callback: Callable[[], None]) -> None:
        """Add a function to call at the first look-up that succeeds after an error."""
        self._callbacks.append(callback)

    def lookup_succeeded(self, latency_s: float) -> None:
        """Record a look-up that succeeded."""
        was_offline = self._online is False
        self._latencies.append(latency_s)
        self.lookups.record(latency_s)
        self._online, self._since, self._error_code, self._in_doubt = True, "", "", False
        if was_offline:
            for callback in self._callbacks:
                callback()

    def lookup_failed(self, code: str) -> None:
        """Record a look-up's error; the first of several errors sets the time since when."""
        if self._online is not False:
            self._since = self._clock.now()
            self._latencies.clear()
        self.lookups_failed += 1
        self._online, self._error_code, self._in_doubt = False, code, False

    def update_answered(self) -> None:
        """Record that an update was answered, whatever the answer."""
        self._update_error = self._update_error_since = ""

    def update_failed(self, code: str) -> None:
        """Record an update's error; the first of several errors sets the time since when."""
        self._update_error_since = self._update_error_since or self._clock.now()
        self._update_error, self._in_doubt = code, True

    @property
    def needs_check(self) -> bool:
        """Whether a health check should find out if the backend is online."""
        return self._online is False or self._in_doubt

    @property
    def health(self) -> HealthReport:
        """Return the state now; the latency is the median of the last few look-ups."""
        latencies = sorted(self._latencies)
        latency = latencies[len(latencies) // 2] if latencies else None
        return HealthReport(
            online=self._online,
            latency_s=latency,
            since=self._since,
            error_code=self._error_code,
            update_error=self._update_error,
            update_error_since=self._update_error_since,
        )
