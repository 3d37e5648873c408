"""The config and what it names: the token's file, packages of readers, printer, sound, staff."""

import os
import shutil
import stat
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from taptill import config as configs
from taptill.config import Config
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ConfigError
from taptill.domain.technical.command_line import command_line
from taptill.domain.technical.till_warning import WarningCode, till_warning
from taptill.install.checks.bounded import bounded
from taptill.install.checks.site import CheckedSite, UnreadableConfig
from taptill.readers.drivers.device_nodes import group_of
from taptill.readers.registry import find_driver
from taptill.wiring.devices.printing import opener
from taptill.wiring.opening import unbuilt

CONFIG = "settings.config"
PRINTER_S = 3.0

_OTHERS = stat.S_IRWXO
_GROUP_WRITES = stat.S_IWGRP
_TOKEN_FILES = ("token_file", "office_token_file")
"""Keys of [backend] whose files have diagnoses of their own, with what mends them."""

_ENTERED_BY_OTHERS = stat.S_IXGRP | stat.S_IXOTH


async def check_settings(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the config and of who may read its secrets."""
    if site.unreadable:
        return [*_complaints(site.unreadable), *_credential(site)]
    config = site.config
    open_tokens = {till_warning(WarningCode.OPEN_SECRET, key=key) for key in _TOKEN_FILES}
    warnings = [one for one in (*config.warnings, *unbuilt(config)) if one not in open_tokens]
    if warnings:
        found = [
            Diagnosis(CONFIG, Verdict.WARN, str(warning), "see docs/configuration.md")
            for warning in warnings
        ]
    else:
        found = [Diagnosis(CONFIG, Verdict.PASS, "the config is whole")]
    token_file = config.backend.token_file
    found += _secret(site, token_file) if token_file else []
    found += _credential(site)
    found += [*_office_token(site), *_kept_files(site)]
    return [*found, *_packages(site), *await _printer(site), *_sound(site), *_staff(site)]


def _complaints(unreadable: UnreadableConfig) -> list[Diagnosis]:
    """Return a failure for each complaint, with the file; without a file, how one is made."""
    path = unreadable.path
    if path is None:
        words, *advice = unreadable.complaints
        mend = advice[0] if advice else "name another by --config, or sudo taptill setup"
        return [Diagnosis(CONFIG, Verdict.FAIL, words, mend)]
    mend = "mend it there: docs/configuration.md; taptill config check says when it is whole"
    return [
        Diagnosis(CONFIG, Verdict.FAIL, words if str(path) in words else f"{path}: {words}", mend)
        for words in unreadable.complaints
    ]


def _secret(site: CheckedSite, path: Path) -> list[Diagnosis]:
    try:
        mode = path.stat().st_mode
    except OSError:
        return []  # systemd may pass the token: the check of the backend says whether there is one
    passed = site.machine_path(str(configs.CREDENTIAL_STORE)) / configs.CREDENTIAL_NAME
    if site.is_kept_from_till(path) and not passed.exists():
        return [_kept(site, "settings.token", path)]
    if mode & (_OTHERS | _GROUP_WRITES):
        words = f"{path} can be read or changed by others"
        return [
            Diagnosis(
                "settings.token", Verdict.FAIL, words, command_line("sudo", "chmod", 600, path)
            )
        ]
    return [Diagnosis("settings.token", Verdict.PASS, f"{path} can be read by its owner alone")]


def _credential(site: CheckedSite) -> list[Diagnosis]:
    """Return whether root alone can read what systemd passes to the till: the store and the file.

    A site that has its token elsewhere has nothing there.
    """
    name, store = "settings.credential", site.machine_path(str(configs.CREDENTIAL_STORE))
    path = store / configs.CREDENTIAL_NAME
    try:
        folder, file, root = store.stat(), path.stat(), site.machine_path("/").stat().st_uid
    except FileNotFoundError:
        return []
    except PermissionError:
        words = f"{path} was not looked at: root alone can see it, as it should be"
        return [Diagnosis(name, Verdict.SKIP, words)]
    mends = [
        f"{command_line('sudo', 'chown', 'root:', place)}; "
        + command_line("sudo", "chmod", mode, place)
        for place, mode, found in ((store, "700", folder), (path, "600", file))
        if found.st_uid != root or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    if not mends:
        return [Diagnosis(name, Verdict.PASS, f"{path} can be read by root alone")]
    is_seen = file.st_mode & (stat.S_IRGRP | stat.S_IROTH) and folder.st_mode & _ENTERED_BY_OTHERS
    is_owned = {folder.st_uid, file.st_uid} != {root}
    is_changed = (folder.st_mode | file.st_mode) & (stat.S_IWGRP | stat.S_IWOTH)
    if is_seen or is_owned or is_changed:
        words, verdict = f"{path} can be read or changed by others than root", Verdict.FAIL
    else:
        words, verdict = f"{path} is not closed twice, by its folder and by itself", Verdict.WARN
    return [Diagnosis(name, verdict, words, "; ".join(mends))]


def _kept(site: CheckedSite, name: str, path: Path) -> Diagnosis:
    """Return that root reads a file which the till cannot."""
    words = f"{path} cannot be read by the till's account"
    given = command_line("sudo", "chgrp", site.account, path)
    advice = f"{given}; {command_line('sudo', 'chmod', 640, path)}"
    return Diagnosis(name, Verdict.FAIL, words, advice)


def _kept_files(site: CheckedSite) -> list[Diagnosis]:
    """Return what else the config names or is read from, and the till may not read."""
    backend = site.config.backend
    files = {
        "ca-file": backend.ca_file,
        "client-cert": backend.client_cert,
        "client-key": backend.client_key,
        **{f"file-{path.name}": path for path in site.config.files},
    }
    return [
        _kept(site, f"settings.{name}", path)
        for name, path in files.items()
        if path and path.exists() and site.is_kept_from_till(path)
    ]


def _office_token(site: CheckedSite) -> list[Diagnosis]:
    """Return whether F6 finds the token that changes cards, and who else does."""
    path, name = site.config.backend.office_token_file, "settings.office-token"
    if path is None:
        return []
    owned = ("-o", "root", "-g", site.account, "-m", 640)
    advice = f"{command_line('sudo', 'install', *owned, 'TOKEN', path)} (docs/cards.md)"
    try:
        configs.read_office_token(site.config)
    except ConfigError as fault:
        return [Diagnosis(name, Verdict.WARN, str(fault), advice)]
    if site.is_kept_from_till(path):
        return [replace(_kept(site, name, path), advice=advice)]
    if path.stat().st_mode & (_OTHERS | _GROUP_WRITES):
        words = f"{path} can be read or changed by others"
        return [Diagnosis(name, Verdict.FAIL, words, command_line("sudo", "chmod", 640, path))]
    return [Diagnosis(name, Verdict.PASS, f"{path} holds a token")]


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
    return [_printer_path(site, Path(address))]


def _printer_path(site: CheckedSite, path: Path) -> Diagnosis:
    """Return whether a device or a file can be written; a file is made where its folder is."""
    name = "settings.printer"
    if not path.is_relative_to("/dev") and not path.exists():
        path = path.parent
    is_open = os.access(path, os.W_OK) and not site.is_kept_from_till(path, os.W_OK)
    if path.exists() and is_open:
        return Diagnosis(name, Verdict.PASS, f"{path} can be written")
    if path.exists():
        words = f"{path} cannot be written by the till's account"
        joined = command_line("sudo", "adduser", site.account, group_of(str(path)) or "lp")
        advice = f"{joined}: docs/receipts.md"
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
