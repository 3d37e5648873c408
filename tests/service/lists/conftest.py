"""An empty database for each test of the lists, on SQLite and on PostgreSQL."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.service.lists.commands import run_successfully

from taptill.service.database import create_database


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    location = new_place()
    create_database(location).dispose()
    return location


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "list.csv"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def members(place: str, file: Callable[[str], Path]) -> str:
    """Import three members: one has debt, one has no card, one has no externalId."""
    run_successfully(
        "import",
        place,
        file(
            "name,cardId,externalId,email,totalDebt\n"
            "Anna,62E3086CED,M-1,anna@example.org,5.00\nBen,,M-2,,\nCleo,62E3086CEF,,,-3.00\n"
        ),
    )
    return place
