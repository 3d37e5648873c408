"""The settings that a driver is given, the device that it makes of them, and its beeper."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Protocol, runtime_checkable

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.frames import AnyFrame

READ_S_MAX = 0.5
NFC_SIZES = {"106A": (4, 7, 10), "212F": (8,)}
"""Technologies that the driver `nfc` polls for, and how many octets their numbers have: UIDs of
ISO/IEC 14443-3 for 106A, IDm of JIS X 6319-4 for 212F."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """The settings of one reader; None and an empty text mean the default.

    `steps` are the conversion steps of the config's `card_id`. `for_goods`: it reads barcodes.
    """

    name: str
    driver: str
    port: str = ""
    family: str = ""
    _: KW_ONLY
    steps: tuple[str, ...] = ()
    baud: int | None = None
    dtr: bool | None = None
    rts: bool | None = None
    hold_ms: int = 400
    same_card_delay_ms: int = 1500
    equal_frames: int = 1
    for_goods: bool = False
    options: Mapping[str, str | int | bool] = field(default_factory=dict)


class Device(Protocol):
    """A reader device, open or closed; one thread calls all methods except `interrupt`."""

    def open(self) -> None:
        """Open the device and wait until it has settled. Errors: ReaderError."""

    def read(self) -> list[AnyFrame]:
        """Return frames, within `READ_S_MAX`. Errors: ReaderError when the device is lost."""

    def interrupt(self) -> None:
        """Make a `read` that waits in another thread return at once; never raise."""

    def close(self) -> None:
        """Release every descriptor, whatever state the device is in; never raise."""


@dataclass(frozen=True, slots=True)
class Beeps:
    """So many tones of a length in tenths of a second, with a pause of one tenth between them."""

    count: int
    tenths: int

    @property
    def seconds(self) -> float:
        """Return how long all of them take, a pause after each."""
        return self.count * (self.tenths + 1) / 10


@runtime_checkable
class Beeper(Protocol):
    """A device that may have a beeper."""

    @property
    def has_beeper(self) -> bool:
        """Return whether the device that is open has one."""

    def beep(self, beeps: Beeps) -> None:
        """Let the device beep before its next poll; called in any thread, returns at once."""


def reader_error(reader: str, state: ReaderState, detail: str) -> ReaderError:
    """Return the error for a driver to raise; `detail` names the port, or the program using it."""
    return ReaderError(reader=reader, state=state, detail=detail)


def error_state(error: ReaderError) -> tuple[ReaderState, str]:
    """Return the state and the detail of a driver's error."""
    return ReaderState(str(error.fields["state"])), str(error.fields["detail"])
