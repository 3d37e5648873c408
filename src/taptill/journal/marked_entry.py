"""A mark's seq in, what this journal has there out: whose money entry, and the sum up to it."""

import json
import sqlite3

from taptill.domain.entry import MarkedEntry
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal import projection
from taptill.journal.schema import CARRIED_SEQ, MONEY

_AT = f"SELECT customer_id, hash FROM entries WHERE seq = ? AND {MONEY}"  # noqa: S608 - constant
_SUM = (
    f"SELECT coalesce(sum(amount_minor), 0) FROM entries "  # noqa: S608 - constant
    f"WHERE customer_id = ? AND seq > ? AND seq <= ? AND {MONEY}"
)
_CARRIED = "SELECT body FROM entries WHERE kind = 'carried' AND {} = ?"
AT_SEQ, OF_CUSTOMER = (_CARRIED.format(one) for one in (CARRIED_SEQ, "customer_id"))


def entry_at_mark(connection: sqlite3.Connection, seq: int) -> MarkedEntry | None:
    """Give the money entry at `seq` with its customer's sum up to it.

    Of the entries in a closed journal, each customer's last one. None: there is none, or it
    belongs to the journal id before a fork.
    """
    found = connection.execute(_AT, (seq,)).fetchone()
    if found is None:
        carried = _carried(connection, AT_SEQ, seq)
        return carried if carried and seq > start_seq(connection, carried.customer_id) else None
    customer_id, digits = found
    start = start_seq(connection, customer_id)
    if seq <= start:
        return None
    total = connection.execute(_SUM, (customer_id, start, seq)).fetchone()[0]
    carried = _carried(connection, OF_CUSTOMER, customer_id)
    if carried and carried.mark.seq > start:
        total += carried.mark.total
    return MarkedEntry(customer_id, Mark(seq, total, digits[:HASH_DIGITS]))


def start_seq(connection: sqlite3.Connection, customer_id: int) -> int:
    """Give the last money entry of this customer under a journal id that is no more; 0: none."""
    query = "SELECT start_seq FROM positions WHERE customer_id = ?"
    row = connection.execute(query, (customer_id,)).fetchone()
    return int(row[0]) if row else 0


def _carried(connection: sqlite3.Connection, query: str, key: int) -> MarkedEntry | None:
    """Give a customer's last mark before this journal began, where it follows a closed one."""
    row = connection.execute(query, (key,)).fetchone()
    position = projection.from_row(tuple(json.loads(row[0])["position"])) if row else None
    return MarkedEntry(position.customer_id, position.last) if position and position.last else None
