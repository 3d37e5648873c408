"""The journal's money entry at a mark's number: whose it is, and the sum up to it."""

import json
import sqlite3

from taptill.domain.entry import MarkedEntry
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal import projection
from taptill.journal.schema import CARRIED_SEQ, MONEY

_MONEY_ENTRY = f"SELECT customer_id, hash FROM entries WHERE seq = ? AND {MONEY}"  # noqa: S608 - constant
_SUM_BETWEEN = (
    f"SELECT coalesce(sum(amount_minor), 0) FROM entries "  # noqa: S608 - constant
    f"WHERE customer_id = ? AND seq > ? AND seq <= ? AND {MONEY}"
)
_CARRIED = "SELECT body FROM entries WHERE kind = 'carried' AND {} = ?"
AT_SEQ, OF_CUSTOMER = (_CARRIED.format(one) for one in (CARRIED_SEQ, "customer_id"))


def entry_at_mark(connection: sqlite3.Connection, seq: int) -> MarkedEntry | None:
    """Return the money entry at `seq` with its customer's sum up to it.

    Of the entries in a closed journal, each customer's last one. None: there is none, or it
    belongs to the journal id before a fork.
    """
    row = connection.execute(_MONEY_ENTRY, (seq,)).fetchone()
    if row is None:
        carried_entry = _carried(connection, AT_SEQ, seq)
        return (
            carried_entry
            if carried_entry and seq > start_seq(connection, carried_entry.customer_id)
            else None
        )
    customer_id, entry_hash = row
    start = start_seq(connection, customer_id)
    if seq <= start:
        return None
    total = connection.execute(_SUM_BETWEEN, (customer_id, start, seq)).fetchone()[0]
    carried_entry = _carried(connection, OF_CUSTOMER, customer_id)
    if carried_entry and carried_entry.mark.seq > start:
        total += carried_entry.mark.total
    return MarkedEntry(customer_id, Mark(seq, total, entry_hash[:HASH_DIGITS]))


def start_seq(connection: sqlite3.Connection, customer_id: int) -> int:
    """Return the customer's last money entry under the journal id before a fork; 0: none."""
    query = "SELECT start_seq FROM positions WHERE customer_id = ?"
    row = connection.execute(query, (customer_id,)).fetchone()
    return int(row[0]) if row else 0


def _carried(connection: sqlite3.Connection, query: str, key: int) -> MarkedEntry | None:
    """Return a customer's last mark of the closed journal that this one follows; None: none."""
    row = connection.execute(query, (key,)).fetchone()
    position = projection.from_row(tuple(json.loads(row[0])["position"])) if row else None
    return MarkedEntry(position.customer_id, position.last) if position and position.last else None
