"""The program `taptill`, which imports a command's module only when the command is named."""

import logging
import sys
from typing import NoReturn

import click

from taptill import __version__
from taptill.cli.late_import import late_import
from taptill.cli.technical.columns import in_columns
from taptill.domain.errors import TaptillError

COMMANDS = {
    "run": ("taptill.cli.run", "run", "Run the till on this terminal."),
    "demo": ("taptill.cli.demo", "demo", "Try it: a till and a service with sample customers."),
    "practice": ("taptill.cli.samples.practice", "practice", "Practise: nothing is charged."),
    "setup": ("taptill.cli.setup", "setup", "Set this till up: ask, listen, write the config."),
    "config": ("taptill.cli.config", "config", "Check the config file."),
    "status": ("taptill.cli.status", "status", "Say how the till is that runs here."),
    "doctor": ("taptill.cli.doctor", "doctor", "Look at what this till depends on."),
    "support": ("taptill.cli.support", "support", "Write a bundle for whoever is asked for help."),
    "readers": ("taptill.cli.readers", "readers", "Find, watch and set up card readers."),
    "receipt": ("taptill.cli.receipt", "receipt", "Try the printer of receipts."),
    "sound": ("taptill.cli.sound", "sound", "Try the sounds of the till."),
    "staff": ("taptill.cli.staff", "staff", "Make the hash of a PIN for the config."),
    "journal": ("taptill.cli.journal", "journal", "Verify and read the journal."),
    "report": (
        "taptill.cli.report",
        "report",
        "Say what was sold: by shift, day, good, staff, customer, hour.",
    ),
    "customers": (
        "taptill.cli.customers",
        "customers",
        "Find, make, change, pay and remove customers.",
    ),
    "conflicts": (
        "taptill.cli.conflicts",
        "conflicts",
        "Decide what the conflict desk holds.",
    ),
    "export": ("taptill.cli.export", "export", "Hand charges to the office in files."),
    "settle": ("taptill.cli.settle", "settle", "Send what is open; lift a halt."),
    "service": ("taptill.cli.service", "service", "Run the embedded Customers service."),
}

USAGE = 64
SOFTWARE = 70


class LateGroup(click.Group):
    """A group that imports a command's module only when that command is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a till needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command after importing its module, or None for an unknown name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name, _ = COMMANDS[cmd_name]
        command = getattr(late_import(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, _, words) in COMMANDS.items()])


@click.command(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="taptill")
def taptill() -> None:
    """Run an RFID till: a tap in, a settled charge out.

    \b
    Examples:
      taptill demo
      taptill config check --config /etc/taptill/config.toml
      taptill run
    """


def main() -> NoReturn:
    """Run a command; expected trouble is one line on standard error and a sysexits status."""
    _discard_log_records()
    try:
        status = taptill.main(standalone_mode=False)
    except TaptillError as fault:
        _say(fault.code, str(fault))
        sys.exit(fault.exit_status)
    except click.UsageError as fault:
        fault.show()
        sys.exit(USAGE)
    except click.ClickException as fault:
        fault.show()
        sys.exit(fault.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception as fault:  # cli top: say it in a line, the details go where there is a log
        logging.getLogger("taptill").exception("program.fault")
        where = (
            "details are in the log"
            if logging.getLogger().handlers
            else "please report how it came about"
        )
        _say("fault", f"unexpected fault ({type(fault).__name__}); {where}")
        sys.exit(SOFTWARE)
    sys.exit(status if isinstance(status, int) else 0)


def _discard_log_records() -> None:
    """Discard records until a command configures logging; never write them to a stream."""
    logging.getLogger("taptill").addHandler(logging.NullHandler())
    logging.lastResort = None
    logging.raiseExceptions = False


def _say(code: str, words: str) -> None:
    for line in words.splitlines() or [""]:
        click.echo(in_columns(f"taptill: {line} [{code}]", sys.stderr), err=True)
