"""The tables, indexes and triggers of the journal's file."""

import sqlite3

from taptill.domain.sales.repaying import TAKEN_BACK_END, VOIDS

VERSION = 5
"""1 became 2: positions know row total, origin, start and end, and a void knows of write-offs;
2 became 3: a journal may begin with what a closed one has carried over; 3 became 4: positions know
what a case surely holds, and how their row was enrolled; 4 became 5: a charge may have several
voids, and no two shifts have one number. The entries that were there are the same in all."""

ARCHIVES_SINCE = 3
"""The archive of a closed year keeps the format that it was closed with, and is read all the same.
Whoever makes a new format must leave these as 3 has them: the table `entries`, what
`entry_at_mark` and `journal/exposure.py` read of `positions`, and the positions in
`carried` entries, to whose end may be added what `projection.from_row` can do without. `verify`
reads all columns of `positions`: let it leave them out for a file of an older format."""

_ENTRIES = {
    "seq": int,
    "kind": str,
    "charge_id": str,
    "customer_id": int,
    "amount_minor": int,
    "body": str,
    "at": str,
    "boot_id": str,
    "uptime_ms": int,
    "clock_trusted": int,
    "staff": str,
    "prev_hash": str,
    "hash": str,
}

MONEY = "kind IN ('charge', 'void', 'repayment', 'write-off')"
RARE = (
    "kind IN ('opened', 'halted', 'resumed', 'forked', 'retired', 'exported', 'booked', "
    "'shift-opened', 'shift-closed')"
)
"""Conditions of the partial indexes; SQLite uses one only if the query repeats it literally."""

CARRIED_SEQ = "json_extract(body, '$.position[1]')"
"""Path of the last money entry's number in a carried position, see `projection.COLUMNS`."""

_VOID_NUMBER = "coalesce(json_extract({}body, '$.number'), 1)"
"""Which void of its charge an entry is; the first one need not say so."""

_VOID_REFUSED = (
    "a void takes back, once, lines that are left of a charge of the same customer, or all of it, "
    "and it is not written off"
)

# A void names how many there were before it, so that one which is written a second time, after a
# commit whose outcome was not known, is refused: it would be the one after itself.
_VOID_RULE = f"""
CREATE TRIGGER entries_void BEFORE INSERT ON entries
    WHEN new.kind = 'void' AND NOT EXISTS (
        SELECT 1 FROM entries c WHERE c.kind = 'charge' AND c.charge_id = new.charge_id
        AND c.customer_id = new.customer_id
        AND CASE WHEN json_extract(new.body, '$.lines') IS NULL
            THEN new.amount_minor = -c.amount_minor ELSE new.amount_minor < 0 END
        AND (SELECT new.amount_minor + c.amount_minor + coalesce(sum(v.amount_minor), 0) >= 0
            AND {_VOID_NUMBER.format("new.")} = count(*) + 1
            FROM entries v WHERE v.kind = 'void' AND v.charge_id = new.charge_id)
        AND NOT EXISTS (SELECT 1 FROM entries w WHERE w.customer_id = c.customer_id
            AND w.seq > c.seq AND w.{MONEY} AND w.kind = 'write-off'))
    BEGIN SELECT RAISE(ABORT, '{_VOID_REFUSED}'); END;
"""  # noqa: S608 - constants

_REPAYMENT_REFUSED = (
    "a repayment is taken back once, as a whole, of the same customer, and it is not written off"
)
REPAYMENT_RULE = f"""
CREATE TEMP TRIGGER entries_repayment BEFORE INSERT ON main.entries
    WHEN new.kind = 'repayment' AND json_extract(new.body, '$.{VOIDS}') IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM main.entries r WHERE r.seq = json_extract(new.body, '$.{VOIDS}')
        AND r.kind = 'repayment' AND json_extract(r.body, '$.{VOIDS}') IS NULL
        AND r.customer_id = new.customer_id AND r.amount_minor = -new.amount_minor
        AND new.charge_id = r.charge_id || '{TAKEN_BACK_END}'
        AND NOT EXISTS (SELECT 1 FROM main.entries w WHERE w.customer_id = r.customer_id
            AND w.seq > r.seq AND w.{MONEY} AND w.kind = 'write-off'))
    BEGIN SELECT RAISE(ABORT, '{_REPAYMENT_REFUSED}'); END;
"""  # noqa: S608 - constants
"""How the writing end of a journal lets a repayment be taken back.

The rule is the connection's, not the file's, whose format stays: older versions can go on with it.
"""

