"""Versions of what a till is made of, for whoever is asked why it does something."""

import platform
import sqlite3

from taptill import __version__
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import RELEASE, CheckedSite

DEBIAN_MIN = 12
_LIKE_DEBIAN = frozenset({"debian", "raspbian"})


async def check_versions(site: CheckedSite) -> list[Diagnosis]:
    """Return the versions; what was never tried is a warning."""
    told = {
        "python": f"{platform.python_version()}, {platform.machine()}",
        "kernel": platform.release(),
        "sqlite": sqlite3.sqlite_version,
        "board": site.machine_file("/proc/device-tree/model"),
    }
    return [
        _taptill(site),
        _system(site),
        *(
            Diagnosis(f"versions.{name}", Verdict.PASS, version)
            for name, version in told.items()
            if version
        ),
    ]


def _taptill(site: CheckedSite) -> Diagnosis:
    """Compare this program with the release that the till runs."""
    name, link = "versions.taptill", site.machine_path(RELEASE)
    if not link.is_symlink():
        return Diagnosis(name, Verdict.PASS, f"{__version__}, not from {RELEASE}")
    if not link.exists():
        words = f"{RELEASE} names a release that is not there: the till cannot start"
        return Diagnosis(name, Verdict.FAIL, words, "sudo ./install.sh, from the archive")
    running = link.resolve().name.partition("-")[0]  # behind it: a part of its archive's hash
    if running != __version__:
        words = f"this is {__version__}, the till runs {running}"
        return Diagnosis(name, Verdict.WARN, words, f"{RELEASE}/bin/taptill doctor")
    return Diagnosis(name, Verdict.PASS, __version__)


def _system(site: CheckedSite) -> Diagnosis:
    lines = site.machine_file("/etc/os-release").splitlines()
    facts = {key: value.strip('"') for key, _, value in (line.partition("=") for line in lines)}
    title = facts.get("PRETTY_NAME", "a system without a name")
    number = facts.get("VERSION_ID", "").partition(".")[0]
    likes = {facts.get("ID", ""), *facts.get("ID_LIKE", "").split()}
    if likes & _LIKE_DEBIAN and number.isdecimal() and int(number) >= DEBIAN_MIN:
        return Diagnosis("versions.system", Verdict.PASS, title)
    advice = "Debian 12 or 13, or Raspberry Pi OS of the same name"
    words = f"{title}: taptill was never tried on it"
    return Diagnosis("versions.system", Verdict.WARN, words, advice)
