"""Results of real calls in, a word for the connection out."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from taptill.domain.clock import Clock

SLOW_S = 1.0
RECENT = 5


@dataclass(frozen=True, slots=True)
class Health:
    """How the backend answers: `up` None before the first call; `trouble` an error's code."""

    up: bool | None
    latency_s: float | None
    since: str
    trouble: str

    @property
    def slow(self) -> bool:
        """Whether it answers, but takes a person's patience."""
        return bool(self.up) and self.latency_s is not None and self.latency_s > SLOW_S


class Connection:
    """Remembers how the last calls went."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._latencies: deque[float] = deque(maxlen=RECENT)
        self._up: bool | None = None
        self._since = ""
        self._trouble = ""
        self._watchers: list[Callable[[], None]] = []

    def watch(self, returned: Callable[[], None]) -> None:
        """Call `returned` in the moment of the first good answer after an error."""
        self._watchers.append(returned)

    def answered(self, latency_s: float) -> None:
        """Note a good answer."""
        was_away = self._up is False
        self._latencies.append(latency_s)
        self._up, self._since, self._trouble = True, "", ""
        if was_away:
            for returned in self._watchers:
                returned()

    def failed(self, code: str) -> None:
        """Note an error; the first one of a row tells since when."""
        if self._up is not False:
            self._since = self._clock.now()
            self._latencies.clear()
        self._up, self._trouble = False, code

    @property
    def health(self) -> Health:
        """Give the state now; the latency is the median of the last few calls."""
        ordered = sorted(self._latencies)
        latency = ordered[len(ordered) // 2] if ordered else None
        return Health(self._up, latency, self._since, self._trouble)
