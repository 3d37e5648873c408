"""What a journal belongs to in, a refusal out where that has changed under open entries."""

import secrets
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

from taptill.domain.clock import Clock
from taptill.domain.currencies.writing import amount
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import (
    JournalClonedError,
    JournalError,
    JournalOpenError,
    JournalRetiredError,
    UsageError,
)
from taptill.domain.money import Currency
from taptill.journal.file import entries, mapping_errors
from taptill.journal.lock import LoneJournal
from taptill.journal.queries import JournalQueries, carried_over

Identity = Mapping[str, str]
"""Backend, strategy, form of money, machine and till, as the last `opened` has them."""

UNKNOWN_MACHINE = "unknown"
_NEWEST = "seq = (SELECT seq FROM entries WHERE +kind = ? ORDER BY seq DESC LIMIT 1)"
_BOUND = ("backend", "strategy", "money")


def new_journal_id() -> str:
    """Make eight random hex digits."""
    return secrets.token_hex(4)


def opening(reads: JournalQueries, identity: Identity) -> tuple[str, list[Draft]]:
    """Give the journal's id, and the `opened` that it owes where its identity is new.

    Errors: JournalRetiredError; JournalClonedError on another machine; JournalOpenError where
    backend or strategy changed while money is on its way to the old one.
    """
    if reads.rare(EntryKind.RETIRED):
        raise JournalRetiredError(path=reads.path)
    opened = reads.last_opened()
    journal_id = opened["journal_id"] if opened else new_journal_id()
    body = {"journal_id": journal_id, **identity}
    if opened == body:
        return journal_id, []
    if opened:
        _refuse_clone(reads, opened, identity)
        moved = [key for key in _BOUND if key in opened and opened[key] != identity.get(key)]
        if moved:
            refuse_while_open(reads, f"{' and '.join(moved)} changed")
        if "strategy" in moved:
            return _begin_anew(opened["journal_id"], identity)
    return journal_id, [Draft(EntryKind.OPENED, body=body)]


def refuse_while_open(reads: JournalQueries, what: str) -> None:
    """Raise JournalOpenError, with count, sum and the ways out, while anything is open."""
    count, total = reads.open_sum(with_desk=True)
    if count:
        money = amount(total, currency(reads), "en")
        raise JournalOpenError(path=reads.path, what=what, count=count, sum=money)


def refuse_moved(other_paths: Iterable[Path], till: str) -> None:
    """Raise JournalOpenError where another journal of this till holds what is not sent yet.

    One that cannot be opened here, somebody else's for example, says nothing.
    """
    for path in other_paths:
        try:
            with closing(JournalQueries(path)) as reads:
                if (reads.last_opened() or {}).get("till") == till:
                    refuse_while_open(reads, "the state directory changed")
        except JournalOpenError:
            raise
        except JournalError:
            continue


def currency(reads: JournalQueries) -> Currency:
    """Give the currency of the newest charge, be it of a year that is closed.

    Errors: JournalError.
    """
    charge = _newest(reads, EntryKind.CHARGE)
    told = charge.body if charge else carried_over(reads)
    return Currency.named(told.get("currency", ""))


def adopt(journal: LoneJournal, machine: str) -> str:
    """Say that this board replaces the old one, which is gone; give the old one's name."""
    opened = last_opened(journal)
    was = opened.get("machine", UNKNOWN_MACHINE)
    if was == machine:
        raise UsageError(problem="this journal belongs to this machine already")
    journal.append(
        Draft(EntryKind.ADOPTED, body={"was": was, "machine": machine}),
        Draft(EntryKind.OPENED, body={**opened, "machine": machine}),
    )
    return was


def fork(journal: LoneJournal, clock: Clock, late_max_s: float) -> tuple[str, int]:
    """Go on under a new journal id; give it, and the cases that now wait on the conflict desk.

    Refused while a request of the old id may still land, which would take the new marks back.
    """
    opened = last_opened(journal)
    if opened["strategy"] != "debt":
        raise UsageError(problem="only the strategy 'debt' has marks that a twin can share")
    refuse_late(journal.reads, clock, late_max_s)
    journal_id, drafts = _begin_anew(opened["journal_id"], opened)
    journal.append(*drafts)
    return journal_id, journal.reads.in_question()[0]


def refuse_late(reads: JournalQueries, clock: Clock, late_max_s: float) -> None:
    """Raise UsageError while a request that was sent may still land."""
    attempt = _newest(reads, EntryKind.ATTEMPT)
    left_s = late_max_s - age_s(attempt, clock) if attempt else 0
    if left_s > 0:
        raise UsageError(problem=f"a request may still be under way: wait {round(left_s + 1)} s")


def _begin_anew(was: str, identity: Identity) -> tuple[str, list[Draft]]:
    """Give a new id, from which all sums begin anew, and the entries that say so.

    A change of strategy needs one, too: no mark covers what the office booked from a file, and no
    file what was sent.
    """
    journal_id = new_journal_id()
    return journal_id, [
        Draft(EntryKind.FORKED, body={"journal_id": journal_id, "was": was}),
        Draft(EntryKind.OPENED, body={**identity, "journal_id": journal_id}),
    ]


def last_opened(journal: LoneJournal) -> dict[str, str]:
    """Give whose journal it is. Errors: JournalError, of a retired one JournalRetiredError."""
    opened = journal.reads.last_opened()
    if opened is None:
        raise JournalError(path=journal.reads.path, detail="no till has ever opened it")
    if journal.reads.rare(EntryKind.RETIRED):
        raise JournalRetiredError(path=journal.reads.path)
    return opened


def _refuse_clone(reads: JournalQueries, opened: Identity, identity: Identity) -> None:
    # Empty: written by a version that took an empty machine-id for a name.
    was, here = (one.get("machine") or UNKNOWN_MACHINE for one in (opened, identity))
    if was != here and UNKNOWN_MACHINE not in (was, here):
        raise JournalClonedError(path=reads.path)


def _newest(reads: JournalQueries, kind: EntryKind) -> Entry | None:
    with mapping_errors(reads.path):
        return next(entries(reads.connection, _NEWEST, [kind.value]), None)


def age_s(entry: Entry, clock: Clock) -> float:
    """Give how many seconds ago an entry was written at least, without asking wall time."""
    boot_id, uptime_ms = clock.boot()
    since_ms = uptime_ms - entry.uptime_ms if entry.boot_id == boot_id else uptime_ms
    return since_ms / 1000
