"""The till with a time stamp at each station of a tap and of Enter.

`python -m tests.benchmarks.stations.program FD run --config ...` runs the till as `taptill` would,
and writes a line `STATION SECONDS` to FD each time that one is passed; seconds are monotonic. The
functions are wrapped here, in this process: the program itself has no stations, and so no cost.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any

from taptill import cli
from taptill.checkout.charging import Charging
from taptill.checkout.till import Till
from taptill.checkout.till_state import TillState
from taptill.journal.file import JournalFile
from taptill.journal.journal import Journal
from taptill.readers.normaliser import Normaliser
from taptill.ui.app import TillApp
from taptill.ui.keys.writer import TerminalWriter
from taptill.ui.screen import TillScreen

BEFORE = {
    "the reader's thread has the frame": (Normaliser, "card_id"),
    "the till has the tap": (Till, "_take_message"),
    "the screen has the keys": (TillApp, "_handle_keys"),
    "decided; the entry is on its way": (Journal, "append"),
    "the journal's thread has the entry": (JournalFile, "append"),
    "the till has the entry": (Charging, "_show_paid"),
    "the screen has the view": (TillApp, "_show"),
    "the picture is computed": (TillScreen, "paint"),
    "the writer's thread has the lines": (TerminalWriter, "_write"),
}
AFTER = {
    "the customer is looked up and decided": (TillState, "show_customer"),
    "the entry is on the disk": (JournalFile, "append"),
    "the lines are composed": (TillScreen, "paint"),
    "the terminal has them": (TerminalWriter, "_write"),
}


def stamp(owner: type, name: str, descriptor: int, before: str = "", after: str = "") -> None:
    """Let a method say when it begins or when it has ended."""
    method: Callable[..., Any] = getattr(owner, name)

    def say(station: str) -> None:
        if station:
            os.write(descriptor, f"{station}\t{perf_counter()}\n".encode())

    @wraps(method)
    def stamped(*words: Any, **options: Any) -> Any:
        say(before)
        try:
            return method(*words, **options)
        finally:
            say(after)

    setattr(owner, name, stamped)


if __name__ == "__main__":
    lines = int(sys.argv.pop(1))
    for text, (cls, function) in BEFORE.items():
        stamp(cls, function, lines, before=text)
    for text, (cls, function) in AFTER.items():
        stamp(cls, function, lines, after=text)
    cli.main()
