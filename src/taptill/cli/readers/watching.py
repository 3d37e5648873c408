"""The commands `taptill readers monitor`, `record` and `replay`, which print what readers send."""

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
from taptill.readers.opening import open_reader
from taptill.readers.recording import HEADER, RecordedRead
from taptill.readers.registry import settings_problems
from taptill.readers.supervisor import Supervisor
from taptill.readers.technician.observe import ObservedDevice

LOOK_S = 0.2


@click.command()
@reader_options
@click.option("--raw", is_flag=True, help="Show the bytes too.")
@JSON
def monitor(selection: SelectedReaders, *, raw: bool, as_json: bool) -> None:
    """Show live what readers say: frames, card ids, faults and rates; ctrl+c ends it.

    \b
    Examples:
      taptill readers monitor
      taptill readers monitor --port /dev/ttyUSB0 --family rdm6300 --raw
      taptill readers monitor --driver pcsc --port ACR122U
    """
    printer = Printer(selection.hint, as_json=as_json, raw=raw)
    follow_readers(selection, printer.show)
    printer.finish()


@click.command()
@reader_options
@click.argument("file", type=click.Path(path_type=Path))
def record(selection: SelectedReaders, file: Path) -> None:
    """Write what one serial reader says to a new FILE, with its times; ctrl+c ends it.

    A recording holds card ids: treat it like any list of them.

    \b
    Examples:
      taptill readers record held-card.txt
      taptill readers record --port /dev/ttyUSB0 --family line scanner.txt
    """
    if selection.single.driver != "serial":
        raise UsageError(problem="only what a serial reader says can be recorded")
    printer = Printer(selection.hint, as_json=False, raw=True)
    try:
        with file.open("x", encoding="ascii") as target:
            target.write(f"{HEADER}{selection.single.family}\n")
            follow_readers(selection, partial(_write_and_print, target, printer))
    except OSError as fault:
        raise OutputError(path=file, detail=fault.strerror) from fault
    printer.finish()


def _write_and_print(target: TextIO, printer: Printer, event: ReaderEvent) -> None:
    if isinstance(event.content, BytesRead):
        target.write(f"{RecordedRead(event.at_s, event.content.octets)}\n")
        target.flush()
    printer.show(event)


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
        "replay", "replay", str(file), family, steps=steps, equal_frames=equal_frames
    )
    for problem in settings_problems(settings):
        raise UsageError(problem=problem)
    selection = SelectedReaders((settings,), None)
    printer = Printer(selection.hint, as_json=as_json, raw=False)
    follow_readers(selection, printer.show)
    printer.finish()


def follow_readers(selection: SelectedReaders, take_event: Callable[[ReaderEvent], object]) -> None:
    """Open readers and pass on their events.

    This ends when `take_event` returns a true value, when the time is over, on ctrl+c, or at the
    end of a replay.
    """
    queue: SimpleQueue[ReaderEvent] = SimpleQueue()
    began_s = time.monotonic()
    supervisors: list[Supervisor] = []

    def put_event(reader: str, content: object) -> None:
        queue.put(ReaderEvent(time.monotonic() - began_s, reader, content))

    def observe(reader: str, device: Device) -> Device:
        return ObservedDevice(
            device,
            lambda frames: put_event(reader, FramesRead(tuple(frames))),
            lambda octets: put_event(reader, BytesRead(octets)),
        )

    try:
        for settings in selection.readers:
            name = settings.name
            deliver = partial(put_event, name)
            supervisors.append(
                open_reader(settings, deliver, SystemClock(), partial(observe, name))
            )
        with suppress(KeyboardInterrupt):
            while selection.seconds is None or time.monotonic() - began_s < selection.seconds:
                at_end = all(map(_finished, supervisors))
                with suppress(Empty):
                    if take_event(queue.get(timeout=LOOK_S)):
                        return
                    continue
                if at_end:
                    return
    finally:
        for reader in supervisors:
            reader.stop()


def _finished(reader: Supervisor) -> bool:
    device = reader.device
    inner = device.device if isinstance(device, ObservedDevice) else device
    return isinstance(inner, ReplayReader) and inner.finished
