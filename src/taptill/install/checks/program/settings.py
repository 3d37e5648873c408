"""The config and what it names: the token's file, packages of readers, printer, sound, staff."""

import os
import shutil
import stat
from importlib import import_module
from pathlib import Path

from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.bounded import bounded
from taptill.install.checks.site import CheckedSite
from taptill.readers.registry import find_driver
from taptill.wiring.devices.printing import opener
from taptill.wiring.opening import unbuilt

PRINTER_S = 3.0

_OTHERS = stat.S_IRWXO
_GROUP_WRITES = stat.S_IWGRP


async def check_settings(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the config and of who may read its secrets."""
    config = site.config
    said = map(str, config.warnings)
    warnings = [words for words in said if "token_file" not in words]  # see below
    warnings += map(str, unbuilt(config))
    if warnings:
        found = [
            Diagnosis("settings.config", Verdict.WARN, words, "see docs/configuration.md")
            for words in warnings
        ]
    else:
        found = [Diagnosis("settings.config", Verdict.PASS, "the config is whole")]
    token_file = config.backend.token_file
    found += _secret(token_file) if token_file else []
    return [*found, *_packages(site), *await _printer(site), *_sound(site), *_staff(site)]


def _secret(path: Path) -> list[Diagnosis]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return []  # systemd may pass the token: the check of the backend says whether there is one
    if mode & (_OTHERS | _GROUP_WRITES):
        words = f"{path} can be read or changed by others"
        return [Diagnosis("settings.token", Verdict.FAIL, words, f"sudo chmod 600 {path}")]
    return [Diagnosis("settings.token", Verdict.PASS, f"{path} can be read by its owner alone")]


def _staff(site: CheckedSite) -> list[Diagnosis]:
    staff = site.config.staff
    if staff and not any(member.role == "supervisor" for member in staff):
        words = "no supervisor: nobody can override, or take back what others sold"
        advice = 'give one of [[staff]] the role "supervisor"'
        return [Diagnosis("settings.staff", Verdict.WARN, words, advice)]
    return []


def _packages(site: CheckedSite) -> list[Diagnosis]:
    """Import what the readers need: a package may be there and not fit this Python or board."""
    found = []
    for name in sorted({reader.driver for reader in site.config.readers}):
        driver = find_driver(name)
        if driver.package:
            found.append(package_diagnosis(driver.package, driver.extra))
    return found


def package_diagnosis(package: str, extra: str) -> Diagnosis:
    """Return whether a package of an extra can be imported."""
    name = f"settings.package-{package}"
    try:
        import_module(package)
    except ImportError as fault:
        missing = isinstance(fault, ModuleNotFoundError) and fault.name == package
        words = f"{package} is missing" if missing else f"{package} is there and cannot be loaded"
        advice = f"the extra '{extra}' from Debian's packages: docs/readers.md"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    return Diagnosis(name, Verdict.PASS, f"{package} can be loaded")


async def _printer(site: CheckedSite) -> list[Diagnosis]:
    address = site.config.receipt.printer
    if not address:
        return []
    if not address.startswith("/"):
        return [await _network_printer(site.config)]
    return [_printer_path(Path(address))]


def _printer_path(path: Path) -> Diagnosis:
    """Return whether a device or a file can be written; a file is made where its folder is."""
    name = "settings.printer"
    if not path.is_relative_to("/dev") and not path.exists():
        path = path.parent
    if path.exists() and os.access(path, os.W_OK):
        return Diagnosis(name, Verdict.PASS, f"{path} can be written")
    if path.exists():
        words, advice = f"{path} cannot be written by this account", "sudo adduser taptill lp"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    words = f"there is no {path}: is the printer plugged in and on?"
    return Diagnosis(name, Verdict.WARN, words, "ls -l /dev/usb/lp*")


async def _network_printer(config: Config) -> Diagnosis:
    """Return whether a printer in the network answers; nothing is printed."""
    address = config.receipt.printer
    try:
        await bounded(lambda: opener(config)().close(), PRINTER_S)
    except (OSError, TimeoutError):
        words, advice = f"nothing answers at {address}", "is the printer on, and its cable in?"
        return Diagnosis("settings.printer", Verdict.WARN, words, advice)
    return Diagnosis("settings.printer", Verdict.PASS, f"{address} answers")


def _sound(site: CheckedSite) -> list[Diagnosis]:
    if site.config.ui.sound != "files":
        return []
    if shutil.which("aplay"):
        return [Diagnosis("settings.sound", Verdict.PASS, "aplay is there")]
    words = "there is no aplay, which plays sounds"
    return [Diagnosis("settings.sound", Verdict.WARN, words, "sudo apt install alsa-utils")]
