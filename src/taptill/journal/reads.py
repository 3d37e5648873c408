"""Questions in, facts of the journal out: a reading connection beside the writer's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from taptill.domain.decision import OfflineSpend
from taptill.domain.entry import Entry, Footing, Position
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import Money
from taptill.journal.file import ENTRY_COLUMNS, chain_break, connect, entries, position

END_CHECKED = 1000
"""So many entries of the chain's end are checked at start; `verify` walks all."""

_MONEY = "kind IN ('charge', 'void', 'repayment', 'write-off')"

_OFFLINE_SPEND = """
SELECT coalesce(sum(c.amount_minor), 0) FROM entries c
WHERE c.customer_id = ?1 AND c.seq > ?2 AND c.kind = 'charge'
  AND json_extract(c.body, '$.offline')
  AND NOT EXISTS (SELECT 1 FROM entries v WHERE v.kind = 'void' AND v.charge_id = c.charge_id)
"""


class Reads:
    """A read-only look at the journal; each call sees one committed state."""

    def __init__(self, path: Path | str) -> None:
        self.connection = connect(path, read_only=True)

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Make several reads see one committed state."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("COMMIT")

    def position(self, customer_id: int) -> Position | None:
        """Tell where the journal stands with a customer; None without any entry."""
        return position(self.connection, customer_id)

    def footing(self, seq: int) -> Footing | None:
        """Give the money entry at `seq` with its customer's sum up to it; None: there is none."""
        row = self.connection.execute(
            f"SELECT customer_id, hash FROM entries WHERE seq = ? AND {_MONEY}",  # noqa: S608 - constant
            (seq,),
        ).fetchone()
        if row is None:
            return None
        total = self.connection.execute(
            f"SELECT sum(amount_minor) FROM entries WHERE customer_id = ? AND seq <= ? AND {_MONEY}",  # noqa: S608, E501 - constant
            (row[0], seq),
        ).fetchone()[0]
        return Footing(row[0], Mark(seq, total, row[1][:HASH_DIGITS]))

    def open_customers(self, limit: int) -> list[int]:
        """Give the customers with money still to be sent, oldest money entry first."""
        query = (
            "SELECT customer_id FROM positions WHERE open AND conflict IS NULL "
            "ORDER BY last_seq LIMIT ?"
        )
        return [row[0] for row in self.connection.execute(query, (limit,))]

    def open_sum(self) -> tuple[int, Money]:
        """Count the customers with money to be sent, and sum it."""
        query = (
            "SELECT count(*), coalesce(sum(total - coalesce(seen_total, 0)), 0) "
            "FROM positions WHERE open AND conflict IS NULL"
        )
        count, total = self.connection.execute(query).fetchone()
        return count, Money(total)

    def conflicts(self) -> int:
        """Count the customers on the conflict desk."""
        query = "SELECT count(*) FROM positions WHERE conflict IS NOT NULL"
        return int(self.connection.execute(query).fetchone()[0])

    def halted(self) -> bool:
        """Tell whether settlement was halted and not resumed since."""
        query = (
            "SELECT kind FROM entries WHERE kind IN ('opened', 'halted', 'resumed', 'forked') "
            "AND kind != 'opened' ORDER BY seq DESC LIMIT 1"
        )
        row = self.connection.execute(query).fetchone()
        return row is not None and row[0] == "halted"

    def offline_spend(self, customer_id: int, above_seq: int) -> OfflineSpend:
        """Sum offline charges beyond the newest marks, of one customer and of the terminal."""
        own = self._spent(customer_id, above_seq)
        query = "SELECT customer_id, coalesce(seen_seq, 0) FROM positions WHERE open"
        others = [row for row in self.connection.execute(query) if row[0] != customer_id]
        terminal = own + sum(self._spent(other, seen) for other, seen in others)
        return OfflineSpend(Money(own), Money(terminal))

    def last_sales(self, count: int) -> list[Entry]:
        """Give the last charges and voids, oldest first."""
        query = (
            f"SELECT {ENTRY_COLUMNS} FROM entries WHERE kind IN ('charge', 'void') "  # noqa: S608 - constant
            "ORDER BY seq DESC LIMIT ?"
        )
        seqs = [row[0] for row in self.connection.execute(query, (count,))]
        if not seqs:
            return []
        return list(entries(self.connection, "kind IN ('charge', 'void') AND seq >= ?", [seqs[-1]]))

    def last_opened(self) -> dict[str, str] | None:
        """Give the body of the last `opened`: journal id, backend, strategy, machine."""
        found = list(
            entries(
                self.connection,
                "seq = (SELECT max(seq) FROM entries WHERE kind IN "
                "('opened', 'halted', 'resumed', 'forked') AND kind = 'opened')",
            )
        )
        return dict(found[0].body) if found else None

    def end_break(self) -> tuple[int, str] | None:
        """Check the chain's last entries; give seq and fault of the first that does not fit."""
        query = f"SELECT {ENTRY_COLUMNS} FROM entries ORDER BY seq DESC LIMIT ?"  # noqa: S608 - constant
        rows = self.connection.execute(query, (END_CHECKED,)).fetchall()[::-1]
        if not rows:
            return None
        seq, prev_hash = rows[0][0], rows[0][-2]
        for row in rows:
            fault = chain_break(row, seq, prev_hash)
            if fault:
                return row[0], fault
            seq, prev_hash = seq + 1, row[-1]
        return None

    def close(self) -> None:
        """Close the reading connection."""
        self.connection.close()

    def _spent(self, customer_id: int, above_seq: int) -> int:
        found = self.connection.execute(_OFFLINE_SPEND, (customer_id, above_seq)).fetchone()
        return int(found[0])
