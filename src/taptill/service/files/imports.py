"""Imports customers from a CSV file: all rows, or none and a report of every bad row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from taptill.domain.errors import ServiceError
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import INSERT_MAX, Transaction
from taptill.service.database import currency_of, read_connection, read_snapshot, write_transaction
from taptill.service.fields import Entity, column_value, column_values, entities, format_timestamp
from taptill.service.files.columns import COMPANY, IDENTIFIERS
from taptill.service.files.report import ImportReport, ProgressCallback, no_progress
from taptill.service.files.spelling import describe_difference, normal_form
from taptill.service.files.survey import CellProblem, ColumnSurvey, ReadingOptions
from taptill.service.files.table import read_rows
from taptill.service.people.companies import insert_companies
from taptill.service.people.customers import insert_customers
from taptill.service.store import utc_now
from taptill.service.wire import ApiError, write

IMPORT_ACTOR = "import"
PAGE = 5000
"""How many customers are read at once for their cards and keys."""

Row = tuple[int, dict[str, Json]]
"""The line number of a row, and its fields; the company is a name."""


@dataclass(frozen=True, slots=True)
class ImportSource:
    """A file to import, with the options of the import."""

    path: Path
    encoding: str = "utf-8"
    options: ReadingOptions = field(default_factory=ReadingOptions)
    make_companies: bool = False


class ImportFile:
    """A file to import. It is read three times and never held in memory as a whole.

    The first pass surveys the columns, the second checks each row, the third writes.
    """

    def __init__(
        self,
        engine: sa.Engine,
        source: ImportSource,
        report: ImportReport | None = None,
        advance: ProgressCallback = no_progress,
    ) -> None:
        currency = currency_of(engine)
        self.engine = engine
        self.entities = entities(currency.digits)
        self.report = report or ImportReport()
        self.advance = advance
        """Called with the number of further bytes read, in each pass."""
        self._source = source
        self._survey = ColumnSurvey(self.customers, currency, source.options)
        self.rejected_lines: set[int] = set()
        """The line numbers of rows whose card or key was rejected."""
        self._first_lines: dict[str, dict[str, tuple[int, str]]] = {
            name: {} for name in IDENTIFIERS
        }

    @property
    def customers(self) -> Entity:
        """The entity of customers, with amounts of this database's currency."""
        return self.entities["Customers"]

    def survey_columns(self) -> None:
        """Read the file once to decide for each column how its cells are parsed."""
        for _, cells in self._read_lines(ImportReport()):
            self._survey.add(cells)
        if self._survey.has_identifiers:
            self._add_customers()
        self.report.notes += self._survey.notes()

    def _read_lines(self, report: ImportReport) -> Iterator[tuple[int, dict[str, str]]]:
        return read_rows(self._source.path, self._source.encoding, report, self.advance)

    def _add_customers(self) -> None:
        """Compare the cards and keys of all customers with the file's, in whatever spelling."""
        columns, last_id = schema.customers.c, 0
        query = (
            sa.select(columns.id, columns.card_id, columns.external_id)
            .order_by(columns.id)
            .limit(PAGE)
        )
        live = query.where(columns.removed_at.is_(None))
        with read_snapshot(self.engine) as connection:
            while page := connection.execute(live.where(columns.id > last_id)).all():
                for customer_id, card, key in page:
                    self._survey.add_customer({"cardId": card, "externalId": key})
                    last_id = customer_id

    def chunks(self, report: ImportReport | None = None) -> Iterator[list[Row]]:
        """Yield the rows whose cells can be parsed, at most INSERT_MAX at a time."""
        report = report or ImportReport()
        lines = self._read_lines(report)
        parsed_rows = ((line, self._parse_row(line, cells, report)) for line, cells in lines)
        while chunk := list(islice(parsed_rows, INSERT_MAX)):
            yield chunk

    def check(self) -> Iterator[list[Row]]:
        """Check each row by itself and yield it; the caller checks it against the database."""
        company_ids = companies_of(self.engine)
        for chunk in self.chunks(self.report):
            for line, row in chunk:
                self.report.rows += 1
                self._check_row(line, row)
                self._check_company(line, row.get(COMPANY), company_ids)
            yield chunk
        self.report.notes += self._survey.respelling_notes()
        self.report.bad.sort(key=lambda one: one.line)

    def _parse_row(
        self, line: int, cells: Mapping[str, str], report: ImportReport
    ) -> dict[str, Json]:
        row: dict[str, Json] = {}
        for name, cell in cells.items():
            value = self._survey.parse_cell(name, cell)
            if isinstance(value, CellProblem):
                if name in IDENTIFIERS:
                    self.rejected_lines.add(line)
                report.add_error(line, name, value.message)
            elif value is not None:
                row[name] = value
        return row

    def _check_row(self, line: int, row: dict[str, Json]) -> None:
        if "name" not in row:
            self.report.add_error(line, "name", "a customer needs a name")
        for name, value in row.items():
            if name != COMPANY:
                self._fits(self.customers, {name: value}, line)
        for name, first_lines in self._first_lines.items():
            text = row.get(name)
            if text is None:
                continue
            key = text if self._source.options.cards_as_written else normal_form(text)
            first_line, first_text = first_lines.setdefault(key, (line, text))
            if first_line != line:
                noun = "card" if name == "cardId" else name
                difference = (
                    "" if first_text == text else f", {describe_difference(text, first_text)}"
                )
                self.report.add_error(
                    line, name, f"line {first_line} has this {noun} already{difference}"
                )
        total = self.customers.fields["totalDebt"]
        try:
            minor = column_value(total, row.get("totalDebt", 0), "")
        except ApiError:
            minor = 0  # _check_row has reported the cell
        self.report.sums.add(minor, has_card="cardId" in row)

    def _check_company(
        self, line: int, name: str | None, company_ids: dict[str, list[int]]
    ) -> None:
        if name is None:
            return
        if name not in company_ids:
            if not self._source.make_companies:
                message = "there is no company of this name (told once); --new-companies makes it"
                self.report.add_error(line, COMPANY, message)
                company_ids[name] = []  # a long list of one company is one mistake
            elif self._fits(self.entities["Companies"], {"name": name}, line):
                self.report.new_companies.append(name)
                company_ids[name] = [0]
        elif len(company_ids[name]) > 1:
            self.report.add_error(line, COMPANY, "several companies have this name")

    def _fits(self, entity: Entity, fields: Json, line: int) -> bool:
        try:
            column_values(entity, fields, "")
        except ApiError as refusal:
            field_name = refusal.body["error"]["path"]
            column = field_name if entity is self.customers else COMPANY
            self.report.add_error(line, column, refusal.body["error"]["message"])
            return False
        return True


