"""What belongs to the site: its config, its database of customers, and what is left to be done."""

import difflib
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .parts import SERVICE, TILL, Part
from .releases import COMPILED, absent
from .target import ARCHIVE, PROGRAM, USAGE, RefusedError, Target, run, tell

SERVICE_ACCOUNT = "taptill-service"
DATABASE = "/var/lib/taptill-service/customers.db"
LIST = "/var/lib/taptill-service/people.csv"
_EXPOSURE = re.compile(r"exposure level for \S+: ([\d.]+ [A-Z]+)")
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


def try_currency(target: Target, release: Path, currency: str) -> None:
    """Refuse a currency that the service does not know, before anything else is done for it."""
    if has_database(target):
        return
    with tempfile.TemporaryDirectory(prefix="taptill-install-") as folder:
        trial = ["service", "init", f"{folder}/trial.db", "--currency", currency]
        made = subprocess.run(
            [str(release / "bin/taptill"), *trial], check=False, capture_output=True, text=True
        )
    if made.returncode:
        reason = made.stderr.strip().rpartition("\n")[2] or f"no database in {currency}"
        raise RefusedError(f"--currency: {reason}", USAGE)


def has_database(target: Target) -> bool:
    """Return whether there is a database of customers, or the site has named one of its own."""
    settings = target.root / "etc/default/taptill-service"
    named = _DATABASE.search(settings.read_text()) if settings.is_file() else None
    return (named is not None and named[1] != DATABASE) or (
        target.service_state / "customers.db"
    ).exists()


def settle_database(target: Target, currency: str) -> None:
    """Make the database of customers, unless it is there or the site has named one of its own."""
    database = target.service_state / "customers.db"
    if has_database(target):
        tell("the database of customers is there")
        return
    owner = f"{SERVICE_ACCOUNT}:{SERVICE_ACCOUNT}"
    target.service_state.mkdir(parents=True, exist_ok=True)
    target.service_state.chmod(0o700)
    run("chown", owner, str(target.service_state))
    program = str(target.current / "bin/taptill")
    init = ["service", "init", str(database), "--currency", currency]
    run("runuser", "-u", SERVICE_ACCOUNT, "--", program, *init)


def look_at_machine(parts: Sequence[Part]) -> None:
    """Say how well each unit is shut, and how the till's doctor finds this machine."""
    for part in parts:
        command = ["systemd-analyze", "security", "--no-pager", part.unit]
        told = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        if score := _EXPOSURE.search(told):
            print(
                f"    {part.unit}: exposure {score[1]} (0 best, 10 worst: systemd-analyze security)"
            )
    if TILL in parts:
        print("what taptill doctor finds:", flush=True)
        run(str(PROGRAM), "doctor", must_work=False)


def say_next(version: str, parts: Sequence[Part], fresh: Sequence[Part]) -> None:
    """Say what to do next; `fresh` are those of the parts that were not there before."""
    print(f"taptill {version} is installed")
    if TILL in parts and (missing := [COMPILED[name] for name in absent()]):
        print(
            "Readers that type, and those by PC/SC, need packages of Debian, then this once more:"
        )
        print(f"  sudo apt install {' '.join(missing)}")
    if TILL in fresh:
        print("Next: sudo taptill setup")
        print("It asks for the Customers API, its token and the card reader, writes")
        print("/etc/taptill/config.toml, and starts the till.")
    if SERVICE in fresh:
        program = f"sudo -u {SERVICE_ACCOUNT} taptill service"
        print("The Customers service listens on http://127.0.0.1:8080; where else, and with which")
        print("certificate, /etc/default/taptill-service says.")
        print(f"  a token for a till:  {program} token add {DATABASE} --role till --name NAME")
        print(f"  people from a list:  sudo install -o {SERVICE_ACCOUNT} people.csv {LIST}")
        print(f"                       {program} import {DATABASE} {LIST} --dry-run")
