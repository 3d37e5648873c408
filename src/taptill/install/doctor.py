"""The checks of `taptill doctor`: a diagnosis of each thing that a till depends on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import TaptillError
from taptill.install.checks.backend import check_backend
from taptill.install.checks.machine.board import check_board
from taptill.install.checks.machine.clock import check_clock
from taptill.install.checks.machine.console import check_console
from taptill.install.checks.machine.disk import check_disk
from taptill.install.checks.program.installation import check_installation
from taptill.install.checks.program.journal import check_journal
from taptill.install.checks.program.runs import check_runs
from taptill.install.checks.program.settings import check_settings
from taptill.install.checks.program.versions import check_versions
from taptill.install.checks.readers.cards import check_cards
from taptill.install.checks.readers.opening import check_readers
from taptill.install.checks.site import CheckedSite

Check = Callable[[CheckedSite], Awaitable[list[Diagnosis]]]

CHECK_S_MAX = 60.0
"""A check takes no longer, beside the taps that it waits for."""

NEEDS_CONFIG = frozenset({"readers", "cards", "backend"})
"""Checks of what only the config names; the others look at the same without it."""

CHECKS: Mapping[str, Check] = {
    "versions": check_versions,
    "settings": check_settings,
    "installation": check_installation,
    "machine": check_board,
    "clock": check_clock,
    "disk": check_disk,
    "journal": check_journal,
    "runs": check_runs,
    "console": check_console,
    "readers": check_readers,
    "cards": check_cards,
    "backend": check_backend,
}
"""The checks by what each is about; a new check is a new line here."""


async def diagnose(site: CheckedSite, only: Collection[str] = ()) -> AsyncIterator[Diagnosis]:
    """Yield the diagnoses of every check, or of those named, one after the other.

    Neither a disk or device that fails nor an error of the program's own tree ends it: what could
    not be looked at is a failure of that name, and the next check follows. A config that cannot be
    read is said whatever is asked for.
    """
    asked = {*only, "settings"} if only and site.unreadable else {*(only or CHECKS)}
    for name, check in CHECKS.items():
        if name not in asked:
            continue
        if site.unreadable and name in NEEDS_CONFIG:
            words = "not looked at: the config, which names it, cannot be read"
            yield Diagnosis(f"{name}.config", Verdict.SKIP, words)
            continue
        limit_s = CHECK_S_MAX + 2 * site.tap_s * len(site.config.readers)
        for diagnosis in await look(name, check, site, limit_s):
            yield diagnosis


async def look(name: str, check: Check, site: CheckedSite, limit_s: float) -> list[Diagnosis]:
    """Return what a check of this name finds within a time, or why it could not look."""
    advice = f"taptill doctor --only {name}, to see it alone"
    try:
        async with asyncio.timeout(limit_s) as limit:
            return await check(site)
    except TimeoutError as fault:
        if limit.expired():
            words = f"it took more than {limit_s:.0f} s"
            return [Diagnosis(f"{name}.time", Verdict.FAIL, words, advice)]
        why = fault.strerror or "no answer in time"
    except OSError as fault:
        why = fault.strerror or type(fault).__name__
        advice = f"journalctl -k says what of this machine fails; {advice}"
    except TaptillError as fault:
        why = str(fault)
    words = f"could not be looked at: {why}"
    return [Diagnosis(f"{name}.looked-at", Verdict.FAIL, words, advice)]
