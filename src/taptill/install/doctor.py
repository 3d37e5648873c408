"""The checks of `taptill doctor`: a diagnosis of each thing that a till depends on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

from taptill.domain.diagnosis import Diagnosis, Verdict
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
    """Yield the diagnoses of every check, or of those named, one after the other; never raise."""
    for name, check in CHECKS.items():
        if only and name not in only:
            continue
        limit_s = CHECK_S_MAX + 2 * site.tap_s * len(site.config.readers)
        try:
            async with asyncio.timeout(limit_s):
                found = await check(site)
        except TimeoutError:
            words = f"it took more than {limit_s:.0f} s"
            advice = f"taptill doctor --only {name}, to see it alone"
            found = [Diagnosis(f"{name}.time", Verdict.FAIL, words, advice)]
        for diagnosis in found:
            yield diagnosis
