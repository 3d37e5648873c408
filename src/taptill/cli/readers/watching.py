"""`taptill readers monitor`, `record` and `replay`: what readers say, line by line."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TextIO

import click

from taptill.cli.options import JSON
from taptill.cli.readers.printing import BytesRead, FramesRead, Printer, ReaderEvent
from taptill.cli.readers.reader_options import SelectedReaders, reader_options
from taptill.clock import SystemClock
from taptill.domain.errors import OutputError, UsageError
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.drivers.replay import ReplayReader
from taptill.readers.recording import HEADER, RecordedRead
from taptill.readers.registry import open_reader, settings_problems
from taptill.readers.supervisor import Supervisor
from taptill.readers.technician.observe import ObservedDevice

LOOK_S = 0.2


@click.command()
@reader_options
@click.option("--raw", is_flag=True, help="Show the bytes too.")
@JSON
def monitor(picked: SelectedReaders, *, raw: bool, as_json: bool) -> None:
    """Show live what readers say: frames, card ids, faults and rates; ctrl+c ends it.

    \b
    Examples:
      taptill readers monitor
      taptill readers monitor --port /dev/ttyUSB0 --family rdm6300 --raw
      taptill readers monitor --driver pcsc --port ACR122U
    """
    printer = Printer(picked.hint, as_json=as_json, raw=raw)
    follow_readers(picked, printer.show)
    printer.finish()


@click.command()
@reader_options
@click.argument("file", type=click.Path(path_type=Path))
def record(picked: SelectedReaders, file: Path) -> None:
    """Write what one serial reader says to a new FILE, with its times; ctrl+c ends it.

    A recording holds card ids: treat it like any list of them.

    \b
    Examples:
      taptill readers record held-card.txt
      taptill readers record --port /dev/ttyUSB0 --family line scanner.txt
    """
    if picked.single.driver != "serial":
        raise UsageError(problem="only what a serial reader says can be recorded")
    printer = Printer(picked.hint, as_json=False, raw=True)
    try:
        with file.open("x", encoding="ascii") as target:
            target.write(f"{HEADER}{picked.single.family}\n")
            follow_readers(picked, partial(_note, target, printer))
    except OSError as fault:
        raise OutputError(path=file, detail=fault.strerror) from fault
    printer.finish()


def _note(target: TextIO, printer: Printer, said: ReaderEvent) -> None:
    if isinstance(said.content, BytesRead):
        target.write(f"{RecordedRead(said.at_s, said.content.octets)}\n")
        target.flush()
    printer.show(said)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--family", default="", help="Instead of the one that the file names.")
@click.option("--card-id", "steps", multiple=True, help="A step of card_id; may be repeated.")
@click.option("--equal-frames", type=int, default=1, help="So many equal frames make a tap.")
@JSON
def replay(
    file: Path, family: str, steps: tuple[str, ...], equal_frames: int, *, as_json: bool
) -> None:
    """Play a recording with its timing, and show what the till would make of it.

    \b
    Examples:
      taptill readers replay held-card.txt --card-id 8H10D
      taptill readers replay idle-reader.txt --equal-frames 2
    """
    settings = ReaderSettings(
        "replay", "replay", str(file), family, steps, equal_frames=equal_frames
    )
    for problem in settings_problems(settings):
        raise UsageError(problem=problem)
    picked = SelectedReaders((settings,), None)
    printer = Printer(picked.hint, as_json=as_json, raw=False)
    follow_readers(picked, printer.show)
    printer.finish()


def follow_readers(picked: SelectedReaders, take: Callable[[ReaderEvent], object]) -> None:
    """Open readers and pass on what they say, until a true answer, the time, ctrl+c or the end."""
    queue: SimpleQueue[ReaderEvent] = SimpleQueue()
    began_s = time.monotonic()
    opened: list[Supervisor] = []

    def say(reader: str, what: object) -> None:
        queue.put(ReaderEvent(time.monotonic() - began_s, reader, what))

    def watched(reader: str, device: Device) -> Device:
        return ObservedDevice(
            device,
            lambda frames: say(reader, FramesRead(tuple(frames))),
            lambda octets: say(reader, BytesRead(octets)),
        )

    try:
        for one in picked.readers:
            name = one.name
            deliver = partial(say, name)
            opened.append(open_reader(one, deliver, SystemClock(), partial(watched, name)))
        with suppress(KeyboardInterrupt):
            while picked.seconds is None or time.monotonic() - began_s < picked.seconds:
                finished = all(map(_finished, opened))
                with suppress(Empty):
                    if take(queue.get(timeout=LOOK_S)):
                        return
                    continue
                if finished:
                    return
    finally:
        for reader in opened:
            reader.stop()


def _finished(reader: Supervisor) -> bool:
    device = reader.device
    inner = device.device if isinstance(device, ObservedDevice) else device
    return isinstance(inner, ReplayReader) and inner.finished
