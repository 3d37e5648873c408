"""Delays between attempts: they grow up to a bound, and jitter spreads many tills apart."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Backoff:
    """A retry schedule in seconds: one delay for each attempt, the last one for all that follow.

    A delay is multiplied by a factor from `factor_min` up to `factor_min + factor_span`, which may
    be negative. Who asks passes the random number, and so decides whether chance has a part.
    """

    delays_s: tuple[float, ...]
    factor_min: float = 1.0
    factor_span: float = 0.0

    @classmethod
    def doubling(
        cls, first_s: float, max_s: float, *, factor_min: float = 1.0, factor_span: float = 0.0
    ) -> Self:
        """Return delays that begin with `first_s`, above 0, and double up to `max_s`."""
        delays_s = [first_s]
        while delays_s[-1] < max_s:
            delays_s.append(min(2 * delays_s[-1], max_s))
        return cls(tuple(delays_s), factor_min, factor_span)

    def delay_s(self, attempt: int, chance: float = 0.0) -> float:
        """Return the delay after the attempt of this number, the first is 0; `chance` in [0, 1)."""
        return self.jittered(self.delays_s[min(attempt, len(self.delays_s) - 1)], chance)

    def jittered(self, delay_s: float, chance: float) -> float:
        """Return a delay from elsewhere, a server's Retry-After for example, with this jitter."""
        return delay_s * (self.factor_min + self.factor_span * chance)
