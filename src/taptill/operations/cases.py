"""What helps a person recognise a customer of the journal: initials, card and goods."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from taptill.domain.card_id import masked
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.sales.remainder import Remainder, remainder
from taptill.journal.back_office.conflicts import (
    ConflictCase,
    charge_before,
    entries_of,
    rests_on_earlier_decision,
)
from taptill.journal.queries import JournalQueries
from taptill.settlement.reconcile import ConflictReason, figures
from taptill.sqlite_files import connect_read_only

CACHE = "cache.db"
GOODS_MAX = 8
"""Kinds of goods that are named, at most."""
SEQ_MAX = 2**63 - 1

AMOUNT_UNKNOWN = frozenset(
    {
        ConflictReason.MARK_LOST,
        ConflictReason.COPIED_ROW,
        ConflictReason.UNKNOWN_MARK,
        ConflictReason.MARK_BACK,
        ConflictReason.FORKED,
    }
)
"""Reasons for which the row cannot show what is booked, so that a person must say it."""


def is_amount_unknown(queries: JournalQueries, case: ConflictCase) -> bool:
    """Return whether the row of a case cannot show what is booked, so that a person must say it.

    A refused update may be that of such a case: what the row holds is as unknown as before.
    """
    position, since = case.position, case.since
    if case.reason in AMOUNT_UNKNOWN:
        return True
    if rests_on_earlier_decision(queries.connection, position):
        return True
    opened = since.body if since else {}
    was_unknown = opened.get("reason") in AMOUNT_UNKNOWN
    if was_unknown and opened.get("held") == figures(position.certain_mark):
        return True
    return position.certain_mark is None and position.receipted_seq > 0


def person_of(state: Path, customer: int) -> tuple[str, str]:
    """Return a customer's name and the end of the card id from the cache, each may be empty.

    The journal keeps neither. The cache may be missing or damaged at any time.
    """
    path = state / CACHE
    if not path.is_file():
        return "", ""
    try:
        with closing(connect_read_only(path)) as cache:
            query = "SELECT name, card_id FROM customers WHERE id = ?"
            row = cache.execute(query, [customer]).fetchone()
    except sqlite3.Error:
        return "", ""
    name, card_id = row or ("", "")
    return str(name or ""), masked(str(card_id)) if card_id else ""


def card_of(state: Path, customer: int) -> str:
    """Return the end of a customer's card id from the cache, or an empty text."""
    return person_of(state, customer)[1]


def initials_of(queries: JournalQueries, customer: int) -> str:
    """Return the initials in a customer's last charge."""
    return str(charge_before(queries.connection, customer, SEQ_MAX).get("initials", ""))


def goods_of(queries: JournalQueries, position: Position) -> str:
    """Return the goods of the charges that may be missing in the row, less what was voided."""
    sure = position.certain_mark if position.conflict else position.row_mark
    covered_seq = sure.seq if sure else position.start_seq
    history = list(entries_of(queries.connection, position.customer_id))
    voids: defaultdict[str | None, list[Entry]] = defaultdict(list)
    for entry in history:
        if entry.kind is EntryKind.VOID:
            voids[entry.charge_id].append(entry)
    return _goods(
        remainder(entry, voids[entry.charge_id])
        for entry in history
        if entry.kind is EntryKind.CHARGE and entry.seq > covered_seq
    )


def _goods(charges: Iterable[Remainder]) -> str:
    quantities: Counter[str] = Counter()
    for charge in charges:
        for name, _, quantity in charge.lines:
            quantities[name] += quantity
    names = [name if count == 1 else f"{count} × {name}" for name, count in quantities.items()]
    ellipsis = ["..."] if len(names) > GOODS_MAX else []
    return ", ".join([*names[:GOODS_MAX], *ellipsis])
