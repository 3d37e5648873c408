"""The installed unit, rules and settings, compared with those of the release that runs."""

from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.technical.counting import many
from taptill.install.checks.site import RELEASE, UNIT, CheckedSite
from taptill.install.setup.reader_rule import SITE_RULES

INSTALLED = {
    "systemd/taptill.service": "etc/systemd/system/taptill.service",
    "systemd/taptill-console.service": "etc/systemd/system/taptill-console.service",
    "systemd/taptill.sysusers": "usr/lib/sysusers.d/taptill.conf",
    "systemd/taptill-polkit.rules": "etc/polkit-1/rules.d/70-taptill.rules",
    "udev/70-taptill-readers.rules": "etc/udev/rules.d/70-taptill-readers.rules",
    "udev/95-taptill-console.rules": "etc/udev/rules.d/95-taptill-console.rules",
    "systemd/taptill-journald.conf": "etc/systemd/journald.conf.d/90-taptill.conf",
}
"""What the installer copies to where for a till; a test compares this with its own list."""

RULES = "udev/70-taptill-readers.rules"
_WANTED = f"/etc/systemd/system/multi-user.target.wants/{UNIT}"
_INSTALL = "sudo ./install.sh, from the archive of this release"


async def check_installation(site: CheckedSite) -> list[Diagnosis]:
    """Return a diagnosis of each installed file; without a release there is nothing to compare."""
    if not site.machine_path(RELEASE).exists():
        words = f"not compared: there is no {RELEASE} with the released unit and rules"
        return [Diagnosis("installation.unit", Verdict.SKIP, words)]
    found = [_file(site, source, f"/{place}") for source, place in INSTALLED.items()]
    return [*found, _at_start(site)]


def _file(site: CheckedSite, source: str, place: str) -> Diagnosis:
    name = f"installation.{_NAMES.get(source, source)}"
    released, installed = site.machine_file(f"{RELEASE}/{source}"), site.machine_file(place)
    if not installed and _is_kept_from_us(site.machine_path(place)):
        words = f"not compared: this account may not see {place}"
        advice = f"sudo {RELEASE}/bin/taptill doctor --only installation"
        return Diagnosis(name, Verdict.SKIP, words, advice)
    if not installed:
        words = f"{place} is missing or empty"
        return Diagnosis(name, Verdict.FAIL, words, _INSTALL)
    if source == RULES:
        return _rules(site, name, released, installed)
    if installed != released:
        words = f"{place} is not the one of the release that runs"
        return Diagnosis(name, Verdict.WARN, words, f"{_INSTALL}; a site's own lines: a drop-in")
    own = ", ".join(site.drop_ins()) if source == f"systemd/{UNIT}" else ""
    words = f"as released, with {own}" if own else "as released"
    return Diagnosis(name, Verdict.PASS, words)


def _is_kept_from_us(path: Path) -> bool:
    """Return whether this account may not tell if a file is there, or not read it."""
    try:
        path.open("rb").close()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _rules(site: CheckedSite, name: str, released: str, installed: str) -> Diagnosis:
    """Compare rules by what they would be with every line switched on, as sites switch some on."""
    released_lines = {line.lstrip("# ") for line in released.splitlines()}
    lines = {line.lstrip("# ") for line in installed.splitlines()}
    if released_lines - lines:
        words = "the rules are not those of the release that runs"
        return Diagnosis(name, Verdict.WARN, words, f"keep your reader's line, then {_INSTALL}")
    own_count = len(set(installed.splitlines()) - set(released.splitlines()))
    words = (
        f"as released, with {many(own_count, 'line')} of this site" if own_count else "as released"
    )
    if site.machine_file(str(SITE_RULES)):
        words += f", and {SITE_RULES}, which taptill setup has written"
    return Diagnosis(name, Verdict.PASS, words)


def _at_start(site: CheckedSite) -> Diagnosis:
    if site.machine_path(_WANTED).is_symlink():
        return Diagnosis("installation.start", Verdict.PASS, "the till starts with the machine")
    words = "the till does not start with the machine"
    advice = "sudo systemctl enable --now taptill.service"
    return Diagnosis("installation.start", Verdict.WARN, words, advice)


_NAMES = {
    "systemd/taptill.service": "unit",
    "systemd/taptill-console.service": "console-unit",
    "udev/95-taptill-console.rules": "console-rules",
    "systemd/taptill.sysusers": "account",
    "systemd/taptill-journald.conf": "log-settings",
    "systemd/taptill-polkit.rules": "polkit-rules",
    RULES: "rules",
}
