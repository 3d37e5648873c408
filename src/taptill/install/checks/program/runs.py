"""How the till's runs have ended, and what the last of its crash files says."""

import asyncio

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.technical.command_line import command_line
from taptill.install.checks.site import CheckedSite
from taptill.wiring.fleet.crash_files import crash_notes
from taptill.wiring.fleet.runs import read_runs


async def check_runs(site: CheckedSite) -> list[Diagnosis]:
    """Return a diagnosis of the runs so far, and one of the crash files that there are."""
    return await asyncio.to_thread(_look, site)


def _look(site: CheckedSite) -> list[Diagnosis]:
    record = read_runs(site.state)
    words = f"starts: {record.starts}, killed or broken: {record.unclean_ends}"
    ends = Diagnosis("runs.ends", Verdict.PASS, words)
    if not record.starts:
        words = f"not looked at: no till was started with {site.state}"
        ends = Diagnosis("runs.ends", Verdict.SKIP, words)
    return [ends, *_crashes(site)]


def _crashes(site: CheckedSite) -> list[Diagnosis]:
    notes = crash_notes(site.state)
    if not notes:
        return [Diagnosis("runs.crashes", Verdict.PASS, "no crash file")]
    last = notes[-1]
    words = f"crash files: {len(notes)}, the last: {last.fault} at {last.place}, {last.at}"
    removing = command_line("rm", site.state)
    advice = f"send in what `taptill support` packs, then {removing}/crash-*.json"
    return [Diagnosis("runs.crashes", Verdict.WARN, words, advice)]
