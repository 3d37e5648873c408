"""A device in, the same device out, with somebody who looks at what it reads."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from taptill.readers.device import Device
from taptill.readers.frames import AnyFrame


@runtime_checkable
class ByteSource(Protocol):
    """A device that reads bytes from a line, and tells them."""

    on_bytes: Callable[[bytes], object]


class ObservedDevice:
    """Passes everything on; `saw` and `heard` are called from the reader's thread."""

    def __init__(
        self,
        device: Device,
        on_frames: Callable[[list[AnyFrame]], object],
        on_bytes: Callable[[bytes], object] = len,
    ) -> None:
        self.device = device
        self._on_frames = on_frames
        if isinstance(device, ByteSource):
            device.on_bytes = on_bytes

    def open(self) -> None:
        """Open the device."""
        self.device.open()

    def read(self) -> list[AnyFrame]:
        """Read, and show what was read."""
        frames = self.device.read()
        if frames:
            self._on_frames(frames)
        return frames

    def interrupt(self) -> None:
        """Interrupt the device."""
        self.device.interrupt()

    def close(self) -> None:
        """Close the device."""
        self.device.close()
