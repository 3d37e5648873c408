"""Wraps a device so that its frames and bytes can be observed."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from taptill.readers.device import Device
from taptill.readers.frames import AnyFrame


@runtime_checkable
class ByteSource(Protocol):
    """A device that passes on the bytes that it reads."""

    on_bytes: Callable[[bytes], object]


class ObservedDevice:
    """Passes all calls on; `on_frames` and `on_bytes` are called from the reader's thread."""

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
        """Read the device, and pass the frames to the observer."""
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
