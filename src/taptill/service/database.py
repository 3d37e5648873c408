"""Opens, creates and migrates databases, the only module that knows SQLite from PostgreSQL."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DatabaseError, NoResultFound, OperationalError

from taptill.domain.currencies.iso4217 import digits_of
from taptill.domain.errors import MissingExtraError, ServiceError, ServiceTooNewError, UsageError
from taptill.domain.technical.command_line import command_line
from taptill.service import schema
from taptill.service.wire import ApiError, bad_request

POOL_SIZE = 5
"""How many connections are open at most: one per worker thread, and the writer's."""
ENGINE_CACHE_SIZE = 4
STATEMENT_TIMEOUT_S = 10
"""How long a single statement outside a transaction may take."""
LOCK_TIMEOUT_S = 30
"""How long a writer waits for another process, for example for an import."""

_SQLITE = (
    f"busy_timeout={LOCK_TIMEOUT_S * 1000}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "case_sensitive_like=ON",  # PostgreSQL always distinguishes case
)
_POSTGRESQL = {
    "synchronous_commit": "on",
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": "60s",
}
_DEADLINE_KEY = "taptill_until_s"
_CANCELLED = "57014"
PROGRESS_STEPS = 100_000
"""After how many virtual machine instructions SQLite calls the progress handler."""
_SCHEMES = ("postgresql", "postgres")
_WRITER_LOCK_ID = 0x7461707469
"""The key of the advisory lock that allows one writer at a time, as SQLite does. So timestamps
increase in the order of commits, checks before a write stay true, and no deadlock is possible."""
BEGIN = {
    "sqlite": ("BEGIN IMMEDIATE",),
    "postgresql": (  # one round trip to the server, not three
        (
            f"BEGIN; SET LOCAL statement_timeout = '{LOCK_TIMEOUT_S}s'; "
            f"SELECT pg_advisory_xact_lock({_WRITER_LOCK_ID})"
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class DatabaseCurrency:
    """The currency of a database's amounts, None if unknown, and its number of decimals."""

    code: str | None
    digits: int


def create_database(location: Path | str, currency: str = "EUR") -> sa.Engine:
    """Create the tables in a new private file or in an empty PostgreSQL database.

    Raises ServiceError if the file exists or the database is not empty.
    """
    url = _url(location)
    if url.drivername == "sqlite":
        try:
            os.close(os.open(location, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except OSError as fault:
            raise ServiceError(detail=f"{location} cannot be made: {fault.strerror}") from fault
    engine = _engine(url)
    with _mapping_errors(engine), write_transaction(engine) as connection:
        if sa.inspect(connection).get_table_names():
            raise ServiceError(detail=f"{display_name(engine)} is not empty; it was left as it is")
        schema.create_tables(connection, currency, digits_of(currency))
    return engine


def open_database(location: Path | str) -> sa.Engine:
    """Open an existing database and migrate it to this version.

    Raises ServiceError if it is no such database, ServiceTooNewError if it is of a newer version.
    """
    url = _url(location)
    if url.drivername == "sqlite" and not Path(location).is_file():
        making = command_line("taptill", "service", "init", location)
        detail = f"there is no {location}; make it with: {making}"
        raise ServiceError(detail=detail)
    engine = _engine(url)
    supported_version = schema.SCHEMA_VERSION
    with _mapping_errors(engine):
        if _version(engine) < supported_version:
            with write_transaction(engine) as connection:
                schema.migrate(connection, _version(connection))
        version = _version(engine)
    if version != supported_version:
        engine.dispose()
        raise ServiceTooNewError(path=display_name(engine), found=version, known=supported_version)
    return engine


def currency_of(engine: sa.Engine) -> DatabaseCurrency:
    """Return the currency of the database's amounts."""
    with read_connection(engine) as connection:
        return DatabaseCurrency(*connection.execute(sa.select(schema.site)).one())


def set_currency(engine: sa.Engine, currency: str) -> None:
    """Set the currency of the amounts; raises UsageError if it has another number of decimals."""
    digits = currency_of(engine).digits
    if digits_of(currency) != digits:
        problem = (
            f"this database keeps {digits} decimals and {currency} has {digits_of(currency)}: make "
            f"another with taptill service init --currency {currency}, export and import"
        )
        raise UsageError(problem=problem)
    with write_transaction(engine) as connection:
        connection.execute(schema.site.update().values(currency=currency))


def truncate_wal(engine: sa.Engine) -> None:
    """Checkpoint and truncate SQLite's write-ahead log, which also contains what was erased.

    Where a reader prevents it, the next erasure or the end of the service does it.
    """
    if is_sqlite(engine):
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def read_connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a connection for a single statement.

    Raises ApiError (400) if the statement takes longer than STATEMENT_TIMEOUT_S.
    .
    """
    try:
        with engine.connect() as connection:
            yield connection
    except OperationalError as fault:
        if is_timeout(fault.orig):
            raise too_costly() from fault
        raise


def is_timeout(fault: BaseException | None) -> bool:
    """Return whether a driver's error says that a statement took too long."""
    return str(fault) == "interrupted" or getattr(fault, "sqlstate", "") == _CANCELLED


def too_costly() -> ApiError:
    """Return the error for a statement that took longer than STATEMENT_TIMEOUT_S."""
    message = f"the database needs more than {STATEMENT_TIMEOUT_S} s for this"
    return bad_request("too-costly", message, "conditions")


def connect_driver(engine: sa.Engine) -> Any:
    """Open a connection of the driver itself, set up as those of the engine's pool are."""
    arguments, options = engine.dialect.create_connect_args(engine.url)
    is_file = is_sqlite(engine)
    # SQLite's is lent to one thread after the other.
    own_options = {"check_same_thread": False} if is_file else _connect_args(is_file=False)
    connection: Any = engine.dialect.connect(*arguments, **{**options, **own_options})
    if is_file:
        connection.isolation_level = None
        _set_pragmas(connection)
    else:
        _set_up_postgresql(connection, None)
    return connection


def write_transaction(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Begin a write transaction; the database allows no other one until its end."""
    return _writers(engine).begin()


@lru_cache(ENGINE_CACHE_SIZE)
def _writers(engine: sa.Engine) -> sa.Engine:
    return engine.execution_options(taptill_begin=BEGIN[engine.dialect.name])


def without_deadline(connection: sa.Connection) -> None:
    """Let the statements of a connection take as long as they need."""
    connection.info[_DEADLINE_KEY] = inf


def read_snapshot(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """Begin a transaction whose statements all read the database as of one moment."""
    begin = "BEGIN" if is_sqlite(engine) else "BEGIN ISOLATION LEVEL REPEATABLE READ"
    return engine.execution_options(taptill_begin=(begin,)).begin()


def is_sqlite(engine: sa.Engine) -> bool:
    """Return whether the database is SQLite; otherwise it is PostgreSQL."""
    return engine.dialect.name == "sqlite"


def display_name(engine: sa.Engine) -> str:
    """Return the path or URL of the database without its password and options."""
    url = engine.url
    if is_sqlite(engine):
        return url.database or ""
    plain = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return plain.render_as_string()


def _url(location: Path | str) -> sa.URL:
    text = str(location)
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        url = sa.make_url(text)
    except (ArgumentError, ValueError):  # the error's text would contain the password
        url = sa.URL.create("unreadable")
    if url.drivername not in _SCHEMES:
        raise ServiceError(detail="a database is a path or postgresql://USER@HOST:PORT/NAME")
    return url.set(drivername="postgresql+psycopg")


def _engine(url: sa.URL) -> sa.Engine:
    is_file = url.drivername == "sqlite"
    try:
        engine = sa.create_engine(
            url,
            pool_size=POOL_SIZE,
            hide_parameters=True,  # an error's text must not contain names or card ids
            connect_args=_connect_args(is_file=is_file),
        )
    except ModuleNotFoundError as fault:
        raise MissingExtraError(what="PostgreSQL", extra="service") from fault
    except ImportError as fault:
        raise ServiceError(detail="PostgreSQL needs libpq: sudo apt install libpq5") from fault
    sa.event.listen(engine, "connect", _set_up_sqlite if is_file else _set_up_postgresql)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _connect_args(*, is_file: bool) -> dict[str, Any]:
    settings = " ".join(f"-c {key}={value}" for key, value in _POSTGRESQL.items())
    if is_file:
        return {}
    return {"options": settings, "connect_timeout": 5, "client_encoding": "UTF8"}


def _version(engine: sa.Engine | sa.Connection) -> int:
    query = sa.select(schema.schema_version.c.version)
    if isinstance(engine, sa.Connection):
        return int(engine.execute(query).scalar_one())
    with read_connection(engine) as connection:
        return int(connection.execute(query).scalar_one())


@contextmanager
def _mapping_errors(engine: sa.Engine) -> Iterator[None]:
    try:
        yield
    except DatabaseError as fault:
        engine.dispose()
        text = " ".join(str(fault.orig).split("\nLINE ")[0].split())
        raise ServiceError(detail=f"{display_name(engine)} cannot be used: {text}") from fault
    except NoResultFound as fault:
        engine.dispose()
        detail = f"{display_name(engine)} cannot be used: its tables were never made"
        raise ServiceError(detail=detail) from fault
    except ServiceError:
        engine.dispose()
        raise


def _set_up_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # the driver shall not begin transactions
    info: dict[str, float] = record.info
    connection.set_progress_handler(
        lambda: monotonic() > info.get(_DEADLINE_KEY, inf), PROGRESS_STEPS
    )
    _set_pragmas(connection)


def _set_pragmas(connection: sqlite3.Connection) -> None:
    try:
        for pragma in _SQLITE:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.DatabaseError:
        connection.close()  # nobody owns the connection yet
        raise


def _set_up_postgresql(connection: Any, _record: object) -> None:
    connection.autocommit = True  # the driver shall not begin transactions
    # Nor shall it prepare statements: after a rollback it deallocates all, those of others too.
    connection.prepare_threshold = None
    if connection.info.parameter_status("server_encoding") != "UTF8":
        connection.close()
        raise ServiceError(detail="the PostgreSQL database must have the encoding UTF8")


def _begin(connection: sa.Connection) -> None:
    statements = connection.get_execution_options().get("taptill_begin", ())
    if statements is None:
        return  # a `Writer` has begun already
    connection.info[_DEADLINE_KEY] = inf if statements else monotonic() + STATEMENT_TIMEOUT_S
    for statement in statements:
        connection.exec_driver_sql(statement)
