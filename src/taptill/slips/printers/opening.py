"""The `printer` of the config in, an open printer out."""

from pathlib import Path

from taptill.slips.printers.connection import WRITE_S, PrinterConnection
from taptill.slips.printers.devices import FilePrinter, SerialPrinter, UsbPrinter, is_device
from taptill.slips.printers.network import NetworkPrinter

BAUD = 9600
_LINES = ("ttyS", "ttyUSB", "ttyACM", "ttyAMA", "pts")
_DEVICES = Path("/dev")


def open_printer(address: str, baud: int = BAUD, write_s: float = WRITE_S) -> PrinterConnection:
    """Open what an address names; a file that is not there is made, a device is not.

    Errors: PrinterError, OSError.
    """
    if not address.startswith("/"):
        host, _, port = address.rpartition(":")
        return NetworkPrinter(host.strip("[]"), int(port), write_s)
    path = Path(address)
    if path.is_relative_to(_DEVICES) or (path.exists() and is_device(path)):
        return _device(path.resolve(strict=True), baud, write_s)
    return FilePrinter(path, write_s)


def _device(path: Path, baud: int, write_s: float) -> PrinterConnection:
    """Open a device; a link of udev's has been followed."""
    if path.name.startswith(_LINES) or path.parent.name in _LINES:
        return SerialPrinter(path, baud, write_s)
    return UsbPrinter(path, write_s)
