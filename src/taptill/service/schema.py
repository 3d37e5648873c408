"""A path in, an open database out: the tables, how SQLite is set up, and the schema's version."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from taptill.domain.errors import ServiceError, ServiceTooNewError

SCHEMA_VERSION = 1
WORKERS = 4
"""Threads that work on the database, and so the connections that are ever open."""

_PRAGMAS = ("busy_timeout=5000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")

metadata = sa.MetaData()

schema_version = sa.Table(
    "schema_version", metadata, sa.Column("version", sa.Integer, nullable=False)
)

tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("role", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False, unique=True),
)

companies = sa.Table(
    "companies",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("external_id", sa.String),
    sqlite_autoincrement=True,
)

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("email", sa.String),
    sa.Column("card_id", sa.String),
    sa.Column("company_id", sa.ForeignKey(companies.c.id)),
    sa.Column("external_id", sa.String),
    sa.Column("is_blocked", sa.Boolean, nullable=False, default=False),
    sa.Column("is_credit_allowed", sa.Boolean, nullable=False, default=False),
    sa.Column("total_debt_minor", sa.BigInteger, nullable=False, default=0),
    sa.Column("debt_data", sa.Text),
    sa.Column("payment_card", sa.String),
    sa.Column("is_default", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", sa.String, nullable=False),
    sa.Column("updated_at", sa.String, nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("removed_at", sa.String),
    sqlite_autoincrement=True,  # the id of a customer is never given to another one
)

sa.Index(
    "customers_card_id",
    customers.c.card_id,
    unique=True,
    sqlite_where=customers.c.removed_at.is_(None),
)


def create_database(path: Path) -> sa.Engine:
    """Make a new database file that only its owner can read; ServiceError if there is one."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as fault:
        raise ServiceError(detail=f"{path} cannot be made: {fault.strerror}") from fault
    engine = _engine(path)
    with _faults_mapped(path, engine), writing(engine) as connection:
        metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=SCHEMA_VERSION))
    return engine


def open_database(path: Path) -> sa.Engine:
    """Open an existing database; ServiceError if it is none, or of a newer version."""
    if not path.is_file():
        raise ServiceError(detail=f"there is no {path}; make it with: taptill service init {path}")
    engine = _engine(path)
    with _faults_mapped(path, engine), engine.connect() as connection:
        found = connection.execute(sa.select(schema_version.c.version)).scalar()
    if found != SCHEMA_VERSION:
        engine.dispose()
        raise ServiceTooNewError(path=path, found=found, known=SCHEMA_VERSION)
    return engine


def writing(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Begin a transaction that holds SQLite's write lock from its first statement."""
    return engine.execution_options(taptill_begin="BEGIN IMMEDIATE").begin()


@contextmanager
def _faults_mapped(path: Path, engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except DatabaseError as fault:
        engine.dispose()
        raise ServiceError(detail=f"{path} cannot be used: {fault.orig}") from fault


def _engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        pool_size=WORKERS,
        hide_parameters=True,  # an error's text must not carry names or card ids
    )
    sa.event.listen(engine, "connect", _set_up)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.DatabaseError:
        connection.close()  # the pool does not know it yet
        raise


def _begin(connection: sa.Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("taptill_begin", "BEGIN"))
