"""Money entries in, a numbered file for the office out: the strategy `export`."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import UsageError
from taptill.domain.money import Currency, Money
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

Writer = Callable[[Path], AbstractContextManager[TextIO]]


@dataclass(frozen=True, slots=True)
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


def export_files(reads: JournalQueries) -> list[ExportFile]:
    """Give all files so far, oldest first. Errors: JournalError."""
    booked = {entry.body["number"] for entry in reads.rare(EntryKind.BOOKED)}
    return [
        ExportFile(
            number=entry.body["number"],
            journal_id=entry.body["journal_id"],
            first_seq=entry.body["first_seq"],
            last_seq=entry.body["last_seq"],
            count=entry.body["count"],
            sum_minor=entry.body["sum"],
            at=entry.at,
            booked=entry.body["number"] in booked,
        )
        for entry in reads.rare(EntryKind.EXPORTED)
    ]


def next_file(journal: LoneJournal) -> ExportFile:
    """Close the next file over all money entries since the last one; the entry comes first.

    UsageError where there is none, or under another strategy.
    """
    _need_export(journal.reads)
    before = export_files(journal.reads)
    began = [entry.seq for entry in journal.reads.rare(EntryKind.FORKED)]
    first_seq = 1 + max([file.last_seq for file in before] + began, default=0)
    found = list(_money(journal.reads, first_seq, None))
    if not found:
        raise UsageError(problem="no money entry since the last file")
    total = sum(entry.amount_minor or 0 for entry in found)
    body = {
        "number": last_number(journal.reads) + 1,
        "journal_id": (journal.reads.last_opened() or {})["journal_id"],
        "first_seq": first_seq,
        "last_seq": found[-1].seq,
        "count": len(found),
        "sum": total,
    }
    journal.append(Draft(EntryKind.EXPORTED, body=body))
    return export_files(journal.reads)[-1]


def last_number(reads: JournalQueries) -> int:
    """Give the number of the last file, of a year that is closed, too; 0: there is none."""
    found = export_files(reads)
    return found[-1].number if found else int(carried_over(reads).get("files", 0))


def write_file(
    reads: JournalQueries, file: ExportFile, path: Path, form: str, written: Writer
) -> None:
    """Write a file, the same however often it is written."""
    found = _money(reads, file.first_seq, file.last_seq)
    rows = (_row(reads, entry, file) for entry in found)
    with written(path) as target:
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
    """Take the office's word that it has booked a file: its entries are not pending any more.

    Files are booked in their order. UsageError for a number that is not the next one.
    """
    _need_export(journal.reads)
    waiting = [one for one in export_files(journal.reads) if not one.booked]
    if not waiting or waiting[0].number != number:
        first = f"the next one is {waiting[0].number}" if waiting else "none waits"
        raise UsageError(problem=f"file {number} cannot be booked now: {first}")
    file = waiting[0]
    body = {"number": number, "first_seq": file.first_seq, "last_seq": file.last_seq}
    journal.append(Draft(EntryKind.BOOKED, body=body, staff=staff))
    return file


def _need_export(reads: JournalQueries) -> None:
    opened = reads.last_opened()
    if opened is None or opened.get("strategy") != "export":
        problem = "this till sends by itself: files are for [settlement] strategy = 'export'"
        raise UsageError(problem=problem)


def _money(reads: JournalQueries, first_seq: int, last_seq: int | None) -> Iterator[Entry]:
    where = f"{MONEY} AND seq BETWEEN ? AND coalesce(?, seq)"
    return entries(reads.connection, where, [first_seq, last_seq])


def _row(reads: JournalQueries, entry: Entry, file: ExportFile) -> dict[str, Any]:
    about = entry.body
    if "currency" not in about:  # a void or a write-off: its charge tells
        about = charge_before(reads.connection, entry.customer_id or 0, entry.seq)
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
