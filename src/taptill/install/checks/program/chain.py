"""The journal's chain: the newest entries, then all of them as far as a limited time allows."""

import time
from contextlib import closing
from pathlib import Path

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import (
    JournalBrokenError,
    JournalDamagedError,
    JournalDiskError,
    JournalError,
    JournalTooNewError,
)
from taptill.domain.technical.counting import many
from taptill.install.checks.site import RELEASE
from taptill.journal.queries import END_CHECKED, JournalQueries
from taptill.journal.verify import VerifyResult, verify

VERIFY_S_MAX = 15.0
_STEPS = 100
"""SQLite asks after so many of its instructions, a few rows, whether the time is over."""

_KEEP = "stop the till, copy {folder} to another medium, change nothing in it, call help"


def chain_diagnosis(path: Path, limit_s: float = VERIFY_S_MAX) -> Diagnosis:
    """Return whether the entries of a journal are those that were written; a till may run.

    All of them are verified, with the sums beside them, where that takes no longer than `limit_s`.
    """
    name = "journal.chain"
    try:
        with closing(JournalQueries(path)) as queries:
            newest, broken = queries.newest(), queries.end_break()
            result = VerifyResult(0, *broken) if broken else _verified(queries, limit_s)
    except JournalError as fault:
        return Diagnosis(name, Verdict.FAIL, str(fault), advice_for(fault, path))
    if result is None:
        count = newest.seq if newest else 0
        words = f"the newest {END_CHECKED} of {many(count, 'entry', 'entries')} fit the chain; "
        words += f"all would take more than {limit_s:.0f} s: taptill journal verify"
        return Diagnosis(name, Verdict.PASS, words)
    if result.broken_seq is not None:
        words = f"entry {result.broken_seq} does not fit the chain: {result.detail}"
        return Diagnosis(name, Verdict.FAIL, words, _KEEP.format(folder=path.parent))
    if result.stale_positions:
        words = f"the sums of {many(len(result.stale_positions), 'customer')} are not the entries'"
        advice = "stop the till; taptill journal verify --rebuild computes them anew"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    since = f" from {result.first_seq} on" if result.first_seq > 1 else ""
    words = f"{many(result.entries, 'entry', 'entries')}{since}, the chain holds"
    return Diagnosis(name, Verdict.PASS, words)


def _verified(queries: JournalQueries, limit_s: float) -> VerifyResult | None:
    """Return what verifying finds; None where it took too long. Errors: JournalError."""
    ends_s = time.monotonic() + limit_s
    queries.connection.set_progress_handler(lambda: time.monotonic() > ends_s, _STEPS)
    try:
        return verify(queries.connection, queries.path)
    except JournalError as fault:
        if getattr(fault.__cause__, "sqlite_errorname", "") == "SQLITE_INTERRUPT":
            return None
        raise
    finally:
        queries.connection.set_progress_handler(None, _STEPS)


def advice_for(fault: JournalError, path: Path) -> str:
    """Return what to do about a journal that cannot be read."""
    match fault:
        case JournalTooNewError():
            return f"sudo ./install.sh of the newer release; or {RELEASE}/bin/taptill doctor"
        case JournalDamagedError() | JournalBrokenError():
            return _KEEP.format(folder=path.parent)
        case JournalDiskError():
            return "sudo taptill doctor --only disk; docs/errors.md, when the disk fails"
        case _:
            return "docs/errors.md says what each sentence of the journal means"
