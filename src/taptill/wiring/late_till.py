"""The till as the screen sees it while the till itself is still being built."""

from collections.abc import Callable, Sequence

from taptill.checkout.keys.key import Key
from taptill.checkout.view import TillView
from taptill.ui.keys.till_port import TillPort

READS_MAX = 64
"""So many reads of keys wait for the till; later ones are dropped until it is there."""


class LateTill:
    """Fits the screen's `TillPort`; until `connect` it keeps watchers and keys."""

    def __init__(self) -> None:
        self._till: TillPort | None = None
        self._callbacks: list[Callable[[TillView], None]] = []
        self._reads: list[Sequence[Key]] = []

    def connect(self, till: TillPort) -> None:
        """Hand over what came until now, and from now on everything."""
        self._till = till
        for callback in self._callbacks:
            till.watch(callback)
        for keys in self._reads:
            till.take(keys)
        self._callbacks, self._reads = [], []

    def watch(self, callback: Callable[[TillView], None], /) -> None:
        """Call `callback` with every new view, in the same event loop."""
        if self._till:
            self._till.watch(callback)
        else:
            self._callbacks.append(callback)

    def take(self, keys: Sequence[Key]) -> None:
        """Take the keys of one read, or keep them until there is a till."""
        if self._till:
            self._till.take(keys)
        elif len(self._reads) < READS_MAX:
            self._reads.append(keys)

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Record that the view of this number is on the screen since `at_s`, monotonic seconds."""
        if self._till:
            self._till.painted(prompt_number, at_s)

    def obscured(self, key: Key | None = None) -> None:
        """Record that Enter must not confirm what was on the screen; without a till it cannot."""
        if self._till:
            self._till.obscured(key)
