"""A till that remembers what was asked of it and shows the views it is told to show."""

from collections.abc import Callable

from taptill.checkout.view import TillView


class FakeTill:
    """`asked` holds every call in order; `show` publishes a view as the real till would."""

    def __init__(self, first: TillView | None = None) -> None:
        self.asked: list[str] = []
        self.ran = False
        self._first = first
        self._callbacks: list[Callable[[TillView], None]] = []

    def press(self, key: str) -> None:
        """Remember a key."""
        self.asked.append(key)

    def confirm(self) -> None:
        """Remember Enter."""
        self.asked.append("confirm")

    def cancel(self) -> None:
        """Remember Escape."""
        self.asked.append("cancel")

    def void(self) -> None:
        """Remember F8."""
        self.asked.append("void")

    def watch(self, callback: Callable[[TillView], None]) -> None:
        """Publish the first view at once, later ones by `show`."""
        self._callbacks.append(callback)
        if self._first:
            callback(self._first)

    def show(self, view: TillView) -> None:
        """Publish a view."""
        for callback in self._callbacks:
            callback(view)

    async def run(self) -> None:
        """Stand for the till's background work."""
        self.ran = True
