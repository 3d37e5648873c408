"""`taptill journal ...`: read, verify, export and move the journal."""

import click

from taptill.cli.journal.export import export
from taptill.cli.journal.lifecycle import COMMANDS as LIFECYCLE
from taptill.cli.journal.reading import COMMANDS as READING


@click.group()
def journal() -> None:
    """Read, verify, export and move the journal; what only reads may run beside the till."""


for _command in (*READING, export, *LIFECYCLE):
    journal.add_command(_command)
