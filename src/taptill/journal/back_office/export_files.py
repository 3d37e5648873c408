"""Strategy `export`: numbered files with the money entries, for the office."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency, Money
from taptill.durable_files import atomic_write
from taptill.journal.back_office.conflicts import charge_before
from taptill.journal.file import entries
from taptill.journal.lock import LoneJournal
from taptill.journal.queries import JournalQueries, carried_over
from taptill.journal.schema import MONEY

FORMS = ("csv", "json")
COLUMNS = (
    "number",
    "journal_id",
    "seq",
    "at",
    "clock_trusted",
    "kind",
    "charge_id",
    "customer_id",
    "external_id",
    "amount",
    "amount_minor",
    "currency",
    "staff",
    "prev_hash",
    "hash",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """One file: the money entries from `first_seq` to `last_seq`, whose sum is in minor units."""

    number: int
    journal_id: str
    first_seq: int
    last_seq: int
    count: int
    sum_minor: int
    at: str
    booked: bool


def export_files(queries: JournalQueries) -> list[ExportFile]:
    """Return all files so far, oldest first. Errors: JournalError."""
    booked_numbers = {entry.body["number"] for entry in queries.rare(EntryKind.BOOKED)}
    return [
        ExportFile(
            number=entry.body["number"],
            journal_id=entry.body["journal_id"],
            first_seq=entry.body["first_seq"],
            last_seq=entry.body["last_seq"],
            count=entry.body["count"],
            sum_minor=entry.body["sum"],
            at=entry.at,
            booked=entry.body["number"] in booked_numbers,
        )
        for entry in queries.rare(EntryKind.EXPORTED)
    ]


def next_file(journal: LoneJournal) -> ExportFile:
    """Journal the next file with all money entries since the last one; it is written after.

    Errors: UsageError without such an entry, or under another strategy.
    """
    _need_export(journal.queries)
    before = export_files(journal.queries)
    began = [entry.seq for entry in journal.queries.rare(EntryKind.FORKED)]
    first_seq = 1 + max([file.last_seq for file in before] + began, default=0)
    money_entries = list(_money(journal.queries, first_seq, None))
    if not money_entries:
        raise UsageError(problem="no money entry since the last file")
    total = sum(entry.amount_minor or 0 for entry in money_entries)
    body = {
        "number": last_number(journal.queries) + 1,
        "journal_id": (journal.queries.last_opened() or {})["journal_id"],
        "first_seq": first_seq,
        "last_seq": money_entries[-1].seq,
        "count": len(money_entries),
        "sum": total,
    }
    journal.append(Draft(EntryKind.EXPORTED, body=body))
    return export_files(journal.queries)[-1]


def last_number(queries: JournalQueries) -> int:
    """Return the number of the last file, also of a closed year; 0: there is none."""
    files = export_files(queries)
    return files[-1].number if files else int(carried_over(queries).get("files", 0))


def write_file(queries: JournalQueries, file: ExportFile, path: Path, form: str) -> None:
    """Write a file, whole or not at all; every call writes the same bytes. Errors: OutputError."""
    money_entries = _money(queries, file.first_seq, file.last_seq)
    rows = (_row(queries, entry, file) for entry in money_entries)
    with atomic_write(path) as target:
        write_rows(target, form, COLUMNS, rows)


def write_rows(
    target: TextIO, form: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> None:
    """Write rows for the office: one of FORMS, CSV with a head or a line of JSON each."""
    if form == "json":
        target.writelines(f"{json.dumps(row)}\n" for row in rows)
        return
    table = csv.DictWriter(target, columns)
    table.writeheader()
    table.writerows(rows)


def book(journal: LoneJournal, number: int, staff: str) -> ExportFile:
    """Journal that the office has booked a file: its entries are not pending any more.

    Files are booked in their order. UsageError for a number that is not the next one.
    """
    _need_export(journal.queries)
    waiting = [candidate for candidate in export_files(journal.queries) if not candidate.booked]
    if not waiting or waiting[0].number != number:
        first = f"the next one is {waiting[0].number}" if waiting else "none waits"
        raise UsageError(problem=f"file {number} cannot be booked now: {first}")
    file = waiting[0]
    body = {"number": number, "first_seq": file.first_seq, "last_seq": file.last_seq}
    journal.append(Draft(EntryKind.BOOKED, body=body, staff=staff))
    return file


def _need_export(queries: JournalQueries) -> None:
    identity = queries.last_opened()
    if identity is None or identity.get("strategy") != "export":
        problem = "this till sends by itself: files are for [settlement] strategy = 'export'"
        raise UsageError(problem=problem)


def _money(queries: JournalQueries, first_seq: int, last_seq: int | None) -> Iterator[Entry]:
    where = f"{MONEY} AND seq BETWEEN ? AND coalesce(?, seq)"
    return entries(queries.connection, where, [first_seq, last_seq])


def _row(queries: JournalQueries, entry: Entry, file: ExportFile) -> dict[str, Any]:
    about = entry.body
    if "currency" not in about:  # a void or a write-off: its charge tells
        about = charge_before(queries.connection, entry.customer_id or 0, entry.seq)
    code = about.get("currency", "")
    return {
        "number": file.number,
        "journal_id": file.journal_id,
        "seq": entry.seq,
        "at": entry.at,
        "clock_trusted": int(entry.clock_trusted),
        "kind": entry.kind.value,
        "charge_id": entry.charge_id or "",
        "customer_id": entry.customer_id,
        "external_id": about.get("external_id", ""),
        "amount": Currency.named(code).text(Money(entry.amount_minor or 0)),
        "amount_minor": entry.amount_minor,
        "currency": code,
        "staff": entry.staff or "",
        "prev_hash": entry.prev_hash,
        "hash": entry.hash,
    }
