"""The commands `taptill receipt`: try the printer of receipts."""

from functools import partial
from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG
from taptill.config import Config
from taptill.domain.errors import PrintingError, UsageError
from taptill.domain.slips.printer import PrinterState
from taptill.ui import texts
from taptill.wiring.readers import check_reader

ANSWERS = """
Look at the slip, then write into [receipt] of the config what it says:

  columns = 32           # the longest ruler that stands on one line: 32, 42 or 48
  code_page = "858"      # the line that shows euro, umlauts and accents; "ascii" where none does
  code_page_number = 19  # only where the printer's manual gives that page another number than n
  cut = true             # false where the paper was not cut
"""


@click.group()
def receipt() -> None:
    """Try the printer of receipts."""


@receipt.command("test")
@CONFIG
@click.option("--printer", default="", help="Instead of the config's: a path, or host:port.")
def test(option: Path | None, printer: str) -> int:
    """Print a slip with rulers, the euro and umlauts, and say which config lines follow.

    \b
    Examples:
      taptill receipt test
      taptill receipt test --printer /dev/usb/lp0
      taptill receipt test --printer 192.168.1.50:9100
    """
    config = configs.load(configs.find_config(option), check_reader)
    address = printer or config.receipt.printer
    if not address:
        raise UsageError(problem="no printer: name one with --printer, or in [receipt] printer")
    _print(config, address)
    click.echo(f"{address}: the slip was sent.\n{ANSWERS}", nl=False)
    return 0


def _print(config: Config, address: str) -> None:
    """Print the slip. Errors: PrintingError."""
    from taptill.slips.attempt import print_bytes  # noqa: PLC0415 - heavy imports are late
    from taptill.slips.calibration import calibration_slip  # noqa: PLC0415
    from taptill.slips.printers.opening import open_printer  # noqa: PLC0415
    from taptill.wiring.devices.printing import paper_of  # noqa: PLC0415

    opens = partial(open_printer, address, config.receipt.baud)
    state = print_bytes(opens, calibration_slip(paper_of(config)))
    if state is not PrinterState.OK:
        words = texts.load("en").say(f"printer.{state}")
        raise PrintingError(printer=address, state=words)
