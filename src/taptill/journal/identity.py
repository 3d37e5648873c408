"""What a journal belongs to: backend, strategy, machine and till; and its changes."""

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


def opening(queries: JournalQueries, identity: Identity) -> tuple[str, list[Draft]]:
    """Return the journal's id, and the entry `opened` where the identity is new.

    Raise JournalRetiredError, JournalClonedError on another machine, and JournalOpenError where
    backend, strategy or form of money changed while money is open for the old one.
    """
    if queries.rare(EntryKind.RETIRED):
        raise JournalRetiredError(path=queries.path)
    last_identity = queries.last_opened()
    journal_id = last_identity["journal_id"] if last_identity else new_journal_id()
    body = {"journal_id": journal_id, **identity}
    if last_identity == body:
        return journal_id, []
    if last_identity:
        _refuse_clone(queries, last_identity, identity)
        changes = [
            key
            for key in _BOUND
            if key in last_identity and last_identity[key] != identity.get(key)
        ]
        if changes:
            refuse_while_open(queries, f"{' and '.join(changes)} changed")
        if "strategy" in changes:
            return _begin_anew(last_identity["journal_id"], identity)
    return journal_id, [Draft(EntryKind.OPENED, body=body)]


def refuse_while_open(queries: JournalQueries, cause: str) -> None:
    """Raise JournalOpenError, with count and sum, while anything is open."""
    count, total = queries.open_sum(with_desk=True)
    if count:
        money = amount(total, currency(queries), "en")
        raise JournalOpenError(path=queries.path, what=cause, count=count, sum=money)


def refuse_moved(other_paths: Iterable[Path], till: str) -> None:
    """Raise JournalOpenError where another journal of this till holds what is not sent yet.

    A journal that cannot be opened here, another account's for example, is ignored.
    """
    for path in other_paths:
        try:
            with closing(JournalQueries(path)) as queries:
                if (queries.last_opened() or {}).get("till") == till:
                    refuse_while_open(queries, "the state directory changed")
        except JournalOpenError:
            raise
        except JournalError:
            continue


def currency(queries: JournalQueries) -> Currency:
    """Return the currency of the newest charge, also of a closed year.

    Errors: JournalError.
    """
    charge = _newest(queries, EntryKind.CHARGE)
    body = charge.body if charge else carried_over(queries)
    return Currency.named(body.get("currency", ""))


def adopt(journal: LoneJournal, machine: str) -> str:
    """Journal that this machine replaces the old one; return the old machine's name."""
    last_identity = last_opened(journal)
    old_machine = last_identity.get("machine", UNKNOWN_MACHINE)
    if old_machine == machine:
        raise UsageError(problem="this journal belongs to this machine already")
    journal.append(
        Draft(EntryKind.ADOPTED, body={"was": old_machine, "machine": machine}),
        Draft(EntryKind.OPENED, body={**last_identity, "machine": machine}),
    )
    return old_machine


def fork(journal: LoneJournal, clock: Clock, late_max_s: float) -> tuple[str, int]:
    """Go on under a new journal id; return it, and the cases that now wait on the conflict desk.

    Raise UsageError while a request of the old id may still land: it would revert new marks.
    """
    last_identity = last_opened(journal)
    if last_identity["strategy"] != "debt":
        raise UsageError(problem="only the strategy 'debt' has marks that a twin can share")
    refuse_late(journal.queries, clock, late_max_s)
    journal_id, drafts = _begin_anew(last_identity["journal_id"], last_identity)
    journal.append(*drafts)
    return journal_id, journal.queries.in_question()[0]


def refuse_late(queries: JournalQueries, clock: Clock, late_max_s: float) -> None:
    """Raise UsageError while a request that was sent may still land."""
    attempt = _newest(queries, EntryKind.ATTEMPT)
    left_s = late_max_s - age_s(attempt, clock) if attempt else 0
    if left_s > 0:
        raise UsageError(problem=f"a request may still be under way: wait {round(left_s + 1)} s")


def _begin_anew(was: str, identity: Identity) -> tuple[str, list[Draft]]:
    """Return a new id, from which all sums begin anew, and the entries that say so.

    A change of strategy needs one, too: no mark covers what the office booked from a file, and no
    file what was sent.
    """
    journal_id = new_journal_id()
    return journal_id, [
        Draft(EntryKind.FORKED, body={"journal_id": journal_id, "was": was}),
        Draft(EntryKind.OPENED, body={**identity, "journal_id": journal_id}),
    ]


def last_opened(journal: LoneJournal) -> dict[str, str]:
    """Return whose journal it is. Errors: JournalError, of a retired one JournalRetiredError."""
    identity = journal.queries.last_opened()
    if identity is None:
        raise JournalError(path=journal.queries.path, detail="no till has ever opened it")
    if journal.queries.rare(EntryKind.RETIRED):
        raise JournalRetiredError(path=journal.queries.path)
    return identity


def _refuse_clone(queries: JournalQueries, last_identity: Identity, identity: Identity) -> None:
    # Empty: written by a version that took an empty machine-id for a name.
    old_machine, this_machine = (
        source.get("machine") or UNKNOWN_MACHINE for source in (last_identity, identity)
    )
    if old_machine != this_machine and UNKNOWN_MACHINE not in (old_machine, this_machine):
        raise JournalClonedError(path=queries.path)


def _newest(queries: JournalQueries, kind: EntryKind) -> Entry | None:
    with mapping_errors(queries.path):
        return next(entries(queries.connection, _NEWEST, [kind.value]), None)


def age_s(entry: Entry, clock: Clock) -> float:
    """Return the least seconds since an entry was written, without the wall clock."""
    boot_id, uptime_ms = clock.boot()
    since_ms = uptime_ms - entry.uptime_ms if entry.boot_id == boot_id else uptime_ms
    return since_ms / 1000
