"""Answers and failures in, when to try whom again out: back-off of the backend and of customers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

RETRY_FIRST_S = 1.0
FUTILE_MAX = 10
"""So many failures between signs of life, with nobody settled, and all wait ever longer."""

RETRY_AFTER_MAX_S = 3600.0
"""A Retry-After beyond an hour is not believed."""


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """How delays grow: RETRY_FIRST_S, doubled up to `max_delay_s`; `jitter` is in [0, 1)."""

    now_s: Callable[[], float]
    jitter: Callable[[], float]
    max_delay_s: float


@dataclass(slots=True)
class _Backoff:
    policy: BackoffPolicy
    until_s: float = 0.0
    next_s: float = RETRY_FIRST_S

    def extend(self, at_least_s: float = 0.0) -> None:
        """Wait from now on, longer than the last time."""
        wait_s = self.next_s * (0.5 + self.policy.jitter() / 2)
        self.until_s = self.policy.now_s() + max(wait_s, at_least_s)
        self.next_s = min(self.next_s * 2, self.policy.max_delay_s)

    def end(self) -> None:
        self.until_s, self.next_s = 0.0, RETRY_FIRST_S


@dataclass(slots=True)
class _CustomerBackoff:
    """A customer's own wait, and how often the backend had answered when it last failed."""

    wait: _Backoff
    answers: int


class RetrySchedule:
    """Keeps one bad customer from blocking the others, and a dead backend from being hammered.

    A failure makes everybody wait until the backend is seen to answer. A customer that fails
    again although it answered meanwhile has trouble of its own, and waits alone.
    """

    def __init__(self, rhythm: BackoffPolicy) -> None:
        self._policy = rhythm
        self._outage = _Backoff(rhythm)
        self._server_pause = _Backoff(rhythm)
        self._customers: dict[int, _CustomerBackoff] = {}
        self._answers = 0
        self._failed_at = 0
        self._futile = 0

    def __len__(self) -> int:
        return len(self._customers)

    def backend_answered(self) -> bool:
        """Note a sign of life; True where it ended an outage."""
        self._answers += 1
        ended = self._outage.until_s > 0
        self._outage.end()
        return ended

    def succeeded(self, customer_id: int) -> None:
        """Note that a customer was settled, or given up; a wait that we were told stays."""
        self.backend_answered()
        self._server_pause.next_s = RETRY_FIRST_S
        self._futile = 0
        self._customers.pop(customer_id, None)

    def failed(self, customer_id: int, retry_after_s: float | None = None) -> None:
        """Note that the backend did not answer as it should about this customer.

        One that shows rows and fails all else is asked ever more seldom: its signs of life end no
        wait any more until somebody is settled.
        """
        if retry_after_s is not None:
            self.retry_after(retry_after_s)
        self._futile += self._answers > self._failed_at
        self._failed_at = self._answers
        if self._futile > FUTILE_MAX:
            self.retry_after()
        trouble = self._customers.get(customer_id)
        if trouble is not None and trouble.answers < self._answers:
            trouble.answers = self._answers
            trouble.wait.extend()
            return
        self._outage.extend()
        if trouble is None:
            self._customers[customer_id] = _CustomerBackoff(_Backoff(self._policy), self._answers)

    def retry_after(self, at_least_s: float = 0.0) -> None:
        """Wait however well the backend answers others: it said when to come back, or denies us."""
        self._server_pause.extend(min(at_least_s, RETRY_AFTER_MAX_S))

    def delay(self, customer_id: int) -> None:
        """Let this customer alone for a while."""
        trouble = self._customers.setdefault(
            customer_id, _CustomerBackoff(_Backoff(self._policy), self._answers)
        )
        trouble.wait.extend()

    def remaining_s(self) -> float:
        """Give the seconds until the backend may be asked; none are left from 0 down."""
        return max(0.0, self._outage.until_s, self._server_pause.until_s) - self._policy.now_s()

    def due(self, customers: Iterable[int]) -> list[int]:
        """Give those who need not wait, in their order."""
        now_s = self._policy.now_s()
        return [one for one in customers if self._until_s(one) <= now_s]

    def next_due_s(self, customers: Iterable[int]) -> float:
        """Give the seconds until the first of them is due."""
        return max(0.0, min(map(self._until_s, customers)) - self._policy.now_s())

    def _until_s(self, customer_id: int) -> float:
        trouble = self._customers.get(customer_id)
        return trouble.wait.until_s if trouble else 0.0
