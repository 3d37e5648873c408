"""What holds a reader, and how it is made to let go."""

import re
from collections.abc import Sequence
from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.tap import ReaderState
from taptill.domain.technical.command_line import command_line
from taptill.install.checks.readers.nodes import device_nodes, kept_node
from taptill.install.checks.readers.pcscd import (
    PCSCD_SOCKET,
    POLKIT_ADVICE,
    Service,
)
from taptill.install.checks.site import CheckedSite
from taptill.install.setup.places import ACCOUNT
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.device_nodes import group_of

MODULES = ("pn533_usb", "port100")
"""Kernel modules that take USB readers for themselves: NXP's and ACS's, Sony's."""

CONSOLES = "/sys/class/tty/console/active"
OWN_NAME = "taptill"
_BY_USB = frozenset({"nfc", "pcsc"})
_MODULE = re.compile(r"kernel module (\S+)")
_PROGRAM = re.compile(r"(.+) \((\d+)\)")

_PROGRAMS = {
    OWN_NAME: "the till itself holds it: F12 there shows taps; or sudo systemctl stop taptill",
    "pcscd": 'sudo systemctl disable --now pcscd.socket pcscd.service; or driver = "pcsc"',
    "ModemManager": "sudo systemctl disable --now ModemManager",
    "brltty": "sudo apt remove brltty, which takes it for a braille display",
    "agetty": "no log-in on this line: sudo raspi-config, Interface, Serial Port",
    "gpsd": "sudo systemctl disable --now gpsd.socket gpsd.service",
}
_ADVICE = {
    ReaderState.MISSING: "plug it in, then `taptill readers detect`",
    ReaderState.LOST: "plug it in again",
    ReaderState.GARBLED: "family and baud as `taptill readers detect` finds them; a shorter cable",
}


def advice_for(
    state: ReaderState, detail: str, settings: ReaderSettings, account: str = ACCOUNT
) -> str:
    """Return the command that mends a reader in this state.

    `detail` is its port or its holder, `account` the till's.
    """
    if state is ReaderState.BUSY:
        return _release(detail, settings.port)
    if state is ReaderState.DENIED and settings.driver == "pcsc":
        return POLKIT_ADVICE
    if state is ReaderState.DENIED:
        group = next(filter(None, map(group_of, device_nodes(settings))), "")
        joined = f"{command_line('sudo', 'adduser', account, group)}; " if group else ""
        return f"{joined}let the till's account open it: docs/readers.md, the udev rules"
    return _ADVICE.get(state, "see docs/readers.md")


def denied(site: CheckedSite, settings: ReaderSettings, service: Service) -> tuple[str, str] | None:
    """Return words and advice for what root may open and the till's account not; None if it may.

    `service` is what pcscd does for the till's account.
    """
    if service is Service.REFUSED:
        place = "pcscd"
        words = "it serves root, and refuses the till's account"
    elif place := kept_node(site, settings):
        words = "root may open it, the till's account may not"
    else:
        return None
    advice = advice_for(ReaderState.DENIED, place, settings, site.account)
    return f"{ReaderState.DENIED} ({place}): {words}", advice


def _release(holder: str, port: str) -> str:
    if module := _MODULE.fullmatch(holder):
        return _without_module(module[1])
    if program := _PROGRAM.fullmatch(holder):
        name, number = program.groups()
        return _PROGRAMS.get(name, f"stop it: ps -fp {number}; the till's account must not need it")
    look = command_line("sudo", "fuser", "-v", port)
    return f"who holds it, only root may see: {look}; the till does while it runs"


def in_the_way(site: CheckedSite, readers: Sequence[ReaderSettings]) -> list[Diagnosis]:
    """Return what will take a reader at its next plugging in, though it may be free now."""
    found = []
    if any(reader.driver in _BY_USB for reader in readers):
        loaded = {line.split(" ")[0] for line in site.machine_file("/proc/modules").splitlines()}
        found += [_module(name) for name in MODULES if name in loaded]
    by_usb = [reader for reader in readers if reader.driver == "nfc" and "usb" in reader.port]
    if by_usb and site.machine_path(PCSCD_SOCKET).is_socket():
        words = "pcscd runs, and takes an ACR122U before the till can"
        found.append(Diagnosis("readers.pcscd", Verdict.WARN, words, _PROGRAMS["pcscd"]))
    consoles = site.machine_file(CONSOLES).split()
    return [*found, *(_console(one) for one in readers if _port_name(one) in consoles)]


def _module(name: str) -> Diagnosis:
    words = f"the kernel module {name} is loaded, and takes a reader when it is plugged in"
    return Diagnosis(f"readers.module-{name}", Verdict.WARN, words, _without_module(name))


def _without_module(name: str) -> str:
    file = "/etc/modprobe.d/taptill.conf"
    return f"echo 'blacklist {name}' | sudo tee -a {file}; sudo modprobe -r {name}"


def _port_name(reader: ReaderSettings) -> str:
    return Path(reader.port).resolve().name if reader.driver == "serial" else ""


def _console(reader: ReaderSettings) -> Diagnosis:
    words = f"the kernel writes its messages to {reader.port}"
    advice = "take console=... off /boot/firmware/cmdline.txt: sudo raspi-config, Serial Port"
    return Diagnosis(f"readers.console-{_port_name(reader)}", Verdict.WARN, words, advice)
