"""SQLite files that are looked at while somebody writes them, or cannot be read as a whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from taptill.sqlite_files import connect_read_only, rows_if_readable

QUERY = "SELECT name FROM people ORDER BY name"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a file with one row that is in the file itself."""
    path = tmp_path / "a file? of #1.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE people (name TEXT)")
        file.execute("INSERT INTO people VALUES ('Ada')")
        file.commit()
    return path


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield who has written a second row, which is in the log beside the file alone."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("INSERT INTO people VALUES ('Grace')")
        file.commit()
        yield file


@pytest.mark.usefixtures("writer")
def test_what_a_writer_has_committed_is_read(path: Path) -> None:
    assert rows_if_readable(path, QUERY) == [("Ada",), ("Grace",)]


def test_the_file_alone_is_read_where_its_log_cannot_be(path: Path) -> None:
    """On a full disk SQLite cannot make what it needs for that; here a folder is in the way."""
    path.with_name(f"{path.name}-wal").mkdir()
    with pytest.raises(sqlite3.Error), closing(connect_read_only(path)) as file:
        file.execute(QUERY).fetchall()
    assert rows_if_readable(path, QUERY) == [("Ada",)]


def test_nothing_is_read_of_what_is_not_there_and_nothing_is_made(tmp_path: Path) -> None:
    assert rows_if_readable(tmp_path / "none.db", QUERY) == []
    assert [*tmp_path.iterdir()] == []


def test_nothing_is_read_of_what_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("no database, but long enough to have a head" * 10)
    assert rows_if_readable(path, QUERY) == []


def test_a_file_that_is_looked_at_takes_no_change(path: Path) -> None:
    with closing(connect_read_only(path)) as file, pytest.raises(sqlite3.OperationalError):
        file.execute("DELETE FROM people")
