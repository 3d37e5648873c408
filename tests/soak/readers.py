"""Taps and re-plugs of a serial reader by the thousand, and what has grown after them.

A round taps `TAPS` cards on a pseudo-terminal, pulls the reader, and plugs another one in behind
the same link. Memory, threads and descriptors must be at the end what they were after the warm-up.
"""

import gc
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from threading import Condition

from tests.readers.lines import PtyLine, SkippingClock, open_descriptors
from tests.scenarios.program import rdm6300

from taptill.domain.tap import ReaderHealth, ReaderMessage, ReaderState, Tap
from taptill.readers.device import ReaderSettings
from taptill.readers.opening import open_reader

ROUNDS = 200
TAPS = 500
"""100,000 taps: more than 24 hours of a busy counter."""

WARM_UP = 5
BACK_WITHIN_S = 1.5
PATIENCE_S = 10.0
CARD_APART_S = 2.0
GROWTH_KIB_MAX = 1024


class Counts:
    """Keeps the last tap, the counts and the state: nothing that can grow."""

    def __init__(self) -> None:
        self.taps = 0
        self.last = ""
        self.state: ReaderState | None = None
        self._changed = Condition()

    def deliver(self, message: ReaderMessage) -> None:
        """Record a message, from the reader's thread."""
        with self._changed:
            if isinstance(message, Tap):
                self.taps += 1
                self.last = message.card_id
            elif isinstance(message, ReaderHealth):
                self.state = message.state
            self._changed.notify_all()

    def wait(self, until: Callable[[], bool]) -> bool:
        """Wait until a condition holds; return whether it came to hold."""
        with self._changed:
            return self._changed.wait_for(until, PATIENCE_S)


def soak(
    folder: Path, rounds: int, seed: int, progress: Callable[[str], None], taps: int = TAPS
) -> list[str]:
    """Tap and re-plug; return what went wrong."""
    rounds = rounds or ROUNDS
    dice, clock, counts = random.Random(seed), SkippingClock(), Counts()
    line = PtyLine(folder / "rfid-reader")
    line.plug()
    settings = ReaderSettings("soak", "serial", str(line.link), "rdm6300")
    reader = open_reader(settings, counts.deliver, clock)
    complaints: list[str] = []
    before = (0, 0, 0)
    try:
        counts.wait(lambda: counts.state is ReaderState.OK)
        for number in range(rounds):
            if number == min(WARM_UP, rounds // 2):
                before = resource_usage()
            progress(f"round {number + 1} of {rounds}, {counts.taps} taps")
            complaints += tap_cards(line, clock, counts, [card(dice) for _ in range(taps)])
            complaints += replug(line, counts)
        complaints += growth(before, resource_usage())
    finally:
        complaints += [] if reader.stop() else ["the reader's thread does not end"]
        line.unplug()
    return complaints


def card(dice: random.Random) -> str:
    return f"{dice.randrange(1 << 36):010X}"


def tap_cards(line: PtyLine, clock: SkippingClock, counts: Counts, cards: list[str]) -> list[str]:
    """Present cards one by one; each must tap before the next comes."""
    for card_id in cards:
        clock.skipped_s += CARD_APART_S
        line.send(rdm6300(card_id))
        if not counts.wait(lambda card_id=card_id: counts.last == card_id):  # type: ignore[misc]
            return [f"tap {counts.taps + 1} did not come"]
    return []


def replug(line: PtyLine, counts: Counts) -> list[str]:
    """Unplug the reader, and plug in another one behind the same link."""
    line.unplug()
    if not counts.wait(lambda: counts.state not in {ReaderState.OK, ReaderState.OPENING}):
        return ["nobody noticed that the reader was pulled"]
    line.plug()
    plugged_s = time.monotonic()
    counts.wait(lambda: counts.state is ReaderState.OK)
    took_s = time.monotonic() - plugged_s
    return [f"back only after {took_s:.1f} s"] if took_s > BACK_WITHIN_S else []


def resource_usage() -> tuple[int, int, int]:
    """Return KiB of memory, threads and descriptors."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4, threading.active_count(), open_descriptors()


def growth(before: tuple[int, int, int], after: tuple[int, int, int]) -> list[str]:
    """Return a sentence for each resource that has grown."""
    rooms = zip(
        ("KiB of memory", "threads", "descriptors"),
        before,
        after,
        (GROWTH_KIB_MAX, 0, 0),
        strict=True,
    )
    return [
        f"{was} {room} became {now}" for room, was, now, more_max in rooms if now > was + more_max
    ]
