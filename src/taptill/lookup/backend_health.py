"""Results of real calls in, a word for the connection out.

ONLINE means that customers are looked up live: a till that can do so decides by fresh figures, and
what cannot be sent meanwhile lies safe in the journal. So the answers to look-ups alone decide. An
update that fails beside them is told in words of its own; it also has the next look-up made soon,
which tells whether the backend is away altogether.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from taptill.domain.clock import Clock

SLOW_S = 1.0
RECENT = 5


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How the backend answers: `up` None before the first look-up; `trouble` an error's code.

    `unsent` is the code of what came instead of an answer to the last update, `unsent_since` when
    that began; both are empty while updates are answered.
    """

    online: bool | None
    latency_s: float | None
    since: str
    error_code: str
    update_error: str = ""
    update_error_since: str = ""

    @property
    def slow(self) -> bool:
        """Whether it answers, but takes a person's patience."""
        return bool(self.online) and self.latency_s is not None and self.latency_s > SLOW_S


class BackendHealth:
    """Remembers how the last calls went."""

    def __init__(self, clock: Clock) -> None:
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
        """Call `returned` in the moment of the first good answer after an error."""
        self._callbacks.append(callback)

    def lookup_succeeded(self, latency_s: float) -> None:
        """Note a look-up's good answer."""
        was_offline = self._online is False
        self._latencies.append(latency_s)
        self._online, self._since, self._error_code, self._in_doubt = True, "", "", False
        if was_offline:
            for callback in self._callbacks:
                callback()

    def lookup_failed(self, code: str) -> None:
        """Note a look-up's error; the first one of a row tells since when."""
        if self._online is not False:
            self._since = self._clock.now()
            self._latencies.clear()
        self._online, self._error_code, self._in_doubt = False, code, False

    def update_answered(self) -> None:
        """Note that an update was answered."""
        self._update_error = self._update_error_since = ""

    def update_failed(self, code: str) -> None:
        """Note what came instead of an update's answer; the first one of a row tells since when."""
        self._update_error_since = self._update_error_since or self._clock.now()
        self._update_error, self._in_doubt = code, True

    @property
    def needs_check(self) -> bool:
        """Whether a look-up should be made to see if the backend is there (again)."""
        return self._online is False or self._in_doubt

    @property
    def health(self) -> HealthReport:
        """Give the state now; the latency is the median of the last few look-ups."""
        latencies = sorted(self._latencies)
        latency = latencies[len(latencies) // 2] if latencies else None
        update = (self._update_error, self._update_error_since)
        return HealthReport(self._online, latency, self._since, self._error_code, *update)
