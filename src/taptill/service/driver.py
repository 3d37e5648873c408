"""Statements that are compiled once, run on the database driver's own connections.

SQLAlchemy makes the statements; what it does for each execution costs more than a look-up itself.
"""

import sqlite3
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

from taptill.service.database import (
    PROGRESS_STEPS,
    STATEMENT_TIMEOUT_S,
    connect_driver,
    is_sqlite,
    is_timeout,
    too_costly,
)

Rows = Sequence[Sequence[Any]]
Values = Mapping[str, Any] | list[dict[str, Any]]

PREPARED_MAX = 256
"""How many statements are kept compiled."""

STEPS_ON_LOOP_MAX = 2_000
"""How many virtual machine instructions of SQLite a statement on the event loop may take; a
look-up by card takes about a hundred."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement for a driver: its text, its constants, and the order of its parameters.

    The order is None where the driver takes parameters by name.
    """

    text: str
    constants: Mapping[str, Any]
    order: tuple[str, ...] | None

    def bind(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters as the driver takes them."""
        named = {**self.constants, **values}
        return named if self.order is None else tuple([named[name] for name in self.order])


def prepare(engine: sa.Engine, statement: sa.Executable) -> Prepared | None:
    """Compile a statement; None where its text depends on its values, as with `in`."""
    assert isinstance(statement, sa.ClauseElement)
    compiled: Any = statement.compile(dialect=engine.dialect)
    if compiled.post_compile_params:
        return None
    order = tuple(compiled.positiontup) if compiled.positional else None
    return Prepared(compiled.string, compiled.params, order)


@lru_cache(PREPARED_MAX)
def prepare_once(engine: sa.Engine, statement: sa.Executable) -> Prepared | None:
    """Compile a statement that its caller keeps, as `prepare` does."""
    return prepare(engine, statement)


def run(connection: sa.Connection, statement: sa.Executable, values: Values) -> Rows:
    """Run a statement that its caller keeps within a transaction, and return its rows.

    With several sets of values it is run for each, and there are no rows.
    """
    prepared = prepare_once(connection.engine, statement)
    if prepared is None:
        rows: Rows = connection.execute(statement, values).all()
        return rows
    driver: Any = connection.connection.driver_connection
    try:
        if isinstance(values, list):
            driver.cursor().executemany(prepared.text, [prepared.bind(one) for one in values])
            return ()
        cursor = driver.execute(prepared.text, prepared.bind(values))
        return () if cursor.description is None else cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as fault:
        raise _mapped(connection, fault) from fault


def _mapped(connection: sa.Connection, fault: Exception) -> DBAPIError:
    """Return SQLAlchemy's error for a driver's; a connection that is lost is given up."""
    dialect: Any = connection.dialect
    lost = dialect.is_disconnect(fault, connection.connection.dbapi_connection, None)
    if lost:
        connection.invalidate(fault)
        connection.engine.dispose(close=False)
    return OperationalError(None, None, fault, connection_invalidated=lost)


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
            reader = self._idle.pop() if self._idle else _Reader(self._engine)
            rows = reader.rows(prepared.text, prepared.bind(values))
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

    def _close_idle(self, _engine: sa.Engine | None = None) -> None:
        while self._idle:
            self._idle.pop().close()


class _Reader:
    """One connection, with a deadline where the database itself has none."""

    def __init__(self, engine: sa.Engine) -> None:
        self._connection = connect_driver(engine)
        self._until_s = inf
        self.close = self._connection.close
        if is_sqlite(engine):
            self._connection.set_progress_handler(
                lambda: monotonic() > self._until_s, PROGRESS_STEPS
            )

    def rows(self, text: str, parameters: Any) -> Rows:
        self._until_s = monotonic() + STATEMENT_TIMEOUT_S
        rows: Rows = self._connection.execute(text, parameters).fetchall()
        return rows


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
