"""The retry schedule: when to ask the backend again, and for which customer."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from taptill.domain.technical.backoff import Backoff

RETRY_FIRST_S = 1.0
FUTILE_MAX = 10
"""A backend may answer reads and fail every update. Failures with an answer between them are
counted until a customer is settled; each one beyond this number starts a pause that no answer ends.
"""

RETRY_AFTER_MAX_S = 3600.0
"""A Retry-After beyond an hour is not believed."""


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """How delays grow: RETRY_FIRST_S, doubled up to `max_delay_s`; `jitter` is in [0, 1)."""

    now_s: Callable[[], float]
    jitter: Callable[[], float]
    max_delay_s: float


@dataclass(slots=True)
class _Pause:
    policy: BackoffPolicy
    delays: Backoff
    until_s: float = 0.0
    attempt: int = 0

    def extend(self, at_least_s: float = 0.0) -> None:
        """Start a pause from now, longer than the last one."""
        wait_s = self.delays.delay_s(self.attempt, self.policy.jitter())
        self.until_s = self.policy.now_s() + max(wait_s, at_least_s)
        self.attempt += 1

    def end(self) -> None:
        self.until_s, self.attempt = 0.0, 0


@dataclass(slots=True)
class _CustomerBackoff:
    """A customer's own pause, and how often the backend had answered when it last failed."""

    backoff: _Pause
    answers: int


class RetrySchedule:
    """Keeps one bad customer from blocking the others, and a dead backend from being hammered.

    A failure makes everybody wait until the backend answers again. A customer that fails again
    although the backend answered others meanwhile waits alone.
    """

    def __init__(self, policy: BackoffPolicy) -> None:
        self._policy = policy
        self._delays = Backoff.doubling(
            RETRY_FIRST_S, policy.max_delay_s, factor_min=0.5, factor_span=0.5
        )
        self._outage = self._new_pause()
        self._server_pause = self._new_pause()
        self._customers: dict[int, _CustomerBackoff] = {}
        self._answers = 0
        self._failed_at = 0
        self._futile = 0

    def __len__(self) -> int:
        return len(self._customers)

    def backend_answered(self) -> bool:
        """Record that the backend answers; return whether that ended an outage."""
        self._answers += 1
        ended_outage = self._outage.until_s > 0
        self._outage.end()
        return ended_outage

    def succeeded(self, customer_id: int) -> None:
        """Record that a customer is settled or is a case; a Retry-After still counts."""
        self.backend_answered()
        self._server_pause.attempt = 0
        self._futile = 0
        self._customers.pop(customer_id, None)

    def failed(self, customer_id: int, retry_after_s: float | None = None) -> None:
        """Record that the backend did not answer as it should for this customer.

        A backend that answers reads and fails everything else is asked less and less: its answers
        end no pause any more until a customer is settled.
        """
        if retry_after_s is not None:
            self.retry_after(retry_after_s)
        self._futile += self._answers > self._failed_at
        self._failed_at = self._answers
        if self._futile > FUTILE_MAX:
            self.retry_after()
        customer_pause = self._customers.get(customer_id)
        if customer_pause is not None and customer_pause.answers < self._answers:
            customer_pause.answers = self._answers
            customer_pause.backoff.extend()
            return
        self._outage.extend()
        if customer_pause is None:
            self._customers[customer_id] = _CustomerBackoff(self._new_pause(), self._answers)

    def retry_after(self, at_least_s: float = 0.0) -> None:
        """Start a pause that other answers do not end: for a Retry-After, or after 401 or 403."""
        self._server_pause.extend(min(at_least_s, RETRY_AFTER_MAX_S))

    def delay(self, customer_id: int) -> None:
        """Start a pause for this customer alone."""
        customer_pause = self._customers.setdefault(
            customer_id, _CustomerBackoff(self._new_pause(), self._answers)
        )
        customer_pause.backoff.extend()

    def remaining_s(self) -> float:
        """Return the seconds until the backend may be asked; 0 or less: now."""
        return max(0.0, self._outage.until_s, self._server_pause.until_s) - self._policy.now_s()

    def due(self, customers: Iterable[int]) -> list[int]:
        """Return the customers who need not wait, in their order."""
        now_s = self._policy.now_s()
        return [customer for customer in customers if self._until_s(customer) <= now_s]

    def next_due_s(self, customers: Iterable[int]) -> float:
        """Return the seconds until the first of the customers is due."""
        return max(0.0, min(map(self._until_s, customers)) - self._policy.now_s())

    def _new_pause(self) -> _Pause:
        return _Pause(self._policy, self._delays)

    def _until_s(self, customer_id: int) -> float:
        customer_pause = self._customers.get(customer_id)
        return customer_pause.backoff.until_s if customer_pause else 0.0
