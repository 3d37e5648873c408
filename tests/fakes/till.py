"""A till that records its calls and publishes the views that a test gives it."""

from collections.abc import Callable, Mapping, Sequence

from taptill.checkout.keys.key import Key
from taptill.checkout.view import TillView

MEANINGS = {
    "enter": "confirm",
    "escape": "cancel",
    "-": "cancel",
    "f8": "void",
    "backspace": "backspace",
}


class FakeTill:
    """`calls` holds every call in order; `show` publishes a view as the real till would."""

    def __init__(
        self,
        first: TillView | None = None,
        cards: Mapping[str, Callable[[], None]] | None = None,
    ) -> None:
        self.calls: list[str] = []
        self.prompt_numbers: list[int] = []
        self.own_keys: list[str] = []
        self._cards = cards or {}
        self.ran = False
        self._first = first
        self._callbacks: list[Callable[[TillView], None]] = []

    def take(self, keys: Sequence[Key]) -> None:
        """Record the keys by what they mean to a till."""
        for key in keys:
            if key.name in self._cards:
                self._cards[key.name]()
            elif key.name in MEANINGS:
                self.calls.append(MEANINGS[key.name])
            elif key.is_character and (key.name in "0123456789.,+/*" or key.name.islower()):
                self.calls.append(key.name)

    def painted(self, prompt_number: int, at_s: float) -> None:
        """Record the number of what the screen shows."""
        del at_s
        self.prompt_numbers.append(prompt_number)

    def obscured(self, key: Key | None = None) -> None:
        """Record that the screen changed by a key of its own or by its size."""
        self.own_keys.append(key.name if key else "")

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
        """Record that the app has started the till."""
        self.ran = True
