"""Installs a release of taptill on a Debian machine, without the network.

Nothing of what runs is touched before the new release stands beside it and takes the site's config:
then a link is switched and the till restarted. If it does not come up, the link goes back.
"""

import argparse
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from .checks import check, require_root
from .parts import PARTS, SERVICE, TILL, chosen, copy_files, installed
from .releases import (
    link_command,
    make_release,
    remove_old,
    start,
    start_at_boot,
    start_unset,
    switch,
)
from .removal import uninstall
from .site import (
    keep_example,
    look,
    look_at_machine,
    say_next,
    settle_database,
    try_currency,
)
from .target import ARCHIVE, SOFTWARE, UNAVAILABLE, USAGE, RefusedError, Target, alone


def main() -> int:
    """Do what the command line asks, and return the exit status."""
    options = _options()
    target = Target(options.root.resolve())
    try:
        refuse_contradiction(options)
        require_root(target)
        if options.check:
            look_only(target, options)
            return 0
        with alone(target):
            if options.uninstall:
                remove(target, options)
            else:
                install(target, options)
    except RefusedError as refusal:
        print(f"install: {refusal}", file=sys.stderr)
        return refusal.status
    except subprocess.CalledProcessError as fault:
        print(f"install: {shlex.join(map(str, fault.cmd))} failed", file=sys.stderr)
        return SOFTWARE
    except OSError as fault:
        print(f"install: {fault}: mend it and run this again", file=sys.stderr)
        return UNAVAILABLE
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./install.sh", description=__doc__)
    add = parser.add_argument
    add("--check", action="store_true", help="look at everything, change nothing")
    add(
        "--till",
        action="append_const",
        const=TILL.name,
        dest="part",
        default=[],
        help="a till: what is installed where nothing is there yet",
    )
    add(
        "--service",
        action="append_const",
        const=SERVICE.name,
        dest="part",
        help="the Customers service, beside a till of this machine or alone",
    )
    add("--currency", default="EUR", help="with --service: of a new database (ISO 4217), for good")
    add("--uninstall", action="store_true", help="remove what is there; keep journal and database")
    add("--purge", action="store_true", help="with --uninstall: config, journal, database too")
    # The root of an image as the tests see it; whoever makes one runs this in it, by chroot.
    add("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    return parser.parse_args()


def refuse_contradiction(options: argparse.Namespace) -> None:
    """Refuse words of which one would be taken for another than was meant."""
    if options.check and options.uninstall:
        raise RefusedError("--check looks at an installation: leave it or --uninstall away", USAGE)
    if options.purge and not options.uninstall:
        raise RefusedError("--purge goes with --uninstall", USAGE)


def look_only(target: Target, options: argparse.Namespace) -> None:
    """Say whether an installation would be refused."""
    check(target, chosen(target, options.part), _about()["journal_format"])
    print("nothing was changed: everything that an installation needs is there")


def install(target: Target, options: argparse.Namespace) -> None:
    """Install the release that this file lies in."""
    about = _about()
    parts = chosen(target, options.part)
    check(target, parts, about["journal_format"])
    there = installed(target)
    release = make_release(target, about["version"])
    if SERVICE in parts:
        try_currency(target, release, options.currency)
    has_config = target.config.exists()
    if target.is_live and TILL in parts and has_config:
        look(target, release)
    before = target.running
    copy_files(target, release, parts)
    switch(target, release)
    link_command(target)
    if TILL in parts:
        keep_example(target)
    if SERVICE in parts:
        settle_database(target, options.currency)
    if target.is_live:
        start(target, before, [part for part in parts if part is not TILL or has_config])
        if TILL in parts and not has_config:
            start_unset(TILL)
        look_at_machine([part for part in parts if part is not TILL or has_config])
    else:
        start_at_boot(target, parts)
    remove_old(target, before)
    fresh = [part for part in parts if part not in there and not (part is TILL and has_config)]
    say_next(about["version"], parts, fresh)


def remove(target: Target, options: argparse.Namespace) -> None:
    """Remove what was named, or all that is there."""
    parts = [part for part in PARTS if part.name in options.part] or installed(target)
    if not parts and not options.purge and not target.home.exists():
        print("nothing of taptill is installed here")
        return
    uninstall(target, parts or [TILL], purge=options.purge)


def _about() -> dict[str, Any]:
    about: dict[str, Any] = json.loads((ARCHIVE / "release.json").read_text())
    return about


if __name__ == "__main__":
    sys.exit(main())
