"""Questions in, facts of the journal out: a reading connection beside the writer's."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Entry, EntryKind, MarkedEntry, Position
from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.domain.money import MINOR_MAX, Money
from taptill.journal import projection
from taptill.journal.chain import ENTRY_COLUMNS, chain_break
from taptill.journal.file import (
    MISSING_END,
    beginning,
    connect,
    entries,
    known_end,
    mapping_errors,
    position,
)
from taptill.journal.marked_entry import entry_at_mark, start_seq
from taptill.journal.schema import CARRIED_SEQ, MONEY, RARE
from taptill.settlement.requests import JournalAnswer

END_CHECKED = 1000
"""So many entries of the chain's end are checked at start; `verify` walks all."""

# One walk over the open customers, however many they are after an offline day. The first IN is
# the words of the index, too.
_ASKED = """
WITH asked (customer_id, above) AS (
    SELECT ?1, ?2 UNION ALL
    SELECT customer_id, coalesce(seen_seq, start_seq) FROM positions
    WHERE open AND customer_id != ?1
)
"""
_OFFLINE_SPEND = f"""{_ASKED}
SELECT coalesce(sum(amount_minor) FILTER (WHERE c.customer_id = ?1), 0),
       coalesce(sum(amount_minor), 0)
FROM asked JOIN entries c ON c.customer_id = asked.customer_id AND c.seq > asked.above
WHERE {MONEY} AND kind = 'charge' AND json_extract(body, '$.offline') AND NOT EXISTS (
    SELECT 1 FROM entries v
    WHERE v.kind = 'void' AND v.charge_id = c.charge_id AND v.charge_id IS NOT NULL
)
"""  # noqa: S608 - constants

# Whose row was set back to a mark from before the close: the archive has the rest.
_SET_BACK = f"""{_ASKED}
SELECT asked.customer_id, above FROM asked JOIN entries c ON c.customer_id = asked.customer_id
WHERE c.kind = 'carried' AND {CARRIED_SEQ} > above
"""  # noqa: S608 - constants

SPENT = Money(MINOR_MAX)
"""More than any cap."""


