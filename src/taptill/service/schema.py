"""The database schema of the service, its version, and the migrations from older versions."""

from collections.abc import Callable
from typing import Any
from unicodedata import normalize

import sqlalchemy as sa

SCHEMA_VERSION = 5
FOLD_PAGE = 1000

# Both databases compare and sort text by code point, that is by the bytes of UTF-8.
_Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

metadata = sa.MetaData()

schema_version = sa.Table(
    "schema_version", metadata, sa.Column("version", sa.Integer, nullable=False)
)

site = sa.Table(
    "site",
    metadata,
    sa.Column("currency", _Text),  # null in a database from before version 3
    sa.Column("digits", sa.Integer, nullable=False),
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", _Text, nullable=False),
    sa.Column("role", _Text, nullable=False),
    sa.Column("sha256", _Text, nullable=False, unique=True),
)

companies = sa.Table(
    "companies",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("name", _Text, nullable=False),
    sa.Column("name_folded", _Text, nullable=False, default="", server_default=""),
    sa.Column("external_id", _Text),
    sqlite_autoincrement=True,
)

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("name", _Text, nullable=False),
    sa.Column("name_folded", _Text, nullable=False, default="", server_default=""),
    sa.Column("email", _Text),
    sa.Column("card_id", _Text),
    sa.Column("company_id", sa.ForeignKey(companies.c.id)),
    sa.Column("external_id", _Text),
    sa.Column("is_blocked", sa.Boolean, nullable=False, default=False),
    sa.Column("is_credit_allowed", sa.Boolean, nullable=False, default=False),
    sa.Column("total_debt_minor", sa.BigInteger, nullable=False, default=0),
    sa.Column("debt_data", _Text),
    sa.Column("payment_card", _Text),
    sa.Column("is_default", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", _Text, nullable=False),
    sa.Column("updated_at", _Text, nullable=False, index=True),
    sa.Column("version", _Number, nullable=False),
    sa.Column("removed_at", _Text),
    sa.Column("erased_at", _Text),
    sqlite_autoincrement=True,  # ids are never reused
)

_LIVE = customers.c.removed_at.is_(None)
sa.Index(
    "customers_card_id",
    customers.c.card_id,
    unique=True,
    sqlite_where=_LIVE,
    postgresql_where=_LIVE,
)

# Not unique: a database from before version 4 may have a key twice. The writer checks it instead.
sa.Index("customers_external_id", customers.c.external_id)

debt_changes = sa.Table(
    "debt_changes",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey(customers.c.id), nullable=False, index=True),
    sa.Column("at", _Text, nullable=False, index=True),
    sa.Column("who", _Text, nullable=False),
    sa.Column("from_minor", sa.BigInteger, nullable=False),
    sa.Column("to_minor", sa.BigInteger, nullable=False),
    sa.Column("reason", _Text),
    sa.Column("staff", _Text),
    sa.Column("request", _Text),
    sqlite_autoincrement=True,
)

_HAS_REQUEST = debt_changes.c.request.is_not(None)
sa.Index(
    "debt_changes_request",
    debt_changes.c.request,
    unique=True,
    sqlite_where=_HAS_REQUEST,
    postgresql_where=_HAS_REQUEST,
)

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("at", _Text, nullable=False),
    sa.Column("added", sa.Integer, nullable=False, default=0),
    sa.Column("changed", sa.Integer, nullable=False, default=0),
    sa.Column("undone_at", _Text),  # set once no undo could do more
    sa.Column("companies", _Text),  # JSON: id and name of each company that it created
    sqlite_autoincrement=True,
)

# The audit log of customers: changes by others than tills; money is in debt_changes.
customer_changes = sa.Table(
    "customer_changes",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("customer_id", sa.ForeignKey(customers.c.id), nullable=False, index=True),
    sa.Column("at", _Text, nullable=False, index=True),
    sa.Column("who", _Text, nullable=False),
    sa.Column("staff", _Text),
    sa.Column("act", _Text, nullable=False),
    sa.Column("import_id", sa.ForeignKey(imports.c.id), index=True),
    sa.Column("before", _Text),
    sa.Column("after", _Text),
    sqlite_autoincrement=True,
)

