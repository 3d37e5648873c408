"""The fixtures of a till with a terminal."""

from collections.abc import Iterator

import pytest
from tests.checkout.keys.console import Console
from tests.fakes.shop import Shop, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as open_till:
        yield open_till


@pytest.fixture
def console(shop: Shop) -> Console:
    return Console(shop, cards="A")
