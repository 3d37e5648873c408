"""Bare Textual programs that the till's figures are compared with.

`frame [FD]` shows one line, and another for a datagram from FD. `till FD FILE` shows as many
widgets as the till has regions, all faces computed beforehand and nothing behind them: digits and
`-` ring up, a line of text from FD is a tap, Enter makes one row in FILE durable and says so. `thin
FD FILE` does the same with one widget of five texts and without a thread: the least that anybody
would write.
"""

import asyncio
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.widgets import Static

NAMES_MAX = 50


class OneLineApp(App[None]):
    """One line, which says when a datagram has come: the thin floor of a start."""

    def __init__(self, datagrams: int | None) -> None:
        super().__init__()
        self._datagrams = datagrams

    def compose(self) -> ComposeResult:
        """Make the one widget."""
        yield Static("bare frame", markup=False)

    def on_mount(self) -> None:
        """Wait for a datagram."""
        if self._datagrams is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._datagrams, self._answer, self._datagrams)

    def _answer(self, datagrams: int) -> None:
        name = os.read(datagrams, 100).decode()
        self.query_one(Static).update(f"answered {name}")


class Tapped(Message):
    """A card was shown, named by its customer."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.who = name


class BareTill(App[None]):
    """Looks like a till."""

    CSS = "Screen { overflow: hidden; } Static { position: absolute; }"

    def __init__(self, taps: int, path: Path) -> None:
        super().__init__()
        from tests.benchmarks import faces  # noqa: PLC0415 - `frame` must not pay for it
        from tests.benchmarks.books.journal import RawRows  # noqa: PLC0415 - `frame` must not pay for it
        from tests.benchmarks.tills import name  # noqa: PLC0415 - `frame` must not pay for it

        names = [name(number) for number in range(NAMES_MAX)]
        self._boxes = faces.boxes()
        self._ringing = {keys: faces.ringing(keys) for keys in ("", "4", "42", "420")}
        self._confirming = {name: faces.confirming(name) for name in names}
        self._paid = {name: faces.paid(name) for name in names}
        self._shown = dict.fromkeys(faces.REGIONS, "")
        self._typed, self._who = "", ""
        self._taps = taps
        self._rows = RawRows(path)
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        """Make a widget a region."""
        for region, box in self._boxes.items():
            widget = Static(id=region, markup=False)
            widget.styles.offset = (box.x, box.y)
            widget.styles.width, widget.styles.height = box.width, box.height
            yield widget

    def on_mount(self) -> None:
        """Show READY and wait for taps."""
        self._paint(self._ringing[""].texts)
        Thread(target=self._listen, daemon=True).start()

    def on_key(self, event: events.Key) -> None:
        """Ring up, begin anew, or make a row durable."""
        if event.key == "enter":
            self._rows.commit()
            self._paint(self._paid[self._who].texts)
            return
        self._typed = "" if event.key == "minus" else self._typed + (event.character or "")
        self._paint(self._ringing[self._typed].texts)

    def on_tapped(self, message: Tapped) -> None:
        """Show whose card it is."""
        self._who = message.who
        self._paint(self._confirming[self._who].texts)

    def _paint(self, texts: dict[str, str]) -> None:
        for region, text in texts.items():
            if text != self._shown[region]:
                self.query_one(f"#{region}", Static).update(text, layout=False)
        self._shown = texts

    def _listen(self) -> None:
        with os.fdopen(self._taps, "r", encoding="utf-8") as taps:
            lines: Iterable[str] = iter(taps.readline, "")
            for line in lines:
                self.post_message(Tapped(line.strip()))


class ThinTill(App[None]):
    """Five texts in one widget, which fills the screen as a till does."""

    CSS = "Static { width: 100%; height: 100%; }"

    def __init__(self, taps: int, path: Path) -> None:
        super().__init__()
        from tests.benchmarks.books.journal import RawRows  # noqa: PLC0415 - `frame` must not pay for it

        self._texts = ["bench", "", "no card yet", "Tap your card", "Enter confirm"]
        self._taps = taps
        self._rows = RawRows(path)
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        """Make the one widget."""
        yield Static("\n".join(self._texts), markup=False)

    def on_mount(self) -> None:
        """Wait for taps."""
        asyncio.get_running_loop().add_reader(self._taps, self._tapped)

    def on_key(self, event: events.Key) -> None:
        """Ring up, begin anew, or make a row durable."""
        if event.key == "enter":
            self._rows.commit()
            self._show(banner="PAID: Thank you")
        elif event.key == "minus":
            self._show(sale="", customer="no card yet", banner="Tap your card")
        else:
            self._show(sale=f"{self._texts[1] or '> '}{event.character}")

    def _tapped(self) -> None:
        name = os.read(self._taps, 64).decode().strip()
        self._show(customer=name, banner=f"{name} pays €4.20")

    def _show(self, sale: str | None = None, customer: str | None = None, banner: str = "") -> None:
        for place, text in ((1, sale), (2, customer), (3, banner or None)):
            self._texts[place] = self._texts[place] if text is None else text
        self.query_one(Static).update("\n".join(self._texts), layout=False)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["till", taps, path]:
            BareTill(int(taps), Path(path)).run()
        case ["thin", taps, path]:
            ThinTill(int(taps), Path(path)).run()
        case ["frame", *datagrams]:
            OneLineApp(int(datagrams[0]) if datagrams else None).run()
