"""The till's unit: whether it runs, and its start and stop."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import click

from taptill.domain.errors import UsageError
from taptill.install.checks.site import UNIT
from taptill.install.setup.places import SetupPlaces

_PATIENCE_S = 120


def is_active(unit: str) -> bool:
    """Return whether systemd runs a unit; False where there is no systemd."""
    return _run("is-active", "--quiet", unit) == 0


def systemctl(verb: str, *words: str) -> None:
    """Let systemd do something. Errors: UsageError, with the command to look at."""
    if _run(verb, "--quiet", *words) != 0:
        unit = words[-1]
        raise UsageError(problem=f"systemctl {verb} {unit} failed: journalctl -u {unit}")


@contextmanager
def readers_free(places: SetupPlaces) -> Iterator[bool]:
    """Stop a till that runs, which holds its reader; start it again if nothing comes of this.

    A connection that breaks (SIGHUP) or a kill ends the set-up as ctrl+c does.
    """
    if not places.account or not is_active(UNIT):
        yield False
        return
    click.confirm("The till runs and holds its reader. Stop it meanwhile", default=True, abort=True)
    handlers = {number: signal.signal(number, _interrupt) for number in _ENDING_SIGNALS}
    is_done = False
    try:
        systemctl("stop", UNIT)
        yield True
        is_done = True
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if not is_done:
            systemctl("start", UNIT)


_ENDING_SIGNALS = (signal.SIGHUP, signal.SIGTERM)


def _interrupt(number: int, frame: object) -> None:
    del number, frame
    raise KeyboardInterrupt


def _run(*words: str) -> int | None:
    try:
        return subprocess.run(["systemctl", *words], check=False, timeout=_PATIENCE_S).returncode  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return None
