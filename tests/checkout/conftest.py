"""A shop for each test that sells."""

from collections.abc import Iterator

import pytest
from tests.fakes.shop import Shop, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Give a till that is ready, with five cards that everybody knows."""
    with open_shop() as shop:
        yield shop
