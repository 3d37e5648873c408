"""What belongs to the site: its config, its database of customers, and what is left to be done."""

import difflib
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .parts import SERVICE, TILL, Part
from .target import ARCHIVE, RefusedError, Target, run, tell

SERVICE_ACCOUNT = "taptill-service"
LIST = "/var/lib/taptill-service/people.csv"
_DATABASE = re.compile(r"(?m)^DATABASE=(.*)$")


def keep_example(target: Target) -> None:
    """Keep the example config; where there is a config, say what the example has besides.

    A first config is written by `taptill setup`, which fills in the example.
    """
    example = (ARCHIVE / "config.example.toml").read_text()
    old = target.home / "config.example.toml"
    before = old.read_text() if old.is_file() else ""
    changes = difflib.unified_diff(before.splitlines(), example.splitlines(), lineterm="", n=0)
    lines = [line for line in changes if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    if before and lines and target.config.exists():
        print("the example config has changed since the last release:")
        print("\n".join(f"    {line}" for line in lines))
    old.write_text(example)


def look(target: Target, release: Path) -> None:
    """Let the new release look at its config; a mistake in it must not stop a till that runs."""
    checked = [str(release / "bin/taptill"), "config", "check", "--config", str(target.config)]
    if subprocess.run(checked, check=False).returncode != 0:
        raise RefusedError("the new release does not take the config: mend it and install again")


def settle_database(target: Target, currency: str) -> None:
    """Make the database of customers, unless it is there or the site has named one of its own."""
    settings = (target.root / "etc/default/taptill-service").read_text()
    named = _DATABASE.search(settings)
    default = "/var/lib/taptill-service/customers.db"
    database = target.service_state / "customers.db"
    if (named and named[1] != default) or database.exists():
        tell("the database of customers is there")
        return
    owner = f"{SERVICE_ACCOUNT}:{SERVICE_ACCOUNT}"
    target.service_state.mkdir(parents=True, exist_ok=True)
    target.service_state.chmod(0o700)
    run("chown", owner, str(target.service_state))
    program = str(target.current / "bin/taptill")
    init = ["service", "init", str(database), "--currency", currency]
    run("runuser", "-u", SERVICE_ACCOUNT, "--", program, *init)


def say_next(version: str, fresh: Sequence[Part]) -> None:
    """Say what to do next; `fresh` are the parts that were not there before."""
    print(f"taptill {version} is installed")
    if TILL in fresh:
        print("Next: sudo taptill setup")
        print("It asks for the Customers API, its token and the card reader, and starts the till.")
    if SERVICE in fresh:
        program = f"sudo -u {SERVICE_ACCOUNT} taptill service"
        database = "/var/lib/taptill-service/customers.db"
        print("The Customers service listens on http://127.0.0.1:8080; where else, and with which")
        print("certificate, /etc/default/taptill-service says.")
        print(f"  a token for a till:  {program} token add {database} --role till --name NAME")
        print(f"  people from a list:  sudo install -o {SERVICE_ACCOUNT} people.csv {LIST}")
        print(f"                       {program} import {database} {LIST} --dry-run")
