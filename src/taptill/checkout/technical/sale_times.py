"""How long a tap waits for its verdict on the screen, and an Enter for its charge on the disk."""

from math import inf

from taptill.checkout.sale import Sale
from taptill.domain.figures.durations import Durations
from taptill.domain.tap import Tap


class SaleTimes:
    """Measures both; of each tap only the first verdict counts, painted whole."""

    def __init__(self) -> None:
        self.verdicts = Durations()
        self.confirms = Durations()
        self._newest_s = -inf
        self._awaited: tuple[Tap, int] | None = None

    def published(self, sale: Sale, prompt_number: int) -> None:
        """Record that the view with this prompt is handed to the screen."""
        tap = sale.tap
        if tap is not None and tap.at_s > self._newest_s and sale.decision is not None:
            self._newest_s = tap.at_s
            self._awaited = (tap, prompt_number)

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Record that the prompt of this number is on the screen since `at_s`, monotonic."""
        if self._awaited and prompt_number >= self._awaited[1]:
            self.verdicts.record(at_s - self._awaited[0].at_s)
            self._awaited = None
