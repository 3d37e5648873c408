"""The journal: whether it can be read, and what waits in it."""

import asyncio
from contextlib import closing

from taptill import config as configs
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import JournalError
from taptill.install.checks.site import CheckedSite
from taptill.journal.queries import JournalQueries


async def check_journal(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the journal; a till may run meanwhile."""
    return await asyncio.to_thread(_look, site)


def _look(site: CheckedSite) -> list[Diagnosis]:
    path = configs.journal_path(site.state)
    if not path.exists():
        return [Diagnosis("journal.file", Verdict.PASS, "none yet: the till makes one")]
    try:
        with closing(JournalQueries(path)) as queries:
            newest = queries.newest()
            count, _ = queries.open_sum()
            cases, _ = queries.in_question()
    except JournalError as fault:
        return [Diagnosis("journal.file", Verdict.FAIL, str(fault), "taptill journal verify")]
    number = newest.seq if newest else 0
    return [
        Diagnosis("journal.file", Verdict.PASS, f"can be read, {number} entries"),
        _waiting(count),
        _cases(cases),
    ]


def _waiting(count: int) -> Diagnosis:
    if count:
        words = f"{count} customers' money is not sent yet"
        return Diagnosis("journal.unsent", Verdict.WARN, words, "taptill run, or taptill settle")
    return Diagnosis("journal.unsent", Verdict.PASS, "everything is sent")


def _cases(count: int) -> Diagnosis:
    if count:
        words = f"{count} cases wait for a decision"
        return Diagnosis("journal.cases", Verdict.WARN, words, "taptill conflicts list")
    return Diagnosis("journal.cases", Verdict.PASS, "no case waits for a decision")
