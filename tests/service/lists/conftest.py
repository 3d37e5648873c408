"""An empty database for each test of the lists, of the one kind and then of the other."""

from collections.abc import Callable

import pytest

from taptill.service.database import create_database


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    made = new_place()
    create_database(made).dispose()
    return made
