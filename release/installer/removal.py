"""Takes taptill from a machine; money that the backend does not have yet keeps it there."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from .parts import SERVICE, SYSTEM, TILL, Part, installed, remove_files
from .target import NOT_NOW, PROGRAM, RefusedError, Target, run


def uninstall(target: Target, parts: Sequence[Part], *, purge: bool) -> None:
    """Remove these parts; config, journal and database stay unless `purge` says so."""
    if TILL in parts:
        refuse_open(target)
    if target.is_live:
        stop(target, parts)
    else:
        leave_boot(target, parts)
    stays = [part for part in installed(target) if part not in parts]
    remove_files(target, parts, purge=purge)
    if not stays:
        shutil.rmtree(target.home, ignore_errors=True)
        if target.command.is_symlink() and target.command.readlink() == PROGRAM:
            target.command.unlink()
    kept = [folder for part in parts for folder in _folders(target, part) if folder.exists()]
    if purge:
        for folder in kept:
            shutil.rmtree(folder, ignore_errors=True)
    if target.is_live:
        run("systemctl", "daemon-reload")
    names = " and ".join(part.name for part in parts)
    accounts = " and ".join(part.account.removesuffix(".conf") for part in parts)
    folders = [] if purge else kept
    left = f"kept: {', '.join(map(str, folders))}" if folders else "no file is left"
    print(f"{names} removed; {left}; the system account {accounts} stays")


def _folders(target: Target, part: Part) -> Sequence[Path]:
    """Return the folders of what a part has collected."""
    if part is SERVICE:
        return [target.root / "etc/taptill-service", target.service_state]
    return [target.config.parent, target.state]


def stop(target: Target, parts: Sequence[Part]) -> None:
    """Stop these parts; let a till go on that has sold something meanwhile that is not sent yet."""
    disable = ["systemctl", "disable", "--now", "--quiet"]
    for part in reversed(parts):  # the till first: it may still send to the service
        subprocess.run([*disable, part.unit], check=False)
        if part is TILL:
            try:
                refuse_open(target)
            except RefusedError:
                subprocess.run(["systemctl", "enable", "--now", "--quiet", TILL.unit], check=False)
                raise
            subprocess.run(["systemctl", "stop", "taptill-console.service"], check=False)


def leave_boot(target: Target, parts: Sequence[Part]) -> None:
    """Let these parts of an image start at no boot any more.

    By the links themselves: `systemctl disable` fails where a unit was removed before, and is not
    there where the image is looked at from a machine without systemd.
    """
    for part in parts:
        for folder in (target.root / SYSTEM).glob("*.wants"):
            (folder / part.unit).unlink(missing_ok=True)


def refuse_open(target: Target) -> None:
    """Refuse while money is in the journal that the backend does not have."""
    program, journal = target.current / "bin/taptill", target.state / "journal.db"
    if not journal.is_file():
        return
    if not program.exists():  # removed before, or its link is broken: the journal itself tells
        refuse_open_without_program(journal)
        return
    question = [str(program), "journal", "open", "--state-dir", str(target.state)]
    answer = subprocess.run(question, check=False, capture_output=True, text=True)
    if answer.returncode == 0:
        return
    print(answer.stdout, answer.stderr, sep="", end="", file=sys.stderr)
    if answer.returncode == NOT_NOW:
        words = "the journal still holds money that is not in the backend's books"
    else:
        words = "the journal cannot be read, and may hold money: copy it before anything else"
    raise RefusedError(words, NOT_NOW)


_OPEN = "SELECT count(*) FROM positions WHERE open OR conflict IS NOT NULL"


def refuse_open_without_program(journal: Path) -> None:
    """Refuse a journal with open customers, and one that cannot be read."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as file:
            (count,) = file.execute(_OPEN).fetchone()
    except sqlite3.Error as fault:
        words = f"{journal} cannot be read, and may hold money: {fault}"
        raise RefusedError(f"{words}: copy it before anything else", NOT_NOW) from fault
    if count:
        words = f"the journal still holds money of {count} customers that is not in the books"
        raise RefusedError(f"{words}: install taptill again and settle it", NOT_NOW)
