"""A short day of the long one, and proof that its comparison would see what it looks for."""

from pathlib import Path

import pytest
from tests.scenarios.books import post, row_of
from tests.scenarios.day.day import SalesDay, shop
from tests.scenarios.day.settled import complaints

pytestmark = pytest.mark.slow

SALES, SEED = 60, 15
SEEN = ("the journal has", "the ledger has", "sales, voids and net", "by staff")


def test_screens_journal_zs_and_the_services_ledger_agree_at_the_end_of_a_day(
    tmp_path: Path,
) -> None:
    """Then a cent is booked that no screen has shown, and a sale is forgotten: both are seen."""
    with shop(tmp_path) as (service, site):
        day = SalesDay(service, site, SEED)
        try:
            day.play(SALES, print)
        finally:
            day.close()
        assert complaints(site, service, day.book) == []
        assert len(day.book.crashes) == 2
        other = row_of(service, day.book.buyers[0].card).id
        post(service, f"update/{other}", {"fields": {"totalDebt": {"increment": 0.01}}})
        forgotten = day.book.movements.pop()
        faults = complaints(site, service, day.book)
    assert [fault for fault in faults if not any(words in fault for words in SEEN)] == []
    assert {fault.partition(":")[0] for fault in faults if fault.startswith("Guest")} == {
        day.book.buyers[0].name,
        forgotten.buyer.name,
    }
    assert all(any(words in fault for fault in faults) for words in SEEN)
