"""Sums of the offline charges that the newest rows do not hold, kept between commits.

A charge counts from its commit until the row's mark reaches it, less what its voids took back. So
the sum of a customer depends on the customer's own entries and position alone, and an entry changes
the sum of its own customer; a fork and a booked file change those of many. Whoever keeps the sums
of all open customers computes those of the customers anew who have entries since, and no others.
"""

import json
import sqlite3

from taptill.domain.entry import EntryKind
from taptill.journal.schema import CARRIED_SEQ, MONEY

ENTRIES_MAX = 1_000
"""After more entries than these all sums are computed anew, which takes about as long."""

_COUNTS = f"{MONEY} AND kind = 'charge' AND json_extract(body, '$.offline')"
_LEFT = """
sum(c.amount_minor + coalesce((
    SELECT sum(v.amount_minor) FROM entries v
    WHERE v.kind = 'void' AND v.charge_id = c.charge_id AND v.charge_id IS NOT NULL
), 0))
"""
_SUM_OF_ONE = f"""
SELECT coalesce({_LEFT}, 0) FROM entries c
WHERE c.customer_id = ?1 AND c.seq > ?2 AND {_COUNTS}
"""  # noqa: S608 - constants
_IS_SET_BACK = f"""
SELECT 1 FROM entries c WHERE c.customer_id = ?1 AND c.kind = 'carried' AND {CARRIED_SEQ} > ?2
"""  # noqa: S608 - constants

_HELD = "coalesce(p.seen_seq, p.start_seq)"
_SUMS = f"""
SELECT p.customer_id, {_HELD}, {_LEFT}
FROM positions p CROSS JOIN entries c ON c.customer_id = p.customer_id AND c.seq > {_HELD}
WHERE p.open AND %s AND {_COUNTS} GROUP BY p.customer_id
"""  # noqa: S608 - constants
_SET_BACK = f"""
SELECT p.customer_id, {_HELD}
FROM positions p CROSS JOIN entries c ON c.customer_id = p.customer_id
WHERE p.open AND %s AND c.kind = 'carried' AND {CARRIED_SEQ} > {_HELD}
"""  # noqa: S608 - constants
_THESE = "p.customer_id IN (SELECT value FROM json_each(?))"
_END = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
_HASH = "SELECT hash FROM entries WHERE seq = ?"
_SINCE = "SELECT DISTINCT kind, customer_id FROM entries WHERE seq > ?"

_NOTHING = (-1, 0)
"""Of a customer who is not open, or has no such charge: no row holds the entry -1."""

_OF_MANY = {EntryKind.FORKED.value, EntryKind.BOOKED.value}
"""Entries that change the positions of other customers than their own."""


class ExposureSums:
    """The sum of each open customer of one file; `update` brings it to the committed state."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._end: tuple[int, str] = (0, "")
        self._sums: dict[int, tuple[int, int]] = {}
        """The entry number that a customer's row holds, and the sum beyond it."""
        self._total = 0
        self.set_back: dict[int, int] = {}
        """Open customers whose row's mark is older than this file, with that mark's number."""

    def of_others(self, customer_id: int) -> int:
        """Return the sum of all open customers but this one, in minor units."""
        return self._total - self._sums.get(customer_id, _NOTHING)[1]

    def of_one(self, customer_id: int, above_seq: int) -> int:
        """Return the sum of one customer's charges with larger numbers, in minor units."""
        held_seq, total = self._sums.get(customer_id, _NOTHING)
        if held_seq == above_seq:  # as nearly always: the row at hand is the last one known
            return total
        row = self._connection.execute(_SUM_OF_ONE, (customer_id, above_seq)).fetchone()
        return int(row[0])

    def is_set_back(self, customer_id: int, above_seq: int) -> bool:
        """Return whether a part of the charges above this number is in the archive."""
        found = self._connection.execute(_IS_SET_BACK, (customer_id, above_seq)).fetchone()
        return found is not None

    def update(self) -> None:
        """Take in the entries since the last call; it and what follows see one state."""
        end = self._connection.execute(_END).fetchone() or (0, "")
        if end == self._end:
            return
        changed = self._changed_customers(end[0])
        if changed is None:
            sums, set_back = self._read("1")
            self._sums, self.set_back, self._total = sums, set_back, 0
        else:
            sums, set_back = self._read(_THESE, json.dumps(changed))
            for customer_id in changed:
                self._total -= self._sums.pop(customer_id, _NOTHING)[1]
                self.set_back.pop(customer_id, None)
            self._sums |= sums
            self.set_back |= set_back
        self._total += sum(total for _, total in sums.values())
        self._end = end  # last: what could not be read is read the next time

    def _changed_customers(self, end_seq: int) -> list[int] | None:
        """Return the customers with entries since; None: all sums must be computed anew."""
        seq, digits = self._end
        known = self._connection.execute(_HASH, (seq,)).fetchone()
        if known != (digits,) or end_seq - seq > ENTRIES_MAX:
            return None
        rows = self._connection.execute(_SINCE, (seq,)).fetchall()
        if any(kind in _OF_MANY for kind, _ in rows):
            return None
        return [customer_id for _, customer_id in rows if customer_id is not None]

    def _read(
        self, where: str, *parameters: str
    ) -> tuple[dict[int, tuple[int, int]], dict[int, int]]:
        rows = self._connection.execute(_SUMS % where, parameters)
        sums = {customer_id: (held_seq, total) for customer_id, held_seq, total in rows}
        return sums, dict(self._connection.execute(_SET_BACK % where, parameters).fetchall())
