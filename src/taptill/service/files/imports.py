"""A CSV file of customers in, all of them in the database or a report of every bad row out."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from taptill.domain.errors import ServiceError
from taptill.service import schema
from taptill.service.changes import INSERT_MAX, Transaction, insertion
from taptill.service.database import reading, writing
from taptill.service.fields import COMPANIES, CUSTOMERS, Entity, written
from taptill.service.files.columns import COLUMNS, COMPANY, NOT_TAKEN, value_of
from taptill.service.store import utc_now
from taptill.service.wire import Json, Refusal

WHO = "import"
TOLD_MAX = 1000
"""So many bad cells are told of one by one."""

_DELIMITERS = ",;\t"
_CARD = "cardId"
_Row = tuple[int, dict[str, Json]]
"""A row's line in the file, and its fields; its company is a name."""


@dataclass(frozen=True, slots=True)
class Bad:
    """What is wrong with one cell, in words that hold nothing of what stands in it."""

    line: int
    column: str
    problem: str


@dataclass(slots=True)
class Report:
    """What an import found and did."""

    rows: int = 0
    bad_count: int = 0
    bad: list[Bad] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    new_companies: list[str] = field(default_factory=list)

    def tell(self, line: int, column: str, problem: str) -> None:
        """Note a bad cell; those beyond TOLD_MAX are only counted."""
        self.bad_count += 1
        if len(self.bad) < TOLD_MAX:
            self.bad.append(Bad(line, column, problem))


def import_csv(engine: sa.Engine, path: Path, *, dry_run: bool, make_companies: bool) -> Report:
    """Insert every row, or none if one is bad; the file is read twice and never held whole.

    Raises ServiceError where the file cannot be read.
    """
    report = Report()
    try:
        _check(engine, path, report, make_companies=make_companies)
        if not (report.bad_count or dry_run):
            _insert(engine, path, report)
    except OSError as fault:
        raise ServiceError(detail=f"{path} cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        raise ServiceError(detail=f"{path} is not UTF-8: save it as CSV UTF-8") from fault
    return report


def _check(engine: sa.Engine, path: Path, report: Report, *, make_companies: bool) -> None:
    known = _companies(engine)
    cards: dict[str, int] = {}
    for chunk in _chunks(path, report):
        for line, row in chunk:
            report.rows += 1
            _check_row(line, row, cards, report)
            name = row.get(COMPANY)
            if name is not None and name not in known:
                if make_companies and _fits(COMPANIES, {"name": name}, line, report):
                    report.new_companies.append(name)
                    known[name] = [0]
                elif not make_companies:
                    words = "there is no company of this name; --new-companies makes it"
                    report.tell(line, COMPANY, words)
            elif name is not None and len(known[name]) > 1:
                report.tell(line, COMPANY, "several companies have this name")
        _check_held(engine, chunk, report)


def _check_row(line: int, row: dict[str, Json], cards: dict[str, int], report: Report) -> None:
    if "name" not in row:
        report.tell(line, "name", "a customer needs a name")
    for name, value in row.items():
        if name != COMPANY:
            _fits(CUSTOMERS, {name: value}, line, report)
    card = row.get(_CARD)
    if card is not None and cards.setdefault(card, line) != line:
        report.tell(line, _CARD, f"line {cards[card]} has this card already")


def _check_held(engine: sa.Engine, chunk: list[_Row], report: Report) -> None:
    lines = {row[_CARD]: line for line, row in chunk if _CARD in row and "\0" not in row[_CARD]}
    kept = schema.customers.c
    query = sa.select(kept.card_id).where(kept.card_id.in_(lines), kept.removed_at.is_(None))
    with reading(engine) as connection:
        for card in connection.execute(query).scalars():
            report.tell(lines[card], _CARD, "a customer has this card already")


def _insert(engine: sa.Engine, path: Path, report: Report) -> None:
    with writing(engine) as connection:
        transaction = Transaction(connection, utc_now)
        for name in report.new_companies:
            insertion(COMPANIES, {"fields": [{"name": name}]}, WHO)(transaction)
        known = {name: ids[0] for name, ids in _companies(connection).items()}
        for chunk in _chunks(path, Report()):
            rows = [row for _, row in chunk]
            for row in rows:
                if COMPANY in row:
                    row[COMPANY] = {"id": known[row[COMPANY]]}
            try:
                insertion(CUSTOMERS, {"fields": rows}, WHO)(transaction)
                transaction.finish()
            except Refusal as refusal:  # another process was quicker than we
                words = f"{refusal.body['error']['message']}: nothing was imported"
                raise ServiceError(detail=words) from refusal


def _fits(entity: Entity, fields: Json, line: int, report: Report) -> bool:
    try:
        written(entity, fields, "")
    except Refusal as refusal:
        column = COMPANY if entity is COMPANIES else refusal.body["error"]["path"]
        report.tell(line, column, refusal.body["error"]["message"])
        return False
    return True


def _companies(engine: sa.Engine | sa.Connection) -> dict[str, list[int]]:
    kept = schema.companies.c
    found: dict[str, list[int]] = {}
    query = sa.select(kept.name, kept.id).order_by(kept.id)
    if isinstance(engine, sa.Connection):
        rows = engine.execute(query).all()
    else:
        with reading(engine) as connection:
            rows = connection.execute(query).all()
    for name, number in rows:
        found.setdefault(name, []).append(number)
    return found


def _chunks(path: Path, report: Report) -> Iterator[list[_Row]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        head = file.readline()
        file.seek(0)
        delimiter = max(_DELIMITERS, key=head.count)
        rows = _rows(csv.reader(file, delimiter=delimiter, strict=True), report)
        while chunk := list(islice(rows, INSERT_MAX)):
            yield chunk


def _rows(reader: Any, report: Report) -> Iterator[_Row]:
    names: list[str] = []
    try:
        names = [name.strip() for name in next(reader, [])]
        if not _head_fits(names, report):
            return
        for cells in reader:
            if len(cells) == len(names):
                pairs = zip(names, cells, strict=True)
                yield (
                    reader.line_num,
                    {
                        name: value_of(name, cell)
                        for name, cell in pairs
                        if cell and name in COLUMNS
                    },
                )
            elif cells:
                words = f"{len(cells)} cells, but the first line has {len(names)}"
                report.tell(reader.line_num, "", words)
    except csv.Error as fault:
        report.tell(reader.line_num, "", f"no CSV: {fault}")


def _head_fits(names: list[str], report: Report) -> bool:
    allowed = f"allowed are {', '.join(COLUMNS)}"
    if "name" not in names:
        report.tell(1, "name", f"this column is needed; {allowed}")
    for name in dict.fromkeys(names):
        if name in NOT_TAKEN:
            report.not_taken.append(name)
        elif name not in COLUMNS:
            report.tell(1, name, f"an unknown column; {allowed}")
        elif names.count(name) > 1:
            report.tell(1, name, "this column is there twice")
    return not report.bad_count
