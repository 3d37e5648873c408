"""The config and the file of the token: what works, and is not as it should be."""

import stat
from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite
from taptill.wiring.opening import unbuilt

_OTHERS = stat.S_IRWXO
_GROUP_WRITES = stat.S_IWGRP


async def check_settings(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the config and of who may read its secrets."""
    config = site.config
    warnings = [words for words in config.warnings if "token_file" not in words]  # see below
    warnings += unbuilt(config)
    if warnings:
        found = [
            Diagnosis("settings.config", Verdict.WARN, words, "see docs/configuration.md")
            for words in warnings
        ]
    else:
        found = [Diagnosis("settings.config", Verdict.PASS, "the config is whole")]
    token_file = config.backend.token_file
    return [*found, *(_secret(token_file) if token_file else []), *_staff(site)]


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
