"""A journal's customers in, who they are for a person out: initials, card, goods, amounts."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from taptill.domain.card_id import masked
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.journal.back_office.conflicts import charge_before, entries_of
from taptill.journal.queries import JournalQueries

CACHE = "cache.db"
GOODS_MAX = 8
"""So many kinds of goods are named."""
SEQ_MAX = 2**63 - 1


def card_of(state: Path, customer: int) -> str:
    """Give the end of a customer's card as this till knows it; empty where it knows none.

    The journal keeps no card; the cache does, and may be gone or damaged at any time.
    """
    path = state / CACHE
    if not path.is_file():
        return ""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as cache:
            query = "SELECT card_id FROM customers WHERE id = ?"
            found = cache.execute(query, [customer]).fetchone()
    except sqlite3.Error:
        return ""
    return masked(str(found[0])) if found and found[0] else ""


def initials_of(reads: JournalQueries, customer: int) -> str:
    """Give the initials that a customer's last charge was made with."""
    return str(charge_before(reads.connection, customer, SEQ_MAX).get("initials", ""))


def goods_of(reads: JournalQueries, position: Position) -> str:
    """Name what was bought with the charges that may be missing in the row."""
    sure = position.certain_mark if position.conflict else position.row_mark
    covered = sure.seq if sure else position.start_seq
    history = list(entries_of(reads.connection, position.customer_id))
    voided = {one.charge_id for one in history if one.kind is EntryKind.VOID}
    return _goods(
        one
        for one in history
        if one.kind is EntryKind.CHARGE and one.seq > covered and one.charge_id not in voided
    )


def _goods(charges: Iterable[Entry]) -> str:
    counted: Counter[str] = Counter()
    for charge in charges:
        for name, quantity in _lines(charge.body):
            counted[name] += quantity
    named = [name if count == 1 else f"{count} x {name}" for name, count in counted.items()]
    more = ["..."] if len(named) > GOODS_MAX else []
    return ", ".join([*named[:GOODS_MAX], *more])


def _lines(body: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(str(name), int(quantity)) for name, _, quantity in body.get("lines", [])]
