"""A device in, the same device out, with somebody who looks at what it reads."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from taptill.readers.device import Device
from taptill.readers.frames import AnyFrame


@runtime_checkable
class HearsBytes(Protocol):
    """A device that reads bytes from a line, and tells them."""

    heard: Callable[[bytes], object]


class Watched:
    """Passes everything on; `saw` and `heard` are called from the reader's thread."""

    def __init__(
        self,
        device: Device,
        saw: Callable[[list[AnyFrame]], object],
        heard: Callable[[bytes], object] = len,
    ) -> None:
        self.device = device
        self._saw = saw
        if isinstance(device, HearsBytes):
            device.heard = heard

    def open(self) -> None:
        """Open the device."""
        self.device.open()

    def read(self) -> list[AnyFrame]:
        """Read, and show what was read."""
        frames = self.device.read()
        if frames:
            self._saw(frames)
        return frames

    def interrupt(self) -> None:
        """Interrupt the device."""
        self.device.interrupt()

    def close(self) -> None:
        """Close the device."""
        self.device.close()
