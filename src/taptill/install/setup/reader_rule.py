"""The udev line that lets the till open one reader, and names it `rfid-reader`.

The shipped rules act on `TAPTILL_READER`; a file that is read before them sets it for the reader
of this site. Source: udev(7), and the comments of `udev/70-taptill-readers.rules`.
"""

import re
import subprocess
from pathlib import Path

from taptill.domain.errors import OutputError
from taptill.durable_files import atomic_write
from taptill.readers.technician.detect import DetectedPort

SITE_RULES = Path("/etc/udev/rules.d/69-taptill-site.rules")
_SUBSYSTEMS = {"serial": 'SUBSYSTEM=="tty"', "keyboard": 'SUBSYSTEM=="input", KERNEL=="event*"'}
USB_NUMBERS = re.compile(r"([0-9a-f]{4}):([0-9a-f]{4})")


def reader_rule(port: DetectedPort) -> str:
    """Return the line for a reader on USB; empty where the shipped rules do without one."""
    numbers = USB_NUMBERS.fullmatch(port.usb)
    subsystem = _SUBSYSTEMS.get(port.driver)
    if numbers is None or subsystem is None:
        return ""
    usb = f'ATTRS{{idVendor}}=="{numbers[1]}", ATTRS{{idProduct}}=="{numbers[2]}"'
    return f'ACTION!="remove", {subsystem}, {usb}, ENV{{TAPTILL_READER}}="site"\n'


def write_rule(line: str, path: Path = SITE_RULES) -> None:
    """Write the line and let udev act on it. Errors: OutputError."""
    with atomic_write(path) as file:
        file.write(f"# Written by taptill setup: the card reader of this till.\n{line}")
    path.chmod(0o644)
    triggers = [["trigger", f"--subsystem-match={name}"] for name in ("tty", "input")]
    for words in (["control", "--reload"], *triggers):
        try:
            subprocess.run(["udevadm", *words], check=True, timeout=30)  # noqa: S603, S607
        except (OSError, subprocess.SubprocessError) as fault:
            detail = "udev did not take it over: start this machine anew"
            raise OutputError(path=path, detail=detail) from fault