# The audit log of companies. There is no foreign key, as removed companies have no row.
company_changes = sa.Table(
    "company_changes",
    metadata,
    sa.Column("id", _Number, primary_key=True),
    sa.Column("company_id", _Number, nullable=False, index=True),
    sa.Column("at", _Text, nullable=False),
    sa.Column("who", _Text, nullable=False),
    sa.Column("staff", _Text),
    sa.Column("act", _Text, nullable=False),
    sa.Column("before", _Text),
    sa.Column("after", _Text),
    sqlite_autoincrement=True,
)


def create_tables(connection: sa.Connection, currency: str, digits: int) -> None:
    """Create every table, for amounts of this currency."""
    metadata.create_all(connection)
    connection.execute(site.insert().values(currency=currency, digits=digits))
    connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))


def migrate(connection: sa.Connection, version: int) -> None:
    """Run the migrations from an older version to this one."""
    for migration in _MIGRATIONS[version:]:
        migration(connection)
    connection.execute(schema_version.update().values(version=SCHEMA_VERSION))


def _add_debt_changes(connection: sa.Connection) -> None:
    debt_changes.create(connection)
    row = customers.c
    opening = sa.select(
        row.id, row.updated_at, sa.literal("upgrade"), sa.literal(0), row.total_debt_minor
    ).where(row.total_debt_minor != 0)
    columns = ["customer_id", "at", "who", "from_minor", "to_minor"]
    connection.execute(debt_changes.insert().from_select(columns, opening))


def _add_currency_and_history(connection: sa.Connection) -> None:
    site.create(connection)
    connection.execute(site.insert().values(currency=None, digits=2))  # as before
    imports.create(connection)
    customer_changes.create(connection)
    for column in (customers.c.erased_at, customers.c.name_folded, companies.c.name_folded):
        _add_column(connection, column)
    for table in (customers, companies):
        _fold_names(connection, table)


def _add_staff_and_requests(connection: sa.Connection) -> None:
    company_changes.create(connection)
    existing = {
        column_info["name"] for column_info in sa.inspect(connection).get_columns(debt_changes.name)
    }
    for column in (debt_changes.c.staff, debt_changes.c.request):
        if column.name not in existing:  # an earlier migration may have created the present table
            _add_column(connection, column)
    for index in (*debt_changes.indexes, *customers.indexes):
        index.create(connection, checkfirst=True)


def _add_column(connection: sa.Connection, column: sa.Column[Any]) -> None:
    new = sa.schema.CreateColumn(column).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {column.table.name} ADD COLUMN {new}")


def _add_import_companies(connection: sa.Connection) -> None:
    """Add the column of companies that an import created; null for older imports."""
    if "companies" in {
        column_info["name"] for column_info in sa.inspect(connection).get_columns(imports.name)
    }:
        return  # an earlier migration has created the present table
    _add_column(connection, imports.c.companies)


def _fold_names(connection: sa.Connection, table: sa.Table) -> None:
    key, row_id_parameter = table.c.id, sa.bindparam("row_id", type_=sa.BigInteger)
    statement = (
        sa.update(table).where(key == row_id_parameter).values(name_folded=sa.bindparam("new"))
    )
    last_id = 0
    while True:
        query = sa.select(key, table.c.name).where(key > last_id).order_by(key).limit(FOLD_PAGE)
        rows = connection.execute(query).all()
        if not rows:
            return
        connection.execute(
            statement, [{"row_id": row_id, "new": fold(name)} for row_id, name in rows]
        )
        last_id = rows[-1][0]


def fold(name: str) -> str:
    """Return a name in the form in which it is searched: case-folded and normalised.

    Source: Unicode, section 3.13, canonical caseless matching, with compatible forms made alike.
    """
    return normalize("NFKC", normalize("NFKC", name).casefold())


_MIGRATIONS: tuple[Callable[[sa.Connection], None], ...] = (
    lambda _: None,
    _add_debt_changes,
    _add_currency_and_history,
    _add_staff_and_requests,
    _add_import_companies,
)
"""The migration from version n to n + 1 is at index n; there was never a version 0."""