def import_csv(
    engine: sa.Engine,
    source: ImportSource,
    *,
    dry_run: bool,
    advance: ProgressCallback = no_progress,
) -> ImportReport:
    """Insert every row, or none if one is bad. The file is read three times, twice in a dry run.

    Raises ServiceError where the file cannot be read.
    """
    import_file = ImportFile(engine, source, advance=advance)
    import_file.survey_columns()
    for chunk in import_file.check():
        _check_existing(engine, chunk, import_file.report)
    if not (import_file.report.bad_count or dry_run):
        _insert(import_file)
    return import_file.report


def begin_import(connection: sa.Connection) -> Transaction:
    """Record a new import and return its transaction."""
    at = format_timestamp(utc_now())
    result = connection.execute(sa.insert(schema.imports).values(at=at))
    (import_id,) = result.inserted_primary_key or (None,)
    return Transaction(connection, utc_now, import_id=import_id)


def add_companies(transaction: Transaction, import_file: ImportFile) -> dict[str, int]:
    """Create the missing companies, and return the ids of all companies by name."""
    companies = []
    for name in import_file.report.new_companies:
        rows = insert_companies({"fields": [{"name": name}]}, IMPORT_ACTOR)(transaction)
        companies += [[company["id"], name] for company in rows]
    by_id = schema.imports.c.id == transaction.import_id
    transaction.connection.execute(
        schema.imports.update().where(by_id).values(companies=write(companies))
    )
    return {name: ids[0] for name, ids in companies_of(transaction.connection).items()}


def with_company(row: dict[str, Json], company_ids: Mapping[str, int]) -> dict[str, Json]:
    """Return a row in which the company's id replaces its name."""
    return {**row, COMPANY: {"id": company_ids[row[COMPANY]]}} if COMPANY in row else row


def companies_of(engine: sa.Engine | sa.Connection) -> dict[str, list[int]]:
    """Return the ids of companies by name, several where companies share a name."""
    columns = schema.companies.c
    ids_by_name: dict[str, list[int]] = {}
    query = sa.select(columns.name, columns.id).order_by(columns.id)
    if isinstance(engine, sa.Connection):
        rows: Any = engine.execute(query).all()
    else:
        with read_connection(engine) as connection:
            rows = connection.execute(query).all()
    for name, company_id in rows:
        ids_by_name.setdefault(name, []).append(company_id)
    return ids_by_name


def _check_existing(engine: sa.Engine, chunk: list[Row], report: ImportReport) -> None:
    """Report the cards and keys that customers have already."""
    customer = schema.customers.c
    columns = {"cardId": customer.card_id, "externalId": customer.external_id}
    for name, column in columns.items():
        lines = {row[name]: line for line, row in chunk if "\0" not in row.get(name, "\0")}
        query = sa.select(column).distinct().where(column.in_(lines), customer.removed_at.is_(None))
        noun = "card" if name == "cardId" else f"{name}"
        hint = "" if name == "cardId" else "; --update brings them up to date"
        with read_connection(engine) as connection:
            for key in connection.execute(query).scalars():
                report.add_error(lines[key], name, f"a customer has this {noun} already{hint}")


def _insert(import_file: ImportFile) -> None:
    report = import_file.report
    with write_transaction(import_file.engine) as connection:
        transaction = begin_import(connection)
        company_ids = add_companies(transaction, import_file)
        for chunk in import_file.chunks():
            fields = [with_company(row, company_ids) for _, row in chunk]
            try:
                insert_customers(import_file.customers, {"fields": fields}, IMPORT_ACTOR)(
                    transaction
                )
                transaction.flush()
            except ApiError as refusal:  # another process wrote in between
                message = f"{refusal.body['error']['message']}: nothing was imported"
                raise ServiceError(detail=message) from refusal
        report.import_id = transaction.import_id
        statement = schema.imports.update().where(schema.imports.c.id == report.import_id)
        connection.execute(statement.values(added=report.rows))
