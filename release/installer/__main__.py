"""Installs a release of taptill on a Debian machine, without the network.

Nothing of what runs is touched before the new release stands beside it and takes the site's config:
then a link is switched and the till restarted. If it does not come up, the link goes back.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from .checks import check, require_root
from .parts import PARTS, SERVICE, TILL, chosen, copy_files, installed
from .releases import link_command, make_release, remove_old, start, start_unset, switch
from .removal import uninstall
from .site import keep_example, look, say_next, settle_database
from .target import ARCHIVE, SOFTWARE, UNAVAILABLE, USAGE, RefusedError, Target


def main() -> int:
    """Do what the command line asks, and return the exit status."""
    options = _options()
    target = Target(options.root.resolve())
    try:
        refuse_contradiction(options)
        require_root(target)
        if options.uninstall:
            named = [part for part in PARTS if part.name in options.part]
            uninstall(target, named or installed(target) or [TILL], purge=options.purge)
        else:
            install(target, options)
    except RefusedError as refusal:
        print(f"install: {refusal}", file=sys.stderr)
        return refusal.status
    except subprocess.CalledProcessError as fault:
        print(f"install: {' '.join(map(str, fault.cmd))} failed", file=sys.stderr)
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


def install(target: Target, options: argparse.Namespace) -> None:
    """Install the release that this file lies in."""
    about = json.loads((ARCHIVE / "release.json").read_text())
    parts = chosen(target, options.part)
    check(target, parts, about["journal_format"])
    if options.check:
        print("nothing was changed: everything that an installation needs is there")
        return
    there = installed(target)
    release = make_release(target, about["version"], parts)
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
    remove_old(target, before)
    fresh = [part for part in parts if part not in there and not (part is TILL and has_config)]
    say_next(about["version"], fresh)


if __name__ == "__main__":
    sys.exit(main())
