"""Copies a database that may be in use to a new file."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from taptill.domain.errors import ServiceError, UsageError
from taptill.durable_files import sync_to_disk
from taptill.service.database import display_name, is_sqlite


def back_up(engine: sa.Engine, target: Path) -> int:
    """Copy the database as of one moment to a file that only its owner may read; return its size.

    The size is in bytes. Raises UsageError for PostgreSQL, which has its own tool, and
    ServiceError where the file exists already or cannot be written.
    """
    if not is_sqlite(engine):
        name = display_name(engine)
        raise UsageError(problem=f"PostgreSQL is backed up with: pg_dump -Fc -f {target} {name}")
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as fault:
        raise ServiceError(detail=f"{target} cannot be made: {fault.strerror}") from fault
    try:
        outcome = _copy(display_name(engine), target)
    except (sqlite3.Error, OSError) as fault:
        outcome = str(fault)
    if outcome != "ok":
        target.unlink(missing_ok=True)
        raise ServiceError(detail=f"{target} cannot be written: {outcome}")
    return target.stat().st_size


def _copy(path: str, target: Path) -> str:
    """Copy in one step, as a write between steps would restart it; return "ok" or a fault."""
    with closing(sqlite3.connect(target)) as copy:
        with closing(sqlite3.connect(path)) as source:
            source.backup(copy)
        (outcome,) = copy.execute("PRAGMA quick_check").fetchone()
    sync_to_disk(target)
    return str(outcome)
