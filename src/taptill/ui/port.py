"""What the screen wants of the till: keys in, pictures out."""

from collections.abc import Callable
from typing import Protocol

from taptill.checkout.view import TillView


class TillPort(Protocol):
    """The till as the screen sees it; every call returns at once."""

    def press(self, key: str) -> None:
        """Take a digit, `.`, `,`, `+`, `/`, `*`, `backspace` or a good's small letter."""

    def confirm(self) -> None:
        """Charge, or answer yes."""

    def cancel(self) -> None:
        """Let go of what is under way."""

    def void(self) -> None:
        """Begin to void the last sale."""

    def watch(self, callback: Callable[[TillView], None]) -> None:
        """Call back, in the same event loop, with every new view."""
