"""A CSV file of customers in, all of them in the database or a report of every bad row out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from taptill.domain.errors import ServiceError
from taptill.service import schema
from taptill.service.changes import INSERT_MAX, Transaction, insertion
from taptill.service.database import reading, site_of, snapshot, writing
from taptill.service.fields import Entity, entities, stamp_text, value_for, written
from taptill.service.files.columns import COMPANY, IDENTIFIERS
from taptill.service.files.report import Advance, Report, quiet
from taptill.service.files.spelling import how_it_differs, normal_form
from taptill.service.files.survey import Problem, Survey, Wishes
from taptill.service.files.table import rows
from taptill.service.people.companies import company_insertion
from taptill.service.store import utc_now
from taptill.service.wire import Json, Refusal, write

WHO = "import"
PAGE = 5000
"""So many customers are read at once, to know their cards and keys."""

Row = tuple[int, dict[str, Json]]
"""A row's line in the file, and its fields; its company is a name."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what whoever imports it says of it."""

    path: Path
    encoding: str = "utf-8"
    wishes: Wishes = field(default_factory=Wishes)
    make_companies: bool = False


class Import:
    """A file to be imported, which is read three times and never held whole.

    First its columns are looked at, then each row is checked, then all are written.
    """

    def __init__(
        self,
        engine: sa.Engine,
        source: Source,
        report: Report | None = None,
        advance: Advance = quiet,
    ) -> None:
        site = site_of(engine)
        self.engine = engine
        self.entities = entities(site.digits)
        self.report = report or Report()
        self.advance = advance
        """Told how many bytes more of the file are read, each time that it is."""
        self._source = source
        self._survey = Survey(self.customers, site, source.wishes)
        self.doubtful: set[int] = set()
        """Lines whose card or key was refused."""
        self._seen: dict[str, dict[str, tuple[int, str]]] = {name: {} for name in IDENTIFIERS}

    @property
    def customers(self) -> Entity:
        """The customers, with money of this database."""
        return self.entities["Customers"]

    def look(self) -> None:
        """Let every column tell how its cells are to be read."""
        for _, cells in self._rows(Report()):
            self._survey.see(cells)
        if self._survey.has_identifiers:
            self._know_customers()
        self.report.notes += self._survey.notes()

    def _rows(self, report: Report) -> Iterator[tuple[int, dict[str, str]]]:
        return rows(self._source.path, self._source.encoding, report, self.advance)

    def _know_customers(self) -> None:
        """Let every customer tell which of the file's cards and keys are there in any spelling."""
        kept, last = schema.customers.c, 0
        query = sa.select(kept.id, kept.card_id, kept.external_id).order_by(kept.id).limit(PAGE)
        live = query.where(kept.removed_at.is_(None))
        with snapshot(self.engine) as connection:
            while found := connection.execute(live.where(kept.id > last)).all():
                for number, card, key in found:
                    self._survey.know({"cardId": card, "externalId": key})
                    last = number

    def chunks(self, report: Report | None = None) -> Iterator[list[Row]]:
        """Give the rows whose cells can be read, INSERT_MAX at a time."""
        report = report or Report()
        found = self._rows(report)
        read = ((line, self._read(line, cells, report)) for line, cells in found)
        while chunk := list(islice(read, INSERT_MAX)):
            yield chunk

    def check(self) -> Iterator[list[Row]]:
        """Check each row by itself, and give them on; whoever takes them checks the rest."""
        known = companies_of(self.engine)
        for chunk in self.chunks(self.report):
            for line, row in chunk:
                self.report.rows += 1
                self._check_row(line, row)
                self._check_company(line, row.get(COMPANY), known)
            yield chunk
        self.report.notes += self._survey.changes()
        self.report.bad.sort(key=lambda one: one.line)

    def _read(self, line: int, cells: Mapping[str, str], report: Report) -> dict[str, Json]:
        row: dict[str, Json] = {}
        for name, cell in cells.items():
            value = self._survey.read(name, cell)
            if isinstance(value, Problem):
                if name in IDENTIFIERS:
                    self.doubtful.add(line)
                report.tell(line, name, value.words)
            elif value is not None:
                row[name] = value
        return row

    def _check_row(self, line: int, row: dict[str, Json]) -> None:
        if "name" not in row:
            self.report.tell(line, "name", "a customer needs a name")
        for name, value in row.items():
            if name != COMPANY:
                self._fits(self.customers, {name: value}, line)
        for name, seen in self._seen.items():
            text = row.get(name)
            if text is None:
                continue
            key = text if self._source.wishes.cards_as_written else normal_form(text)
            first, spelled = seen.setdefault(key, (line, text))
            if first != line:
                what = "card" if name == "cardId" else name
                other = "" if spelled == text else f", {how_it_differs(text, spelled)}"
                self.report.tell(line, name, f"line {first} has this {what} already{other}")
        total = self.customers.fields["totalDebt"]
        try:
            minor = value_for(total, row.get("totalDebt", 0), "")
        except Refusal:
            minor = 0  # it was told
        self.report.sums.add(minor, has_card="cardId" in row)

    def _check_company(self, line: int, name: str | None, known: dict[str, list[int]]) -> None:
        if name is None:
            return
        if name not in known:
            if not self._source.make_companies:
                words = "there is no company of this name; --new-companies makes it"
                self.report.tell(line, COMPANY, words)
            elif self._fits(self.entities["Companies"], {"name": name}, line):
                self.report.new_companies.append(name)
                known[name] = [0]
        elif len(known[name]) > 1:
            self.report.tell(line, COMPANY, "several companies have this name")

    def _fits(self, entity: Entity, fields: Json, line: int) -> bool:
        try:
            written(entity, fields, "")
        except Refusal as refusal:
            place = refusal.body["error"]["path"]
            column = place if entity is self.customers else COMPANY
            self.report.tell(line, column, refusal.body["error"]["message"])
            return False
        return True


