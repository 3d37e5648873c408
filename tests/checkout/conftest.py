"""The fixture of a till over fakes."""

from collections.abc import Iterator

import pytest
from tests.fakes.shop import Shop, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Return a till that is ready, with cards that cache and backend know."""
    with open_shop() as shop:
        yield shop
