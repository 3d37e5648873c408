"""Measures the part of a core that idle readers use."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import click
from tests.benchmarks.figures import Bench, Figure, at_most, median
from tests.fakes.devices.keyboard import FakeInputDevice
from tests.fakes.devices.pn532 import Pn532
from tests.fakes.devices.polled import EmulatedPolledReader
from tests.fakes.devices.vpcd import Pcscd, pcscd_lock, skip_reason
from tests.readers.lines import Inbox, PtyLine, RealClock

from taptill.domain.tap import ReaderState
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.opening import open_reader

SECONDS = 3.0
READERS = 4
STREAMS_MAX, POLLED_MAX = 1.0, 3.0
POLLED = ("twn4-simple", "gwiot-7941w", "gnetplus-binary", "acs-serial-ccid")


def measure(bench: Bench) -> list[Figure]:
    """Measure four readers that talk, four that are asked, and one of each other kind."""
    with ExitStack() as lines:
        streams = [lines.enter_context(_stream(bench.folder, n)) for n in range(READERS)]
        talking = _figure(bench, f"{READERS} idle readers that talk", streams, STREAMS_MAX)
    with ExitStack() as lines:
        polled_lines = [lines.enter_context(_polled(family)) for family in POLLED]
        figure = _figure(
            bench, f"{len(POLLED)} idle readers that are asked", polled_lines, POLLED_MAX
        )
    box = Pn532()
    chip = [ReaderSettings("pn532", "nfc", str(box.path))]
    looking = _figure(bench, "an idle PN532, looked at for two kinds of cards", chip, POLLED_MAX)
    box.unplug()
    return [talking, figure, looking, *_typing(bench), *_served(bench)]


def _typing(bench: Bench) -> Iterator[Figure]:
    if not find_spec("evdev"):
        click.echo("no reader that types: make readers", err=True)
        return
    from taptill.readers.drivers.keyboard import KeyboardReader  # noqa: PLC0415 - may be missing

    wedge = FakeInputDevice(bench.folder / "event-kbd")
    wedge.plug()
    settings = ReaderSettings("keyboard", "keyboard", str(wedge.link))
    device = KeyboardReader(settings, wedge.open_node)
    yield _figure(bench, "an idle reader that types", [settings], STREAMS_MAX, lambda _: device)
    wedge.unplug()
    wedge.close()


def _served(bench: Bench) -> Iterator[Figure]:
    with pcscd_lock():
        if reason := skip_reason() if find_spec("smartcard") else "make readers":
            click.echo(f"no reader of pcscd's: {reason}", err=True)
            return
        service = Pcscd(bench.folder)
        service.start()
        settings = ReaderSettings("pcsc", "pcsc", next(iter(service.readers)))
        yield _figure(bench, "an idle reader of pcscd's", [settings], STREAMS_MAX)
        service.stop()


def _figure(
    bench: Bench,
    name: str,
    settings: list[ReaderSettings],
    percent_max: float,
    wrap: Callable[[Device], Device] = lambda device: device,
) -> Figure:
    inbox = Inbox()
    readers = [open_reader(setting, inbox.deliver, RealClock(), wrap) for setting in settings]

    def ready() -> bool:
        works = {health.reader for health in inbox.health if health.state is ReaderState.OK}
        return len(works) == len(settings)

    inbox.wait(ready)
    threads = [reader._thread.native_id for reader in readers]
    used = [
        _percent(lambda: sum(_cpu_s(thread) for thread in threads if thread))
        for _ in bench.rounds(name, 4)
    ]
    for reader in readers:
        reader.stop()
    goal = at_most("% of a core together, p50", median(used), percent_max)
    return Figure(name, "% core", samples=used, floor=(), goals=(goal,))


def _percent(used_s: Callable[[], float]) -> float:
    """Return the part of a core that was used; what the emulators use does not count."""
    before_s, began_s = used_s(), time.perf_counter()
    time.sleep(SECONDS)
    return 100 * (used_s() - before_s) / (time.perf_counter() - began_s)


def _cpu_s(thread: int) -> float:
    """Read a thread's time on the processors, in nanoseconds since Linux 2.6."""
    return int(Path(f"/proc/self/task/{thread}/schedstat").read_text("ascii").split()[0]) / 1e9


@contextmanager
def _stream(folder: Path, number: int) -> Iterator[ReaderSettings]:
    line = PtyLine(folder / f"idle-{number}")
    line.plug()
    yield ReaderSettings(f"stream {number}", "serial", str(line.link), "rdm6300")
    line.unplug()


@contextmanager
def _polled(family: str) -> Iterator[ReaderSettings]:
    box = EmulatedPolledReader(family)
    yield ReaderSettings(family, "serial", str(box.path), family)
    box.unplug()