def import_csv(
    engine: sa.Engine, source: Source, *, dry_run: bool, advance: Advance = quiet
) -> Report:
    """Insert every row, or none if one is bad; the file is read three times, two in a dry run.

    Raises ServiceError where the file cannot be read.
    """
    work = Import(engine, source, advance=advance)
    work.look()
    for chunk in work.check():
        _check_held(engine, chunk, work.report)
    if not (work.report.bad_count or dry_run):
        _insert(work)
    return work.report


def begin(connection: sa.Connection) -> Transaction:
    """Begin the transaction of an import, which has a number of its own."""
    at = stamp_text(utc_now())
    made = connection.execute(sa.insert(schema.imports).values(at=at))
    (number,) = made.inserted_primary_key or (None,)
    return Transaction(connection, utc_now, import_id=number)


def add_companies(transaction: Transaction, work: Import) -> dict[str, int]:
    """Make the companies that there are not yet, and give the ids of all by their names."""
    made = []
    for name in work.report.new_companies:
        new = company_insertion({"fields": [{"name": name}]}, WHO)(transaction)
        made += [[one["id"], name] for one in new]
    this = schema.imports.c.id == transaction.import_id
    transaction.connection.execute(
        schema.imports.update().where(this).values(companies=write(made))
    )
    return {name: ids[0] for name, ids in companies_of(transaction.connection).items()}


def with_company(row: dict[str, Json], known: Mapping[str, int]) -> dict[str, Json]:
    """Give a row with its company's id in place of the name."""
    return {**row, COMPANY: {"id": known[row[COMPANY]]}} if COMPANY in row else row


def companies_of(engine: sa.Engine | sa.Connection) -> dict[str, list[int]]:
    """Give the ids of the companies by their names, which need not be unique."""
    kept = schema.companies.c
    found: dict[str, list[int]] = {}
    query = sa.select(kept.name, kept.id).order_by(kept.id)
    if isinstance(engine, sa.Connection):
        named: Any = engine.execute(query).all()
    else:
        with reading(engine) as connection:
            named = connection.execute(query).all()
    for name, number in named:
        found.setdefault(name, []).append(number)
    return found


def _check_held(engine: sa.Engine, chunk: list[Row], report: Report) -> None:
    """Tell of cards and keys that customers have already."""
    kept = schema.customers.c
    columns = {"cardId": kept.card_id, "externalId": kept.external_id}
    for name, column in columns.items():
        lines = {row[name]: line for line, row in chunk if "\0" not in row.get(name, "\0")}
        query = sa.select(column).distinct().where(column.in_(lines), kept.removed_at.is_(None))
        what = "card" if name == "cardId" else f"{name}"
        hint = "" if name == "cardId" else "; --update brings them up to date"
        with reading(engine) as connection:
            for key in connection.execute(query).scalars():
                report.tell(lines[key], name, f"a customer has this {what} already{hint}")


def _insert(work: Import) -> None:
    report = work.report
    with writing(work.engine) as connection:
        transaction = begin(connection)
        known = add_companies(transaction, work)
        for chunk in work.chunks():
            fields = [with_company(row, known) for _, row in chunk]
            try:
                insertion(work.customers, {"fields": fields}, WHO)(transaction)
                transaction.finish()
            except Refusal as refusal:  # another process was quicker than we
                words = f"{refusal.body['error']['message']}: nothing was imported"
                raise ServiceError(detail=words) from refusal
        report.import_id = transaction.import_id
        done = schema.imports.update().where(schema.imports.c.id == report.import_id)
        connection.execute(done.values(added=report.rows))
