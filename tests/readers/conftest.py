"""Fixtures of readers and serial lines, which end with their test."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from tests.readers.lines import Inbox, PtyLine, RealClock, plugged_line

from taptill.domain.tap import ReaderMessage
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.frames import AnyFrame
from taptill.readers.opening import open_reader
from taptill.readers.supervisor import Supervisor
from taptill.readers.technician.observe import ObservedDevice

OnFrames = Callable[[list[AnyFrame]], object]


class OpenReader(Protocol):
    """Opens a reader; `on_frames` is given the frames of each read."""

    def __call__(
        self, settings: ReaderSettings, on_frames: OnFrames | None = None
    ) -> tuple[Supervisor, Inbox]: ...


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    """Return a line that is plugged in."""
    with plugged_line(tmp_path) as pty_line:
        yield pty_line


@pytest.fixture
def readers() -> Iterator[OpenReader]:
    """Return a function that opens a reader; each reader must stop within its bound."""
    supervisors: list[Supervisor] = []

    def start(
        settings: ReaderSettings, on_frames: OnFrames | None = None
    ) -> tuple[Supervisor, Inbox]:
        inbox = Inbox()
        deliver: Callable[[ReaderMessage], None] = inbox.deliver

        def observe(device: Device) -> Device:
            return ObservedDevice(device, on_frames) if on_frames else device

        supervisors.append(open_reader(settings, deliver, RealClock(), observe))
        return supervisors[-1], inbox

    yield start
    assert [reader.stop() for reader in supervisors] == [True] * len(supervisors)
