"""A reader's settings in, a device out: what a driver is given and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.frames import AnyFrame

READ_S_MAX = 0.5
NFC_SIZES = {"106A": (4, 7, 10), "212F": (8,)}
"""What the driver `nfc` looks for, and the octets of its numbers: UIDs of ISO/IEC 14443-3, IDm of
JIS X 6319-4."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """One reader of the config; times in milliseconds, `None` and empty mean the default."""

    name: str
    driver: str
    port: str = ""
    family: str = ""
    steps: tuple[str, ...] = ()
    baud: int | None = None
    dtr: bool | None = None
    rts: bool | None = None
    hold_ms: int = 400
    same_card_delay_ms: int = 1500
    equal_frames: int = 1
    options: Mapping[str, str | int | bool] = field(default_factory=dict)


class Device(Protocol):
    """What a driver gives the supervisor: one thread calls all of it except `interrupt`."""

    def open(self) -> None:
        """Open the device and let it settle; ReaderError (see `trouble`) when it cannot."""

    def read(self) -> list[AnyFrame]:
        """Wait for frames, `READ_S_MAX` at most; ReaderError when the device is lost."""

    def interrupt(self) -> None:
        """Make a `read` that waits in the other thread return at once; never raises."""

    def close(self) -> None:
        """Give back every descriptor, whatever state the device is in; never raises."""


def reader_error(reader: str, state: ReaderState, detail: str) -> ReaderError:
    """Make the one error that a driver raises; `detail` is the place or holder to name."""
    return ReaderError(reader=reader, state=state, detail=detail)


def error_state(error: ReaderError) -> tuple[ReaderState, str]:
    """Take the state and the detail out of a driver's error."""
    return ReaderState(str(error.fields["state"])), str(error.fields["detail"])
