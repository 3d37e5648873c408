"""The recent sales, and how far each has come by the journal's positions."""

from dataclasses import replace
from typing import Any

import pytest

from taptill.checkout.recent_sales import (
    ROWS_MAX,
    RecentSale,
    RecentSales,
    local_time,
    recent_sale_of,
)
from taptill.checkout.sale import void_draft
from taptill.checkout.view import SaleState
from taptill.domain.decision import Declined, Reason
from taptill.domain.entry import ChargedLine, Entry, EntryKind, Position
from taptill.domain.mark import Mark
from taptill.domain.money import Money
from taptill.domain.sales.remainder import Part, Remainder, remainder

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
POSITION = Position(customer_id=1, last=LAST)


def row(seq: int = 5, **changes: Any) -> RecentSale:
    """Return one of the recent sales."""
    return replace(
        RecentSale(
            charge_id=f"sale-{seq}",
            time="10:00",
            amount=Money(420),
            initials="A. B.",
            customer_id=1,
            seq=seq,
            sold_at_s=100.0,
        ),
        **changes,
    )


STATES = {
    "no position yet": (None, SaleState.KEPT),
    "never seen in the row": (POSITION, SaleState.KEPT),
    "an older mark was seen": (replace(POSITION, row_mark=Mark(4, 1, "y")), SaleState.KEPT),
    "its own mark was seen": (replace(POSITION, row_mark=LAST), SaleState.SENT),
    "a later mark was seen": (replace(POSITION, row_mark=Mark(9, 900, "z")), SaleState.SENT),
    "its receipt stands, a later one is on the desk": (
        replace(
            POSITION, last=Mark(9, 900, "z"), row_mark=LAST, certain_mark=LAST, conflict="refused"
        ),
        SaleState.SENT,
    ),
    "itself on the desk, an earlier one arrived": (
        replace(
            POSITION, row_mark=Mark(4, 1, "y"), certain_mark=Mark(4, 1, "y"), conflict="refused"
        ),
        SaleState.CONFLICT,
    ),
    "sent by the journal before a fork": (
        replace(POSITION, start_seq=5, conflict="forked"),
        SaleState.SENT,
    ),
    "on the conflict desk": (
        replace(POSITION, row_mark=LAST, conflict="mark-lost"),
        SaleState.CONFLICT,
    ),
}


@pytest.mark.parametrize(("position", "state"), STATES.values(), ids=STATES)
def test_a_sale_has_come_as_far_as_the_journal_knows(
    position: Position | None, state: SaleState
) -> None:
    recent_sales = RecentSales()
    recent_sales.add(row())
    (view,) = recent_sales.views({1: position}, "")
    assert view.state is state


def test_a_refusal_keeps_its_reason_and_no_customer_s_position() -> None:
    recent_sales = RecentSales()
    decline = Declined(Reason.NO_CREDIT, missing=Money(240))
    recent_sales.add(row(0, charge_id="", customer_id=0, decline=decline))
    (view,) = recent_sales.views({}, "")
    assert (view.state, view.reason, view.missing) == (
        SaleState.REFUSED,
        Reason.NO_CREDIT,
        Money(240),
    )
    assert not view.can_void
    assert recent_sales.customers() == set()
    assert recent_sales.last_sale() is None


def test_only_the_sale_that_is_named_may_be_voided() -> None:
    recent_sales = RecentSales()
    recent_sales.add(row(5))
    recent_sales.add(row(7))
    assert [view.can_void for view in recent_sales.views({}, "sale-7")] == [True, False]
    assert [view.can_void for view in recent_sales.views({}, "")] == [False, False]


def test_a_void_waits_to_be_sent_in_its_sale_s_place() -> None:
    recent_sales = RecentSales()
    recent_sales.add(recent_sale_of(CHARGE, 100.0))
    recent_sales.void(VOID)
    (view,) = recent_sales.views({1: replace(POSITION, row_mark=LAST)}, "")
    assert (view.is_voided, view.state) == (True, SaleState.KEPT)
    (view,) = recent_sales.views({1: replace(POSITION, row_mark=Mark(6, 0, "z"))}, "")
    assert (view.is_voided, view.state) == (True, SaleState.SENT)


TWO_LINES = replace(
    CHARGE, body={"initials": "A. B.", "lines": [["Coffee", 150, 2], ["Water", 120, 1]]}
)


