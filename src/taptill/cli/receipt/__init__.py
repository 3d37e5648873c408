"""The commands `taptill receipt`: try the printer of receipts."""

from pathlib import Path

import click

from taptill import config as configs
from taptill.cli.options import CONFIG
from taptill.cli.receipt.printing import print_once, printer_address
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
    address = printer_address(config, printer, ", or with --printer")
    from taptill.slips.calibration import calibration_slip  # noqa: PLC0415 - heavy imports are late
    from taptill.wiring.devices.printing import paper_of  # noqa: PLC0415

    print_once(config, address, calibration_slip(paper_of(config)))
    click.echo(f"{address}: the slip was sent.\n{ANSWERS}", nl=False)
    return 0
