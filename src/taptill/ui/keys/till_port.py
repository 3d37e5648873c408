"""What a terminal's user interface needs of the till, whether it draws a screen or prints lines."""

import signal
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol

from taptill.checkout.keys.key import Key
from taptill.checkout.view import TillView

LEAVING_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

RunTill = Callable[[], Coroutine[Any, Any, None]]


class TillPort(Protocol):
    """What the screen needs of the till; every call returns at once."""

    def watch(self, callback: Callable[[TillView], None], /) -> None:
        """Call `callback` with every new view, in the same event loop."""

    def take(self, keys: Sequence[Key]) -> None:
        """Take the keys of one read; the screen's own keys are not among them."""

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Record that the view of this number is on the screen since `at_s`, monotonic seconds."""

    def obscured(self, key: Key | None = None) -> None:
        """Record that Enter must not confirm what was on the screen until now.

        `key` is the screen's own key that changed it, None for a new size.
        """
