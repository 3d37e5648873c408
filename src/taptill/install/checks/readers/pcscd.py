"""Whether pcscd serves the till's account, where root asks, whom it serves always.

Debian 13's pcscd asks polkit, by whose rules it serves whoever sits at the machine, and no unit of
systemd. Debian 12's asks nobody: the rights of its socket count. Source: the package's
`org.debian.pcsc-lite.policy` and `pcscd.socket`.
"""

import os
from enum import Enum, auto

from taptill.domain.technical.command_line import command_line
from taptill.install.checks.site import RELEASE, CheckedSite
from taptill.readers.device import ReaderSettings

PCSCD_SOCKET = "/run/pcscd/pcscd.comm"
POLKIT_ADVICE = "sudo ./install.sh, which brings a rule for polkit: docs/readers.md, PC/SC readers"

_REFUSED = 77
"""EX_NOPERM of sysexits.h."""

_PROGRAM = (
    "import sys; from taptill.readers.drivers.pcsc import is_refused;"
    f"sys.exit({_REFUSED} * is_refused(sys.argv[1]))"
)


class Service(Enum):
    """What pcscd does for the till's account."""

    GIVEN = auto()
    """It serves it; or nothing else than this account's own rights is asked for."""

    REFUSED = auto()
    UNKNOWN = auto()


def service_for_till(site: CheckedSite, settings: ReaderSettings) -> Service:
    """Return whether pcscd lets the till's account use a reader."""
    if settings.driver != "pcsc":
        return Service.GIVEN
    socket = site.machine_path(PCSCD_SOCKET)
    if socket.exists() and site.is_kept_from_till(socket, os.W_OK):
        return Service.REFUSED
    try:
        status = site.status_for_till([site.python, "-c", _PROGRAM, settings.port])
    except OSError:
        return Service.UNKNOWN
    return {None: Service.GIVEN, 0: Service.GIVEN, _REFUSED: Service.REFUSED}.get(
        status, Service.UNKNOWN
    )


def trial_command(site: CheckedSite) -> str:
    """Return the command by which the till's account itself looks at its readers."""
    options = ("--quiet", "--wait", "--pipe", f"--uid={site.account}")
    doctor = (f"{RELEASE}/bin/taptill", "doctor", "--only", "readers")
    return command_line("sudo", "systemd-run", *options, *doctor)