class JournalQueries:
    """A read-only look at the journal; each call sees one committed state.

    Errors: JournalError. `connection` is one that is open already, a simulation's for example.
    """

    def __init__(self, path: Path | str, connection: sqlite3.Connection | None = None) -> None:
        self.path = path
        self.connection = connection or connect(path, read_only=True)
        self._spent: tuple[tuple[int, ...], OfflineExposure] | None = None

    def position(self, customer_id: int) -> Position | None:
        """Tell where the journal stands with a customer; None without any entry."""
        with mapping_errors(self.path):
            return position(self.connection, customer_id)

    def look(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        """Give position and the row's mark's footing; None: nothing here concerns the customer.

        Both come from one committed state.
        """
        with self._one_state():
            position = self.position(customer_id)
            if position is None and mark_seq is None:
                return None
            found = None if mark_seq is None else self.entry_at_mark(mark_seq)
        return JournalAnswer(position or projection.empty_position(customer_id), found)

    def entry_at_mark(self, seq: int) -> MarkedEntry | None:
        """Give the money entry at `seq` with its customer's sum up to it; None: not ours.

        One from before a year was closed is in the archive: JournalArchiveError, see `archived`.
        """
        with mapping_errors(self.path):
            found = entry_at_mark(self.connection, seq)
        return found or self._archived(seq)

    def _archived(self, seq: int) -> MarkedEntry | None:
        if seq >= first_seq(self):
            return None
        with archived(self) as closed:
            found = closed.entry_at_mark(seq) if closed else None
        with mapping_errors(self.path):
            ours = found and seq > start_seq(self.connection, found.customer_id)
        return found if ours else None

    def open_customers(self, limit: int) -> list[int]:
        """Give the customers with money still to be sent, oldest money entry first."""
        query = (
            "SELECT customer_id FROM positions WHERE open AND conflict IS NULL "
            "ORDER BY last_seq LIMIT ?"
        )
        return [row[0] for row in self._ask(query, limit)]

    def open_sum(self, *, with_desk: bool = False) -> tuple[int, Money]:
        """Count the customers with money to be sent, and sum it.

        The conflict desk's on request, with all that may be missing of it.
        """
        which = "open OR conflict IS NOT NULL" if with_desk else "open AND conflict IS NULL"
        query = (
            "SELECT count(*), coalesce(sum(in_question), 0) "  # noqa: S608 - constants
            f"FROM positions WHERE {which}"
        )
        count, total = self._ask(query)[0]
        return count, Money(total)

    def in_question(self) -> tuple[int, Money]:
        """Count the customers on the conflict desk, and sum what may be missing, without signs."""
        query = (
            "SELECT count(*), coalesce(sum(abs(in_question)), 0) FROM positions "
            "WHERE conflict IS NOT NULL"
        )
        count, total = self._ask(query)[0]
        return int(count), Money(total)

    def halted(self) -> list[int]:
        """Give the customers whose rows halted settlement since it was last resumed, if any."""
        query = (
            f"SELECT DISTINCT customer_id FROM entries WHERE {RARE} AND kind = 'halted' AND seq > "  # noqa: S608 - constant
            f"(SELECT coalesce(max(seq), 0) FROM entries WHERE {RARE} AND kind = 'resumed')"
        )
        return [row[0] for row in self._ask(query)]

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Sum offline charges beyond the newest marks, of one customer and of the terminal.

        Asked at each key while the backend is away: summed up anew only after a commit.
        """
        asked = (*self._state(), customer_id, above_seq)
        if self._spent is None or self._spent[0] != asked:
            own, terminal = self._ask(_OFFLINE_SPEND, customer_id, above_seq)[0]
            try:
                own_before, before = self._archived_spend(customer_id, above_seq)
            except JournalArchiveError:
                return OfflineExposure(SPENT, SPENT)  # nobody can say
            spend = OfflineExposure(Money(own + own_before), Money(terminal + before))
            self._spent = (asked, spend)
        return self._spent[1]

    def _archived_spend(self, customer_id: int, above_seq: int) -> tuple[int, int]:
        own = terminal = 0
        back = self._ask(_SET_BACK, customer_id, above_seq)
        if not back:
            return own, terminal
        with archived(self) as closed:
            for one, above in back:  # nothing is open in an archive: the one's own is all
                spent = closed.offline_exposure(one, above).terminal.minor if closed else 0
                own += spent if one == customer_id else 0
                terminal += spent
        return own, terminal

    def last_sales(self, count: int) -> list[Entry]:
        """Give the last charges and voids, oldest first."""
        where = (
            "kind IN ('charge', 'void') AND seq IN (SELECT seq FROM entries "
            "WHERE +kind IN ('charge', 'void') ORDER BY seq DESC LIMIT ?)"  # +: from the end on
        )
        with mapping_errors(self.path):
            return list(entries(self.connection, where, [count]))

    def rare(self, kind: EntryKind) -> list[Entry]:
        """Give all entries of a kind that the index of rare ones holds, oldest first."""
        with mapping_errors(self.path):
            return list(entries(self.connection, f"{RARE} AND kind = ?", [kind.value]))

    def newest(self) -> Entry | None:
        """Give the newest entry of all; None of an empty journal."""
        with mapping_errors(self.path):
            found = list(entries(self.connection, "seq = (SELECT max(seq) FROM entries)"))
        return found[0] if found else None

    def last_opened(self) -> dict[str, str] | None:
        """Give the body of the last `opened`: journal id, backend, strategy, machine."""
        where = f"seq = (SELECT max(seq) FROM entries WHERE {RARE} AND kind = 'opened')"  # noqa: S608 - constant
        with mapping_errors(self.path):
            found = list(entries(self.connection, where))
        return dict(found[0].body) if found else None

    def end_break(self) -> tuple[int, str] | None:
        """Check the chain's last entries; give seq and fault of the first that does not fit."""
        query = f"SELECT {ENTRY_COLUMNS} FROM entries ORDER BY seq DESC LIMIT ?"  # noqa: S608 - constant
        rows = self._ask(query, END_CHECKED)[::-1]
        seq, prev_hash = _beginning(self)
        if len(rows) == END_CHECKED:  # what is before them is believed
            seq, prev_hash = rows[0][0], rows[0][-2]
        for row in rows:
            fault = chain_break(row, seq, prev_hash)
            if fault:
                return seq, fault
            seq, prev_hash = seq + 1, row[-1]
        with mapping_errors(self.path):
            known = known_end(self.connection)
        return None if known < seq else (seq, MISSING_END)

    def close(self) -> None:
        """Close the reading connection."""
        self.connection.close()

    def _state(self) -> tuple[int, int]:
        """Give what changes with each commit, of another connection or of this one."""
        with mapping_errors(self.path):
            version = self.connection.execute("PRAGMA data_version").fetchone()[0]
        return version, self.connection.total_changes

    def _ask(self, query: str, *parameters: int) -> list[Any]:
        with mapping_errors(self.path):
            return self.connection.execute(query, parameters).fetchall()

    @contextmanager
    def _one_state(self) -> Iterator[None]:
        """Make several reads see one committed state."""
        with mapping_errors(self.path):
            self.connection.execute("BEGIN")
            try:
                yield
            finally:
                self.connection.execute("ROLLBACK")  # nothing was written: it only ends the look


def archive_of(reads: JournalQueries) -> Path | None:
    """Give the archive that a journal follows, beside it; None of one that follows none."""
    name = carried_over(reads).get("archive")
    return Path(reads.path).with_name(Path(name).name) if name else None


def archive_at(journal: Path, first_seq: int | str) -> Path:
    """Give where the archive lies whose first entry has this number."""
    return journal.with_name(f"{journal.stem}-from-{first_seq}{journal.suffix}")


def archives_beside(journal: Path) -> list[Path]:
    """Give all files whose names are those of a journal's archives."""
    return sorted(journal.parent.glob(archive_at(journal, "*").name))


def carried_over(reads: JournalQueries) -> Mapping[str, Any]:
    """Give what the first entry of a journal that follows an archive says; empty of another one."""
    where = "seq = (SELECT min(seq) FROM entries) AND kind = 'carried'"
    with mapping_errors(reads.path):
        return next((one.body for one in entries(reads.connection, where)), {})


@contextmanager
def archived(reads: JournalQueries) -> Iterator[JournalQueries | None]:
    """Open the archive that a journal follows, for as long as it is read; None: it follows none.

    Errors: JournalArchiveError where that is gone, cannot be read or is another journal's.
    """
    archive = archive_of(reads)
    if archive is None:
        yield None
        return
    name, path, words = archive.name, Path(reads.path), f"{archive.name} is gone"
    try:
        if archive.exists():
            with closing(JournalQueries(archive)) as closed:
                if follows(reads, closed):
                    yield closed
                    return
            words = f"{path.name} does not follow the end of {name}"
    except JournalArchiveError:  # of one that this archive follows itself
        raise
    except JournalError as fault:
        words = f"{name}: {fault.fields.get('detail', 'a newer version wrote it')}"
    raise JournalArchiveError(path=path, seq=first_seq(reads) - 1, detail=words)


@contextmanager
def holding(reads: JournalQueries, seq: int) -> Iterator[JournalQueries]:
    """Give the journal itself, or, of the archives that it follows, the one that has an entry.

    What none has is before the oldest one. Errors: JournalArchiveError.
    """
    found = reads
    with ExitStack() as opened:
        while seq < first_seq(found) and (closed := opened.enter_context(archived(found))):
            found = closed
        yield found


def first_seq(reads: JournalQueries) -> int:
    """Give the number of the first entry."""
    return _beginning(reads)[0]


def check_archives(reads: JournalQueries) -> None:
    """Raise JournalArchiveError for the first archive, the newest first, that cannot be asked.

    Their chains are not walked.
    """
    with archived(reads) as closed:
        if closed:
            check_archives(closed)


def follows(reads: JournalQueries, closed: JournalQueries) -> bool:
    """Tell whether a journal begins where an archive was closed, by the entry `retired`."""
    end = closed.newest()
    return end is not None and (end.seq, end.prev_hash) == _beginning(reads)


def _beginning(reads: JournalQueries) -> tuple[int, str]:
    with mapping_errors(reads.path):
        return beginning(reads.connection)
