"""What readers say in, lines for a person or a script out."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import click

from taptill.domain.tap import CardProblem, ReaderHealth, Tap
from taptill.readers.frames import AnyFrame, BadFrame, Frame


@dataclass(frozen=True, slots=True)
class BytesRead:
    """A read from a line."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class FramesRead:
    """Frames that a read gave."""

    frames: tuple[AnyFrame, ...]


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """One thing that a reader said, in seconds since the command began."""

    at_s: float
    reader: str
    content: object


class Printer:
    """Prints a line for each thing, and keeps the counts for the last line."""

    def __init__(self, words: Callable[[ReaderHealth], str], *, as_json: bool, raw: bool) -> None:
        self._words = words
        self._as_json = as_json
        self._raw = raw
        self._counts: Counter[str] = Counter()
        self._state = dict[str, str]()
        self._rate_s = 0.0
        self._rate_frames = 0
        self._began_s = time.monotonic()

    def show(self, said: ReaderEvent) -> None:
        """Print what is worth a line."""
        match said.content:
            case BytesRead(octets) if self._raw:
                self._line(said, "bytes", hex=octets.hex(" ").upper())
            case FramesRead(frames):
                for frame in frames:
                    self._frame(said, frame)
            case Tap(card_id):
                self._counts["taps"] += 1
                self._line(said, "tap", card_id=card_id)
            case CardProblem(trouble):
                self._counts["refused"] += 1
                self._line(said, "refused", trouble=trouble.value)
            case ReaderHealth() as health if self._state.get(said.reader) != health.state:
                self._state[said.reader] = health.state
                self._line(said, "reader", state=health.state.value, words=self._words(health))
            case _:
                pass
        self._rate(said.at_s)

    def finish(self) -> None:
        """Print the counts."""
        counts = dict(sorted(self._counts.items()))
        took_s = time.monotonic() - self._began_s
        if self._as_json:
            click.echo(json.dumps({"what": "end", "seconds": round(took_s, 3)} | counts))
            return
        words = ", ".join(_counted(*one) for one in counts.items()) or "nothing"
        click.echo(f"{took_s:.1f} s: {words}")

    def _frame(self, said: ReaderEvent, frame: AnyFrame) -> None:
        if isinstance(frame, Frame):
            self._counts["frames"] += 1
            self._line(said, "frame", raw=frame.raw)
        elif isinstance(frame, BadFrame):
            self._counts[f"bad ({frame.fault.value})"] += 1
            self._line(said, "bad frame", fault=frame.fault.value)

    def _line(self, said: ReaderEvent, what: str, **fields: str) -> None:
        if self._as_json:
            row = {"at_s": round(said.at_s, 3), "reader": said.reader, "what": what} | fields
            click.echo(json.dumps(row))
        else:
            click.echo(f"{said.at_s:9.3f}  {said.reader}  {what:9}  {' '.join(fields.values())}")
        sys.stdout.flush()

    def _rate(self, now_s: float) -> None:
        """Say on a terminal, each second, how many frames came in it."""
        if self._as_json or not sys.stderr.isatty() or now_s - self._rate_s < 1:
            return
        came = self._counts["frames"] - self._rate_frames
        bad = sum(count for what, count in self._counts.items() if what.startswith("bad"))
        rate = came / (now_s - self._rate_s)
        click.echo(f"           {rate:.1f} frames a second, {bad} bad so far", err=True)
        self._rate_s, self._rate_frames = now_s, self._counts["frames"]


def _counted(what: str, count: int) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"
