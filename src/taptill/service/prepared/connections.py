"""The connections on which prepared statements are run: of threads, of the writer, of the loop."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from taptill.domain.errors import ServiceError
from taptill.service.database import (
    BEGIN,
    PROGRESS_STEPS,
    STATEMENT_TIMEOUT_S,
    connect_driver,
    is_sqlite,
    is_timeout,
    too_costly,
    without_deadline,
)
from taptill.service.prepared.libpq import LibpqConnection
from taptill.service.prepared.statements import Prepared, Rows, prepare_once

Values = Mapping[str, Any] | list[dict[str, Any]]

STEPS_ON_LOOP_MAX = 2_000
"""How many virtual machine instructions of SQLite a statement on the event loop may take; a
look-up by card takes about a hundred."""

_NEWEST = "SELECT max(updated_at) FROM customers"
_DRIVER_KEY = "taptill_driver"
_Result = TypeVar("_Result")


class DriverConnection(Protocol):
    """A connection of a driver that runs prepared statements; raises the driver's errors."""

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> Rows:
        """Run a statement and return its rows."""

    def run(self, statements: str) -> Any:
        """Run statements without parameters; return the last one's result."""


class SqliteConnection:
    """A connection of Python's sqlite3, which keeps statements prepared by itself."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self.run = driver.execute

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> Rows:
        """Run a statement and return its rows."""
        return self.run(prepared.text, prepared.bind(values)).fetchall()


def _driver(driver: Any, engine: sa.Engine) -> DriverConnection:
    return SqliteConnection(driver) if is_sqlite(engine) else LibpqConnection(driver)


def driver_of(connection: sa.Connection) -> DriverConnection:
    """Return the driver's connection below one of SQLAlchemy's."""
    driver: DriverConnection | None = connection.info.get(_DRIVER_KEY)
    if driver is None:
        driver = _driver(connection.connection.driver_connection, connection.engine)
        connection.info[_DRIVER_KEY] = driver
    return driver


def run(connection: sa.Connection, statement: sa.Executable, values: Values) -> Rows:
    """Run a statement that its caller keeps within a transaction, and return its rows.

    With several sets of values it is run for each, and there are no rows.
    """
    prepared = prepare_once(connection.engine, statement)
    if prepared is None:
        rows: Rows = connection.execute(statement, values).all()
        return rows
    execute = driver_of(connection).rows
    try:
        if isinstance(values, list):
            for one in values:
                execute(prepared, one)
            return ()
        return execute(prepared, values)
    except connection.dialect.loaded_dbapi.Error as fault:
        raise _mapped(connection, fault) from fault


def _mapped(connection: sa.Connection, fault: Exception) -> Exception:
    """Return SQLAlchemy's error for a driver's; a connection that is lost is given up."""
    dialect: Any = connection.dialect
    lost = dialect.is_disconnect(fault, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(fault)
        connection.engine.dispose()
    error: Exception = DBAPIError.instance(
        "a prepared statement",
        None,
        fault,
        dialect.dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
    return error


class Writer:
    """The connection on which one thread writes all changes, kept open between transactions."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine.execution_options(taptill_begin=None)
        self._connection: sa.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[tuple[sa.Connection, str | None]]:
        """Begin a write transaction; gives its connection, and the latest timestamp if known.

        The connection is given up where anything goes wrong, and the transaction with it.
        """
        connection, self._connection = self._connection or self._engine.connect(), None
        is_done = False
        try:
            newest = self._run(connection, _begin_writing)
            yield connection, newest
            self._run(connection, _commit_writing)
            connection.commit()  # what SQLAlchemy began was within this transaction
            is_done = True
        finally:
            if is_done:
                self._connection = connection
            else:
                connection.invalidate()
                connection.close()

    def close(self) -> None:
        """Close the connection; another transaction opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()  # the pool to which it would go back may be gone
            connection.close()

    @staticmethod
    def _run(connection: sa.Connection, step: Callable[[sa.Connection], _Result]) -> _Result:
        try:
            return step(connection)
        except connection.dialect.loaded_dbapi.Error as fault:
            raise _mapped(connection, fault) from fault


def _begin_writing(connection: sa.Connection) -> str | None:
    """Begin a write transaction; return the latest timestamp where that needs no other request."""
    (begin,) = BEGIN[connection.dialect.name]
    driver = driver_of(connection)
    if is_sqlite(connection.engine):
        without_deadline(connection)
        driver.run(begin)
        return None
    newest: bytes | None = driver.run(f"{begin}; {_NEWEST}").get_value(0, 0)
    return newest.decode() if newest else None


def _commit_writing(connection: sa.Connection) -> None:
    result = driver_of(connection).run("COMMIT")
    if not is_sqlite(connection.engine) and result.command_status != b"COMMIT":
        fault = ServiceError(detail="the transaction was rolled back")
        raise OperationalError(None, None, fault)


class DriverConnections:
    """Connections of the driver, each lent to one thread at a time, for single selections."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._idle: deque[_Reader] = deque()
        sa.event.listen(engine, "engine_disposed", self._close_idle)

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> Rows:
        """Run a selection; ApiError (400) if it takes longer than STATEMENT_TIMEOUT_S.

        OperationalError where the database does not answer: the next one gets a new connection.
        """
        dialect: Any = self._engine.dialect
        reader: _Reader | None = None
        try:
            reader = self._any_idle() or _Reader(self._engine)
            rows = reader.rows(prepared, values)
        except dialect.dbapi.OperationalError as fault:
            if is_timeout(fault):
                raise too_costly() from fault
            self._close_idle()  # where one is broken, all are
            raise OperationalError(None, None, fault) from fault
        else:
            self._idle.append(reader)
            reader = None
            return rows
        finally:
            if reader is not None:
                reader.close()

    def _any_idle(self) -> "_Reader | None":
        try:
            return self._idle.pop()
        except IndexError:  # asking first would be no answer: other threads take some, too
            return None

    def _close_idle(self, _engine: sa.Engine | None = None) -> None:
        while reader := self._any_idle():
            reader.close()


class _Reader:
    """One connection, with a deadline where the database itself has none."""

    def __init__(self, engine: sa.Engine) -> None:
        driver = connect_driver(engine)
        self._until_s = inf
        self._rows = _driver(driver, engine).rows
        self.close = driver.close
        if is_sqlite(engine):
            driver.set_progress_handler(lambda: monotonic() > self._until_s, PROGRESS_STEPS)

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> Rows:
        self._until_s = monotonic() + STATEMENT_TIMEOUT_S
        return self._rows(prepared, values)


class LoopReader:
    """A connection for selections on the event loop: what is not done at once is given up.

    Only SQLite: it needs no other process, and readers do not wait for writers.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._connection: sqlite3.Connection | None = connect_driver(engine)
        self._connection.execute("PRAGMA busy_timeout=0")
        self._connection.set_progress_handler(self._is_too_long, STEPS_ON_LOOP_MAX)
        self._calls = 0
        sa.event.listen(engine, "engine_disposed", self._close)

    def rows(self, prepared: Prepared, values: Mapping[str, Any]) -> Rows | None:
        """Run a selection; None where a thread is to do it, and to see what is wrong with it."""
        if self._connection is None:
            return None
        self._calls = 0
        try:
            return self._connection.execute(prepared.text, prepared.bind(values)).fetchall()
        except sqlite3.Error:
            return None

    def _is_too_long(self) -> bool:
        # SQLite counts on where the statement's last execution ended, so one call may come early.
        self._calls += 1
        return self._calls > 1

    def _close(self, _engine: sa.Engine) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
