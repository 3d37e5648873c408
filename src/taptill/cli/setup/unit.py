"""The till's unit: whether it runs, and its start and stop."""

import subprocess

from taptill.domain.errors import UsageError

TILL_UNIT = "taptill.service"
_PATIENCE_S = 120


def is_active(unit: str) -> bool:
    """Return whether systemd runs a unit; False where there is no systemd."""
    return _run("is-active", "--quiet", unit) == 0


def systemctl(verb: str, *words: str) -> None:
    """Let systemd do something. Errors: UsageError, with the command to look at."""
    if _run(verb, "--quiet", *words) != 0:
        unit = words[-1]
        raise UsageError(problem=f"systemctl {verb} {unit} failed: journalctl -u {unit}")


def _run(*words: str) -> int | None:
    try:
        return subprocess.run(["systemctl", *words], check=False, timeout=_PATIENCE_S).returncode  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return None
