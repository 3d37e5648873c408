"""Bytes of a slip to the receipt printer, once, for commands that wait for the outcome."""

from functools import partial

from taptill.config import Config
from taptill.domain.errors import PrintingError, UsageError
from taptill.domain.slips.printer import PrinterState
from taptill.ui import texts


def printer_address(config: Config, named: str = "", how: str = "") -> str:
    """Return the printer that was named, or the config's; `how` else one can be named.

    Errors: UsageError.
    """
    address = named or config.receipt.printer
    if not address:
        raise UsageError(problem=f"no printer: name one in [receipt] printer of the config{how}")
    return address


def print_once(config: Config, address: str, printed: bytes) -> None:
    """Print a slip. Errors: PrintingError, with how the printer is."""
    from taptill.slips.attempt import print_bytes  # noqa: PLC0415 - heavy imports are late
    from taptill.slips.printers.opening import open_printer  # noqa: PLC0415

    state = print_bytes(partial(open_printer, address, config.receipt.baud), printed)
    if state is not PrinterState.OK:
        words = texts.load("en").say(f"printer.{state}")
        raise PrintingError(printer=address, state=words)
