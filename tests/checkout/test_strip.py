"""Entries and positions in, the last sales with how far each has come out."""

from dataclasses import replace
from typing import Any

import pytest

from taptill.checkout.strip import ROWS_MAX, Sold, Strip, local_time, sold_of
from taptill.checkout.view import SaleState
from taptill.domain.decision import Declined, Reason
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.mark import Mark
from taptill.domain.money import Money

CHARGE = Entry(
    seq=5,
    kind=EntryKind.CHARGE,
    charge_id="sale-5",
    customer_id=1,
    amount_minor=420,
    body={"initials": "A. B."},
    at="2026-03-02T09:00:00.000+00:00",
    boot_id="boot-1",
    uptime_ms=60_000,
    clock_trusted=True,
    staff=None,
    prev_hash="",
    hash="",
)
VOID = replace(CHARGE, seq=6, kind=EntryKind.VOID, amount_minor=-420)
LAST = Mark(5, 420, "x")
AT = Position(customer_id=1, last=LAST)


def row(seq: int = 5, **changes: Any) -> Sold:
    """Give a sale of the strip."""
    return replace(Sold(f"sale-{seq}", "10:00", Money(420), "A. B.", 1, seq, 100.0), **changes)


STATES = {
    "no position yet": (None, SaleState.KEPT),
    "never seen in the row": (AT, SaleState.KEPT),
    "an older mark was seen": (replace(AT, row_mark=Mark(4, 1, "y")), SaleState.KEPT),
    "its own mark was seen": (replace(AT, row_mark=LAST), SaleState.SENT),
    "a later mark was seen": (replace(AT, row_mark=Mark(9, 900, "z")), SaleState.SENT),
    "its receipt stands, a later one is on the desk": (
        replace(AT, last=Mark(9, 900, "z"), row_mark=LAST, certain_mark=LAST, conflict="refused"),
        SaleState.SENT,
    ),
    "itself on the desk, an earlier one arrived": (
        replace(AT, row_mark=Mark(4, 1, "y"), certain_mark=Mark(4, 1, "y"), conflict="refused"),
        SaleState.CONFLICT,
    ),
    "sent by the journal before a fork": (
        replace(AT, start_seq=5, conflict="forked"),
        SaleState.SENT,
    ),
    "on the conflict desk": (replace(AT, row_mark=LAST, conflict="mark-lost"), SaleState.CONFLICT),
}


@pytest.mark.parametrize(("position", "state"), STATES.values(), ids=STATES)
def test_a_sale_has_come_as_far_as_the_journal_knows(
    position: Position | None, state: SaleState
) -> None:
    strip = Strip()
    strip.add(row())
    (view,) = strip.views({1: position}, "")
    assert view.state is state


def test_a_refusal_keeps_its_reason_and_no_customer_s_position() -> None:
    strip = Strip()
    declined = Declined(Reason.NO_CREDIT, missing=Money(240))
    strip.add(row(0, charge_id="", customer_id=0, refused=declined))
    (view,) = strip.views({}, "")
    assert (view.state, view.reason, view.missing) == (
        SaleState.REFUSED,
        Reason.NO_CREDIT,
        Money(240),
    )
    assert not view.can_void
    assert strip.customers() == set()
    assert strip.last_sale() is None


def test_only_the_sale_that_is_named_may_be_voided() -> None:
    strip = Strip()
    strip.add(row(5))
    strip.add(row(7))
    assert [view.can_void for view in strip.views({}, "sale-7")] == [True, False]
    assert [view.can_void for view in strip.views({}, "")] == [False, False]


def test_a_void_waits_to_be_sent_in_its_sale_s_place() -> None:
    strip = Strip()
    strip.add(row(5))
    strip.void("sale-5", 6)
    (view,) = strip.views({1: replace(AT, row_mark=LAST)}, "")
    assert (view.voided, view.state) == (True, SaleState.KEPT)
    (view,) = strip.views({1: replace(AT, row_mark=Mark(6, 0, "z"))}, "")
    assert (view.voided, view.state) == (True, SaleState.SENT)


def test_the_strip_holds_the_last_few_and_newest_first() -> None:
    strip = Strip()
    for seq in range(1, ROWS_MAX + 3):
        strip.add(row(seq))
    views = strip.views({}, "")
    assert len(views) == ROWS_MAX
    assert views[0].charge_id == f"sale-{ROWS_MAX + 2}"


def test_after_a_start_ages_go_on_within_a_boot_and_are_unknown_across_one() -> None:
    strip = Strip()
    strip.restore([replace(CHARGE, charge_id="old", boot_id="boot-0")], "boot-1", 90_000, 500.0)
    strip.restore([CHARGE], "boot-1", 90_000, 500.0)
    assert strip.last_sale() == sold_of(CHARGE, 470.0)
    strip.restore([replace(CHARGE, charge_id="new", boot_id="boot-0")], "boot-1", 90_000, 500.0)
    last = strip.last_sale()
    assert last
    assert (last.charge_id, last.sold_at_s) == ("new", None)


def test_after_the_last_sale_is_voided_there_is_none_until_the_next() -> None:
    strip = Strip()
    strip.restore([replace(CHARGE, charge_id="old"), CHARGE, VOID], "boot-1", 90_000, 500.0)
    assert strip.last_sale() is None
    strip.add(row(7))
    assert strip.last_sale() == row(7)


def test_other_entries_are_no_sales() -> None:
    strip = Strip()
    strip.restore([replace(CHARGE, kind=EntryKind.RECEIPT)], "boot-1", 90_000, 500.0)
    assert strip.views({}, "") == ()
    assert not strip.ends_with_sale


def test_a_strip_ends_with_a_sale_where_the_newest_row_is_one_that_stands() -> None:
    strip = Strip()
    strip.restore([CHARGE], "boot-1", 90_000, 500.0)
    assert strip.ends_with_sale
    strip.restore([VOID], "boot-1", 90_000, 500.0)
    assert not strip.ends_with_sale


def test_time_is_shown_as_local_hours_and_minutes() -> None:
    assert len(local_time(CHARGE.at)) == len("09:00")
    assert local_time(CHARGE.at).endswith(":00") or ":" in local_time(CHARGE.at)
