"""Prints what readers report, as lines for a person or for a script."""

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
    """The bytes of one read."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class FramesRead:
    """The frames of one read."""

    frames: tuple[AnyFrame, ...]


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """One thing that a reader reported, at a time in seconds since the command began."""

    at_s: float
    reader: str
    content: object


class Printer:
    """Prints a line for each event, and keeps the counts for the last line."""

    def __init__(
        self, health_words: Callable[[ReaderHealth], str], *, as_json: bool, raw: bool
    ) -> None:
        self._health_words = health_words
        self._as_json = as_json
        self._raw = raw
        self._counts: Counter[str] = Counter()
        self._state = dict[str, str]()
        self._rate_s = 0.0
        self._rate_frames = 0
        self._began_s = time.monotonic()

    def show(self, event: ReaderEvent) -> None:
        """Print the lines of an event, if it has any."""
        match event.content:
            case BytesRead(octets) if self._raw:
                self._print_line(event, "bytes", hex=octets.hex(" ").upper())
            case FramesRead(frames):
                for frame in frames:
                    self._print_frame(event, frame)
            case Tap(card_id):
                self._counts["taps"] += 1
                self._print_line(event, "tap", card_id=card_id)
            case CardProblem(trouble):
                self._counts["refused"] += 1
                self._print_line(event, "refused", trouble=trouble.value)
            case ReaderHealth() as health if self._state.get(event.reader) != health.state:
                self._state[event.reader] = health.state
                self._print_line(
                    event, "reader", state=health.state.value, words=self._health_words(health)
                )
            case _:
                pass
        self._print_rate(event.at_s)

    def finish(self) -> None:
        """Print the counts."""
        counts = dict(sorted(self._counts.items()))
        took_s = time.monotonic() - self._began_s
        if self._as_json:
            click.echo(json.dumps({"what": "end", "seconds": round(took_s, 3)} | counts))
            return
        words = ", ".join(_with_count(*item) for item in counts.items()) or "nothing"
        click.echo(f"{took_s:.1f} s: {words}")

    def _print_frame(self, event: ReaderEvent, frame: AnyFrame) -> None:
        if isinstance(frame, Frame):
            self._counts["frames"] += 1
            self._print_line(event, "frame", raw=frame.raw)
        elif isinstance(frame, BadFrame):
            self._counts[f"bad ({frame.fault.value})"] += 1
            self._print_line(event, "bad frame", fault=frame.fault.value)

    def _print_line(self, event: ReaderEvent, label: str, **fields: str) -> None:
        if self._as_json:
            row = {"at_s": round(event.at_s, 3), "reader": event.reader, "what": label} | fields
            click.echo(json.dumps(row))
        else:
            click.echo(f"{event.at_s:9.3f}  {event.reader}  {label:9}  {' '.join(fields.values())}")
        sys.stdout.flush()

    def _print_rate(self, now_s: float) -> None:
        """Print on a terminal, once a second, how many frames came in it."""
        if self._as_json or not sys.stderr.isatty() or now_s - self._rate_s < 1:
            return
        new_frames = self._counts["frames"] - self._rate_frames
        bad_frames = sum(count for label, count in self._counts.items() if label.startswith("bad"))
        rate = new_frames / (now_s - self._rate_s)
        click.echo(f"           {rate:.1f} frames a second, {bad_frames} bad so far", err=True)
        self._rate_s, self._rate_frames = now_s, self._counts["frames"]


def _with_count(noun: str, count: int) -> str:
    return f"{count} {noun.removesuffix('s') if count == 1 else noun}"
