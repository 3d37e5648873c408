"""The commands `taptill conflicts ...`: the conflict desk."""

import click

from taptill.cli.conflicts.deciding import COMMANDS as DECIDING
from taptill.cli.conflicts.listing import COMMANDS as LISTING


@click.group()
def conflicts() -> None:
    """Decide about money that settlement cannot place by itself: the conflict desk.

    \b
    Examples:
      taptill conflicts list
      taptill conflicts show 7
      taptill conflicts retry 7 --staff Jo --reason "the office restored the row"
      taptill conflicts write-off 7 --staff Jo --reason "has left" --yes
    """


for _command in (*LISTING, *DECIDING):
    conflicts.add_command(_command)