SHIFT_NUMBER = "json_extract(body, '$.number')"
"""Path of a closed shift's number; written so in each query that its index shall serve."""

# `open` is a generated column, so that an index finds the open customers.
_PROJECTION = f"""
DROP TABLE IF EXISTS positions;
DROP INDEX IF EXISTS entries_rare;
CREATE INDEX entries_rare ON entries (seq) WHERE {RARE};
DROP INDEX IF EXISTS entries_carried;
DROP INDEX IF EXISTS entries_carried_seq;
CREATE INDEX entries_carried ON entries (customer_id) WHERE kind = 'carried';
CREATE INDEX entries_carried_seq ON entries ({CARRIED_SEQ}) WHERE kind = 'carried';
DROP INDEX IF EXISTS entries_charge;
CREATE UNIQUE INDEX entries_charge ON entries
    (kind, charge_id, CASE kind WHEN 'void' THEN {_VOID_NUMBER.format("")} ELSE 0 END)
    WHERE charge_id IS NOT NULL;
DROP INDEX IF EXISTS entries_shift;
CREATE UNIQUE INDEX entries_shift ON entries ({SHIFT_NUMBER}) WHERE kind = 'shift-closed';
DROP TRIGGER IF EXISTS entries_void;
{_VOID_RULE}
CREATE TABLE positions (
    customer_id INTEGER PRIMARY KEY,
    last_seq INTEGER, total INTEGER, last_hash TEXT,
    seen_seq INTEGER, seen_total INTEGER, seen_hash TEXT,
    receipted_seq INTEGER NOT NULL, updated_at TEXT NOT NULL, base TEXT, conflict TEXT,
    attempt_epoch TEXT, attempt_seq INTEGER, attempt_total INTEGER, attempt_hash TEXT,
    attempt_read TEXT, attempt_sent TEXT, attempt_others INTEGER, attempt_open INTEGER NOT NULL,
    origin_seq INTEGER, origin_total INTEGER, origin_hash TEXT, row_total TEXT,
    start_seq INTEGER NOT NULL, closed_seq INTEGER NOT NULL,
    held_seq INTEGER, held_total INTEGER, held_hash TEXT,
    first_stamp TEXT NOT NULL, enrolments TEXT NOT NULL, attempt_said INTEGER NOT NULL,
    in_question INTEGER AS (coalesce(total, 0)
        - coalesce(CASE WHEN conflict IS NULL THEN seen_total ELSE held_total END, 0)),
    open INTEGER AS (last_seq IS NOT NULL AND (seen_seq IS NOT last_seq OR attempt_open))
) STRICT;
CREATE INDEX positions_open ON positions (last_seq) WHERE open;
CREATE INDEX positions_conflict ON positions (customer_id) WHERE conflict IS NOT NULL;
"""

_ENTRIES_RULES = f"""
CREATE INDEX entries_money ON entries (customer_id, seq)
    WHERE {MONEY};
CREATE TRIGGER entries_fit BEFORE INSERT ON entries
    WHEN (new.amount_minor IS NOT NULL AND new.customer_id IS NOT NULL)
        IS NOT (new.{MONEY})
    BEGIN SELECT RAISE(ABORT, 'a money entry, and no other, has a customer and an amount'); END;
CREATE TRIGGER entries_never_again BEFORE INSERT ON entries
    WHEN EXISTS (SELECT 1 FROM entries WHERE seq = new.seq)
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_never_change BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_never_go BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""  # noqa: S608 - constants


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of format VERSION in an empty file, in one transaction."""
    # sqlite-utils costs a tenth of a second to import, which only a journal's first start pays.
    from sqlite_utils import Database  # noqa: PLC0415

    with connection:
        connection.execute("BEGIN IMMEDIATE")
        not_null = {"kind", "body", "at", "boot_id", "uptime_ms", "clock_trusted", "hash"}
        Database(connection)["entries"].create(  # type: ignore[union-attr]
            _ENTRIES, pk="seq", not_null=not_null | {"prev_hash"}, strict=True
        )
        for statement in _statements(_ENTRIES_RULES):
            connection.execute(statement)
        create_projection(connection)


def create_projection(connection: sqlite3.Connection) -> None:
    """Make the tables beside the entries, empty, as format VERSION has them."""
    for statement in _statements(_PROJECTION):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _statements(script: str) -> list[str]:
    """Split a script into its statements; `executescript` would commit first."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements
