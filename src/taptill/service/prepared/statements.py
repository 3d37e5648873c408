"""SQLAlchemy's statements, compiled once for the database's driver.

What SQLAlchemy does for each execution costs more than a look-up itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

Rows = Sequence[Sequence[Any]]

PREPARED_MAX = 256
"""How many statements are kept compiled."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A statement as the database takes it: text, constants, and the order of its parameters."""

    text: str
    constants: Mapping[str, Any]
    order: tuple[str, ...]

    def bind(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return the parameters in their order."""
        named = {**self.constants, **values}
        return tuple([named[name] for name in self.order])


def prepare(engine: sa.Engine, statement: sa.Executable) -> Prepared | None:
    """Compile a statement; None where its text depends on its values, as with `in`."""
    assert isinstance(statement, sa.ClauseElement)
    compiled: Any = statement.compile(dialect=_dialect(engine.dialect))
    if compiled.post_compile_params:
        return None
    return Prepared(compiled.string, compiled.params, tuple(compiled.positiontup))


@lru_cache(PREPARED_MAX)
def prepare_once(engine: sa.Engine, statement: sa.Executable) -> Prepared | None:
    """Compile a statement that its caller keeps, as `prepare` does."""
    return prepare(engine, statement)


@lru_cache
def _dialect(dialect: sa.Dialect) -> sa.Dialect:
    """Return the dialect whose parameters have the form that the database itself takes."""
    made: Any = type(dialect)
    return dialect if dialect.name == "sqlite" else made(paramstyle="numeric_dollar")
