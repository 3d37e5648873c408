"""Measures the microseconds from a serial line's last byte to the tap in the event loop."""

import asyncio
import os
import random
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from tests.benchmarks.figures import (
    Bench,
    Figure,
    at_most,
    median,
    milliseconds,
    percentile,
)
from tests.scenarios.program import SerialLine, rdm6300

from taptill.clock import SystemClock
from taptill.domain.tap import ReaderMessage, ReaderState, Tap
from taptill.readers.device import ReaderSettings
from taptill.readers.opening import open_reader

CARD = "62E3086CED"
HOLD_S = 0.05
APART_S = 0.06
WAIT_S = 5.0
BUSY_S, CALM_S = 0.003, 0.007
"""An event loop that works three of ten milliseconds: 30 %."""

Arrived = Callable[[], None]


def measure(bench: Bench) -> list[Figure]:
    """Measure the last byte's way into the loop, idle and busy."""
    idle = asyncio.run(_frames(bench, busy=False))
    busy = asyncio.run(_frames(bench, busy=True))
    return [
        _figure("last byte to tap, idle loop", *idle),
        _figure("last byte to tap, loop busy 30 %", *busy),
    ]


def _figure(name: str, samples: list[float], floor: list[float]) -> Figure:
    samples, floor = milliseconds(samples), milliseconds(floor)
    goals = (
        at_most("ms, p50", median(samples), 1),
        at_most("ms, p99", percentile(samples, 99), 10),
    )
    return Figure(name, "ms", samples=samples, floor=floor, goals=goals)


class _Ours:
    """A reader as the till has it, on a line of its own."""

    def __init__(self, link: Path, on_frame: Arrived) -> None:
        loop = asyncio.get_running_loop()
        self._line = SerialLine(link)
        self.opened = asyncio.Event()

        def deliver(message: ReaderMessage) -> None:
            if isinstance(message, Tap):
                loop.call_soon_threadsafe(on_frame)
            elif getattr(message, "state", None) is ReaderState.OK:
                loop.call_soon_threadsafe(self.opened.set)

        settings = ReaderSettings(
            "bench",
            "serial",
            str(link),
            "rdm6300",
            hold_ms=round(HOLD_S * 1000),
            same_card_delay_ms=0,
        )
        self._reader = open_reader(settings, deliver, SystemClock())

    def send(self, octets: bytes) -> None:
        """Write to the line."""
        self._line.send(octets)

    def close(self) -> None:
        """End the reader's thread."""
        self._reader.stop()
        self._line.unplug()


class _Bare:
    """A thread that reads a line and tells the loop; it looks at nothing."""

    def __init__(self, on_frame: Arrived) -> None:
        loop = asyncio.get_running_loop()
        self._near, self._far = os.openpty()
        tty.setraw(self._far)

        def listen() -> None:
            with suppress(OSError):
                received = b""
                while octets := os.read(self._far, 100):
                    received += octets
                    if received.endswith(b"\x03"):
                        received = b""
                        loop.call_soon_threadsafe(on_frame)

        Thread(target=listen, daemon=True).start()

    def send(self, octets: bytes) -> None:
        """Write to the line."""
        os.write(self._near, octets)

    def close(self) -> None:
        """Hang up, which ends the thread."""
        os.close(self._near)


async def _frames(bench: Bench, *, busy: bool) -> tuple[list[float], list[float]]:
    arrivals: asyncio.Queue[float] = asyncio.Queue()

    def arrived() -> None:
        arrivals.put_nowait(time.perf_counter())

    name = "reader, busy loop" if busy else "reader, idle loop"
    ours = _Ours(bench.folder / name.replace(" ", "-"), arrived)
    bare = _Bare(arrived)
    work = asyncio.create_task(_work()) if busy else None
    samples: list[float] = []
    floor: list[float] = []
    try:
        await asyncio.wait_for(ours.opened.wait(), WAIT_S)
        for _ in bench.rounds(name, 150):
            for line, seconds in ((ours, samples), (bare, floor)):
                seconds.append(await _took_s(line.send, arrivals))
    finally:
        if work:
            work.cancel()
        await asyncio.to_thread(ours.close)
        bare.close()
    return samples, floor


async def _took_s(send: Callable[[bytes], None], arrivals: asyncio.Queue[float]) -> float:
    """Send a frame; return the seconds from its last byte to the loop."""
    began_s = await asyncio.to_thread(_send, send)
    return await asyncio.wait_for(arrivals.get(), WAIT_S) - began_s


def _send(send: Callable[[bytes], None]) -> float:
    """Send at a time that has nothing to do with what the loop is at; return the last byte's."""
    frame = rdm6300(CARD)
    time.sleep(APART_S / 2)
    send(frame[:-1])
    time.sleep(random.uniform(APART_S / 4, APART_S / 2))
    began_s = time.perf_counter()
    send(frame[-1:])
    return began_s


async def _work() -> None:
    while True:
        end_s = time.perf_counter() + BUSY_S
        while time.perf_counter() < end_s:
            pass
        await asyncio.sleep(CALM_S)
