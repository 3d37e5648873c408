"""Finds the device node and the holder of a USB device that is named as nfcpy names it."""

import re
from contextlib import suppress
from pathlib import Path

from taptill.readers.drivers.device_nodes import holder_of

DEVICES = Path("/sys/bus/usb/devices")
NODE = "/dev/bus/usb/{:03d}/{:03d}"
OF_A_PROGRAM = "usbfs"
"""The kernel's name for an interface that a program has claimed."""

_BY_KIND = re.compile(r"usb:([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
_BY_PLACE = re.compile(r"usb:(\d{1,3}):(\d{1,3})")


def is_complete_name(port: str) -> bool:
    """Return whether a name is complete: only then nfcpy reports why it cannot open the device."""
    return bool(_BY_KIND.fullmatch(port) or _BY_PLACE.fullmatch(port))


def device_node(port: str, devices: Path = DEVICES) -> str:
    """Return the device node, empty if there is no such device."""
    device = _device(port, devices)
    return NODE.format(*_place(device)) if device else ""


def interface_holder(port: str, devices: Path = DEVICES) -> str:
    """Return the kernel module or program that holds the device; empty if it cannot be seen."""
    device = _device(port, devices)
    if not device:
        return ""
    for driver in sorted(devices.glob(f"{device.name}:*/driver")):
        name = driver.resolve().name
        if name != OF_A_PROGRAM:
            return f"kernel module {name}"
    return holder_of(NODE.format(*_place(device)))


def _device(port: str, devices: Path) -> Path | None:
    kind, place = _BY_KIND.fullmatch(port), _BY_PLACE.fullmatch(port)
    for device in sorted(devices.glob("*")):
        with suppress(
            OSError, ValueError
        ):  # an interface has no such files, and a device may be unplugged meanwhile
            if kind and _kind(device) == (kind[1].lower(), kind[2].lower()):
                return device
            if place and _place(device) == (int(place[1]), int(place[2])):
                return device
    return None


def _kind(device: Path) -> tuple[str, str]:
    return _read(device / "idVendor"), _read(device / "idProduct")


def _place(device: Path) -> tuple[int, int]:
    return int(_read(device / "busnum")), int(_read(device / "devnum"))


def _read(file: Path) -> str:
    return file.read_text("ascii").strip().lower()
