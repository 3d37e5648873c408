"""Describes a driver: how to make its device, and what is known before the device is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from taptill.readers.device import Device, ReaderSettings
from taptill.readers.drivers.device_nodes import device_identity
from taptill.readers.frames import RawKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """A row of the driver table; each function is given the settings of one reader.

    - `make_device` makes the device; it may import the device's package.
    - `output_kind` returns what the device delivers, None when that depends on a wrong setting.
    - `problems` returns a sentence for each mistake in the settings that only this driver knows.
    - `device_identity` returns a value that differs from one plugged-in device to the next, and a
      false one while none is plugged in. It never raises. A reader that failed is opened again as
      soon as a new identity appears.
    - `is_polled` is true where the device reports each time that no card is there.
    - `package` is what the device's module imports and an installation may lack; `extra` is the
      extra of this project that installs it.
    - `hints` says what to do where the usual words for a state do not fit, by the detail or by the
      state; "{detail}" is put in.
    """

    make_device: Callable[[ReaderSettings], Device]
    output_kind: Callable[[ReaderSettings], RawKind | None]
    problems: Callable[[ReaderSettings], list[str]]
    device_identity: Callable[[ReaderSettings], object] = lambda settings: device_identity(
        settings.port
    )
    is_polled: Callable[[ReaderSettings], bool] = lambda _: False
    package: str = ""
    extra: str = ""
    hints: Mapping[str, str] = field(default_factory=dict)
