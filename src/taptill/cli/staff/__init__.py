"""The commands `taptill staff`."""

import sys

import click

from taptill.cli.output import sanitised
from taptill.domain.errors import UsageError
from taptill.domain.staff.pins import hash_pin, is_pin

LINE_MAX = 100


@click.group()
def staff() -> None:
    """Set up who works at the till: PINs for [[staff]] of the config.

    \b
    Examples:
      taptill staff hash-pin
      taptill staff hash-pin < pin.txt
    """


@staff.command("hash-pin")
def hash_pin_command() -> None:
    """Print the line of the config for a PIN, which is asked for twice and not shown.

    The config holds this hash and never the PIN. Whoever reads the hash can try all PINs of four
    digits within minutes, so that the config must be readable by the till alone; six digits or
    more, or a card, are better.

    \b
    Examples:
      taptill staff hash-pin
      taptill staff hash-pin < pin.txt
    """
    pin = _asked() if sys.stdin.isatty() else sys.stdin.readline(LINE_MAX).rstrip("\r\n")
    if not is_pin(pin):
        raise UsageError(problem="a PIN has 4 to 12 digits and nothing else")
    click.echo(f'pin_hash = "{sanitised(hash_pin(pin))}"')
    if sys.stdin.isatty():
        click.echo("put this line into the person's [[staff]] table of the config", err=True)


def _asked() -> str:
    pin: str = click.prompt("PIN (4 to 12 digits)", hide_input=True, err=True)
    if is_pin(pin) and click.prompt("once more", hide_input=True, err=True) != pin:
        raise UsageError(problem="the two PINs differ: nothing was made")
    return pin