def part_void(left: Remainder | None, seq: int, *lines: ChargedLine) -> Entry:
    """Return the entry of a void of these lines, or of all that is left."""
    assert left
    part = left.part(lines) if lines else left.whole()
    assert isinstance(part, Part)
    draft = void_draft(left, part, reason="goods returned")
    return replace(VOID, seq=seq, amount_minor=draft.amount_minor, body=draft.body)


def test_of_a_sale_that_was_taken_back_in_part_the_rest_stands() -> None:
    """The row shows what is left, follows the newest void, and stays the last sale."""
    recent_sales = RecentSales()
    recent_sales.add(recent_sale_of(TWO_LINES, 100.0))
    recent_sales.void(part_void(remainder(TWO_LINES), 6, ("Coffee", 150, 1)))
    last = recent_sales.last_sale()
    assert last
    assert (last.amount_left, last.is_voided) == (Money(270), False)
    assert recent_sales.ends_with_sale
    (view,) = recent_sales.views({1: replace(POSITION, row_mark=LAST)}, "sale-5")
    assert (view.amount, view.state, view.can_void) == (Money(270), SaleState.KEPT, True)
    recent_sales.void(part_void(last.left, 7))
    assert recent_sales.last_sale() is None
    (view,) = recent_sales.views({1: replace(POSITION, row_mark=Mark(7, 0, "z"))}, "")
    assert (view.amount, view.is_voided, view.state) == (Money(420), True, SaleState.SENT)


def test_after_a_start_parts_that_were_taken_back_are_known() -> None:
    first = part_void(remainder(TWO_LINES), 6, ("Coffee", 150, 1))
    recent_sales = RecentSales()
    recent_sales.restore([TWO_LINES, first], "boot-1", 90_000, 500.0)
    last = recent_sales.last_sale()
    assert last
    assert last.left == remainder(TWO_LINES, [first])


def test_the_recent_sales_hold_the_last_few_and_newest_first() -> None:
    recent_sales = RecentSales()
    for seq in range(1, ROWS_MAX + 3):
        recent_sales.add(row(seq))
    views = recent_sales.views({}, "")
    assert len(views) == ROWS_MAX
    assert views[0].charge_id == f"sale-{ROWS_MAX + 2}"


def test_after_a_start_ages_go_on_within_a_boot_and_are_unknown_across_one() -> None:
    recent_sales = RecentSales()
    recent_sales.restore(
        [replace(CHARGE, charge_id="old", boot_id="boot-0")], "boot-1", 90_000, 500.0
    )
    recent_sales.restore([CHARGE], "boot-1", 90_000, 500.0)
    assert recent_sales.last_sale() == recent_sale_of(CHARGE, 470.0)
    recent_sales.restore(
        [replace(CHARGE, charge_id="new", boot_id="boot-0")], "boot-1", 90_000, 500.0
    )
    last = recent_sales.last_sale()
    assert last
    assert (last.charge_id, last.sold_at_s) == ("new", None)


def test_after_the_last_sale_is_voided_there_is_none_until_the_next() -> None:
    recent_sales = RecentSales()
    recent_sales.restore([replace(CHARGE, charge_id="old"), CHARGE, VOID], "boot-1", 90_000, 500.0)
    assert recent_sales.last_sale() is None
    recent_sales.add(row(7))
    assert recent_sales.last_sale() == row(7)


def test_other_entries_are_no_sales() -> None:
    recent_sales = RecentSales()
    recent_sales.restore([replace(CHARGE, kind=EntryKind.RECEIPT)], "boot-1", 90_000, 500.0)
    assert recent_sales.views({}, "") == ()
    assert not recent_sales.ends_with_sale


def test_the_recent_sales_end_with_a_sale_where_the_newest_row_is_one_that_stands() -> None:
    recent_sales = RecentSales()
    recent_sales.restore([CHARGE], "boot-1", 90_000, 500.0)
    assert recent_sales.ends_with_sale
    recent_sales.restore([VOID], "boot-1", 90_000, 500.0)
    assert not recent_sales.ends_with_sale


def test_time_is_shown_as_local_hours_and_minutes() -> None:
    assert len(local_time(CHARGE.at)) == len("09:00")
    assert local_time(CHARGE.at).endswith(":00") or ":" in local_time(CHARGE.at)
