"""The commands `taptill customers ...`, for the office."""

import click

from taptill.cli.customers.changing import COMMANDS as CHANGING
from taptill.cli.customers.finding import COMMANDS as FINDING
from taptill.cli.customers.paying import COMMANDS as PAYING
from taptill.cli.customers.removing import COMMANDS as REMOVING


@click.group()
def customers() -> None:
    """Look after the backend's customers: the token of [backend] office_token_file is used.

    Without one the till's own token is, whose rights seldom go so far. A config that has [backend]
    alone is enough; where the money is not in EUR, [till] currency names it, too.

    \b
    Examples:
      taptill customers find --name byron
      taptill customers add "Ada Byron" --card 62E3086CED
      taptill customers pay 7 20.00 --reason "cash at the desk"
      taptill customers list --owing
      taptill customers block 7
    """


for _command in (*FINDING, *CHANGING, *PAYING, *REMOVING):
    customers.add_command(_command)
