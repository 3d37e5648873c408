"""Readers and lines that end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from tests.readers.lines import Inbox, PtyLine, RealClock

from taptill.domain.tap import ReaderMessage
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.frames import AnyFrame
from taptill.readers.registry import open_reader
from taptill.readers.supervisor import Supervisor
from taptill.readers.technician.observe import ObservedDevice

OnFrames = Callable[[list[AnyFrame]], object]


class OpenReader(Protocol):
    """Opens a reader; `saw` is shown what each of its reads gives."""

    def __call__(
        self, settings: ReaderSettings, on_frames: OnFrames | None = None
    ) -> tuple[Supervisor, Inbox]: ...


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    """A line that is plugged in."""
    pty = PtyLine(tmp_path / "rfid-reader")
    pty.plug()
    yield pty
    pty.unplug()


@pytest.fixture
def readers() -> Iterator[OpenReader]:
    """Open readers by their settings; each must stop within its bound."""
    opened: list[Supervisor] = []

    def start(
        settings: ReaderSettings, on_frames: OnFrames | None = None
    ) -> tuple[Supervisor, Inbox]:
        inbox = Inbox()
        deliver: Callable[[ReaderMessage], None] = inbox.deliver

        def watched(device: Device) -> Device:
            return ObservedDevice(device, on_frames) if on_frames else device

        opened.append(open_reader(settings, deliver, RealClock(), watched))
        return opened[-1], inbox

    yield start
    assert [reader.stop() for reader in opened] == [True] * len(opened)
