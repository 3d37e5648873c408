"""Twenty rounds of the long soak, and proof that its comparison would see what it looks for."""

from pathlib import Path

import pytest
from tests.scenarios.books import post, row_of
from tests.soak import kills
from tests.soak.kills import ShownResults, complaints, shop

pytestmark = pytest.mark.slow

ROUNDS = 20
ADA = "62E3086CED"


def test_what_a_screen_called_paid_is_in_the_books_once_whenever_the_power_goes(
    tmp_path: Path,
) -> None:
    assert kills.soak(tmp_path, ROUNDS, 20, print) == []


def test_a_lost_sale_and_a_wrong_total_would_be_seen(tmp_path: Path) -> None:
    """A promise that no journal kept, and money that moved without an entry."""
    with shop(tmp_path) as (service, site):
        unchanged = {"filters": [{"field": "version", "comparator": "=", "value": 1}]}
        change = {"fields": {"totalDebt": -999_999}, "conditions": unchanged}
        post(service, f"update/{row_of(service, ADA).id}", change)
        faults = complaints(site, service, ShownResults(paid_cards={7: ADA}, voided_amounts={7}))
    assert [fault.partition(":")[0] for fault in faults] == ["Ada Byron"] * 3
    assert ["7 was shown" in fault for fault in faults] == [True, True, False]
