"""What a release brings to a machine beside its environment: the till, the service, or both."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .target import Target, run, tell

SYSTEM = "etc/systemd/system"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A unit that is started, with the files that it needs.

    `files` says what is copied to where: a site's own changes belong into drop-ins beside these
    files. What `site_files` names is copied once, and belongs to the site from then on; `set_up`
    are the files that `taptill setup` and this installer write for the site.
    """

    name: str
    unit: str
    account: str
    files: Mapping[str, str]
    site_files: Mapping[str, str] = field(default_factory=dict)
    set_up: Sequence[str] = ()


READER_RULES = "udev/70-taptill-readers.rules"
RULES_FOLDER = "etc/udev/rules.d"
READER_SUBSYSTEMS = ("tty", "usb", "input")
"""Those that the rules for readers are about."""

COMMON = {"systemd/taptill-journald.conf": "etc/systemd/journald.conf.d/90-taptill.conf"}

TILL = Part(
    name="till",
    unit="taptill.service",
    account="taptill.conf",
    files={
        "systemd/taptill.service": f"{SYSTEM}/taptill.service",
        "systemd/taptill-console.service": f"{SYSTEM}/taptill-console.service",
        "systemd/taptill.sysusers": "usr/lib/sysusers.d/taptill.conf",
        "systemd/taptill-polkit.rules": "etc/polkit-1/rules.d/70-taptill.rules",
        READER_RULES: f"{RULES_FOLDER}/70-taptill-readers.rules",
        "udev/95-taptill-console.rules": f"{RULES_FOLDER}/95-taptill-console.rules",
        **COMMON,
    },
    site_files={"systemd/taptill-console.default": "etc/default/taptill-console"},
    set_up=(
        "etc/credstore/api-token",
        f"{RULES_FOLDER}/69-taptill-site.rules",
        f"{RULES_FOLDER}/70-taptill-readers.rules.before",
    ),
)

SERVICE = Part(
    name="service",
    unit="taptill-service.service",
    account="taptill-service.conf",
    files={
        "systemd/taptill-service.service": f"{SYSTEM}/taptill-service.service",
        "systemd/taptill-service.sysusers": "usr/lib/sysusers.d/taptill-service.conf",
        **COMMON,
    },
    site_files={"systemd/taptill-service.default": "etc/default/taptill-service"},
)

PARTS = (SERVICE, TILL)
"""In the order in which they are started: a till may sell to the people of its own machine."""


def installed(target: Target) -> Sequence[Part]:
    """Return what an earlier run has installed, by the units that are there."""
    return [part for part in PARTS if (target.root / SYSTEM / part.unit).is_file()]


def chosen(target: Target, names: Sequence[str]) -> Sequence[Part]:
    """Return what is installed now: what is there already, what was asked for, else a till."""
    there = installed(target)
    wanted = [part for part in PARTS if part in there or part.name in names]
    return wanted or [TILL]


def copy_files(target: Target, release: Path, parts: Sequence[Part]) -> None:
    """Copy a release's units, rules and drop-ins to their places, and make the accounts."""
    for part in parts:
        for source, place in part.files.items():
            # An older release, to which a machine goes back, may lack what a newer one brought.
            if (release / source).is_file():
                copy = _copy_rules if source == READER_RULES else _copy
                copy(release / source, target.root / place)
        for source, place in part.site_files.items():
            if (release / source).is_file() and not (target.root / place).exists():
                _copy(release / source, target.root / place)
        root = [] if target.is_live else [f"--root={target.root}"]
        run("systemd-sysusers", *root, part.account)
    if target.is_live:
        take_over()
    tell("account, unit, rules, log settings")


def take_over() -> None:
    """Let udev, systemd and the logs go by the files that were copied, from now on.

    A reader that is plugged in already gets its rights by a change that udev is told of.
    """
    run("udevadm", "control", "--reload")
    run("udevadm", "trigger", *(f"--subsystem-match={name}" for name in READER_SUBSYSTEMS))
    run("systemctl", "daemon-reload")
    run("systemctl", "try-restart", "systemd-journald.service")


def _copy_rules(source: Path, target: Path) -> None:
    """Copy rules; a line that the site has switched on in those of before is on in the new ones.

    Lines that no release has are kept beside the file, under a name that udev does not read.
    """
    text = source.read_text()
    before = target.read_text() if target.is_file() else text
    released = text.splitlines()
    switched_on = {f"#{line}" for line in before.splitlines()} & set(released)
    lines = [line[1:] if line in switched_on else line for line in released]
    own = [line for line in before.splitlines() if line[:4] == "ATTR" and line not in lines]
    _copy(source, target)
    target.write_text("\n".join(lines) + "\n")
    if own:
        kept = target.with_name(f"{target.name}.before")
        kept.write_text(before)
        tell(f"{kept} has lines of this site: a reader's belongs into 69-taptill-site.rules")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def remove_files(target: Target, parts: Sequence[Part], *, purge: bool) -> None:
    """Remove the files of these parts; what still stays needs its own.

    What belongs to the site goes only where `purge` says so.
    """
    stays = [part for part in installed(target) if part not in parts]
    needed = {place for part in stays for place in part.files.values()}
    for part in parts:
        places = [*part.files.values()]
        if purge:
            places += [*part.site_files.values(), *part.set_up]
        for place in places:
            if place not in needed:
                (target.root / place).unlink(missing_ok=True)
