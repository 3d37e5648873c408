"""A mark's seq in, what this journal has there out: whose money entry, and the sum up to it."""

import sqlite3

from taptill.domain.entry import Footing
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.journal.schema import MONEY

_AT = f"""
SELECT e.customer_id, e.hash, coalesce(p.start_seq, 0)
FROM entries e LEFT JOIN positions p USING (customer_id) WHERE e.seq = ? AND e.{MONEY}
"""  # noqa: S608 - constant
_SUM = (
    f"SELECT sum(amount_minor) FROM entries WHERE customer_id = ? AND seq > ? AND seq <= ? "  # noqa: S608 - constant
    f"AND {MONEY}"
)


def footing(connection: sqlite3.Connection, seq: int) -> Footing | None:
    """Give the money entry at `seq` with its customer's sum up to it.

    None: there is none, or it belongs to the journal id before a fork.
    """
    found = connection.execute(_AT, (seq,)).fetchone()
    if found is None or seq <= found[2]:
        return None
    customer_id, digits, start_seq = found
    total = connection.execute(_SUM, (customer_id, start_seq, seq)).fetchone()[0]
    return Footing(customer_id, Mark(seq, total, digits[:HASH_DIGITS]))
