"""The Z as a value: cash, identities, and its body as the journal stores it."""

import json
from dataclasses import replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.reports.entries import entry, sale, void

from taptill.domain.entry import EntryKind
from taptill.domain.money import Money
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import CountAndSum, HourRow, Tally
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.shift_report import (
    Cash,
    Closing,
    IdentityName,
    ShiftReport,
    closed,
    identities,
)
from taptill.domain.reports.stored import differences, from_body, to_body
from taptill.domain.reports.voided import VoidedCharge

BERLIN = ZoneInfo("Europe/Berlin")


def shift_report() -> ShiftReport:
    """Return the X of a shift with one of everything."""
    charge = sale(3, "09:00", ["Coffee", 120, 2, "A"], ["", 30, 1], staff="Jo")
    offline = sale(
        5, "23:30", amount=99, body={"offline": True, "overrides": [["stale", "Sam", "known"]]}
    )
    early = sale(1, "08:00", ["Cake", 250, 1])
    entries = [
        charge,
        void(4, "09:10", charge, ["Coffee", 120, 1]),
        offline,
        void(6, "23:40", early),
        entry(7, EntryKind.REPAYMENT, "23:41", -50),
        entry(8, EntryKind.DECLINED, "23:42", body={"reason": "blocked"}),
        entry(9, EntryKind.CLOCK, "23:43", body={"jumped_ms": 5000}),
    ]
    voided = {
        "sale 3": VoidedCharge(charge, (entries[1],)),
        "sale 1": VoidedCharge(early, (entries[3],), shift=1),
    }
    counter = ReportCounter(ShiftRange(2, 2, 9, BusinessDays(time(4), BERLIN)), {}, voided)
    for one in entries:
        counter.add(one)
    return ShiftReport(
        journal_id="aaaa0001",
        till="canteen-1",
        currency="EUR",
        first_hash="0" * 64,
        last_hash="f" * 64,
        business_day=date(2026, 3, 2),
        zone="Europe/Berlin",
        began_at=charge.at,
        opened_at=charge.at,
        opened_by="Jo",
        closed_at="",
        closed_by="",
        cash=Cash(opening_minor=5000),
        unsent=CountAndSum(1, 99),
        cases=CountAndSum(),
        figures=replace(counter.report(), customers=()),
    )


def named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


Z = closed(
    shift_report(),
    Closing(counted=Money(4950), paid_out=Money(100), comment="coins", staff="Sam"),
    "2026-03-02T23:59:00.000+00:00",
)


@pytest.mark.parametrize(
    ("cash", "expected", "difference"),
    [
        pytest.param(Cash(), None, None, id="nothing was counted"),
        pytest.param(Cash(opening_minor=500), 500, None, id="only at the opening"),
        pytest.param(Cash(counted_minor=500), None, None, id="only at the close"),
        pytest.param(
            Cash(opening_minor=500, repaid_minor=70, paid_out_minor=30, counted_minor=530),
            *(540, -10),
            id="something is missing",
        ),
    ],
)
def test_the_difference_is_known_where_cash_was_counted_twice(
    cash: Cash, expected: int | None, difference: int | None
) -> None:
    assert (cash.expected_minor, cash.difference_minor) == (expected, difference)


@given(
    cash=st.builds(
        Cash,
        **{
            name: st.integers()
            for name in ("opening_minor", "repaid_minor", "paid_out_minor", "counted_minor")
        },
    )
)
def test_cash_adds_up_whatever_was_counted(cash: Cash) -> None:
    assert cash.opening_minor is not None
    assert cash.counted_minor is not None
    total = cash.opening_minor + cash.repaid_minor - cash.paid_out_minor
    assert cash.expected_minor == total
    assert cash.difference_minor == cash.counted_minor - total


def test_a_close_says_what_was_counted_by_whom() -> None:
    assert (Z.is_closed, shift_report().is_closed) == (True, False)
    assert (Z.closed_by, Z.cash.comment, Z.cash.counted_minor) == ("Sam", "coins", 4950)
    assert (Z.cash.expected_minor, Z.cash.difference_minor) == (4900, 50)
    uncounted = closed(shift_report(), Closing(), "2026-03-02T23:59:00.000+00:00")
    assert (uncounted.cash.counted_minor, uncounted.closed_by) == (None, "")


def test_all_identities_hold_and_those_of_cash_are_there_only_where_it_was_counted() -> None:
    assert all(one.holds for one in identities(Z))
    assert {one.name for one in identities(Z)} == {*IdentityName}
    assert {one.name for one in identities(replace(Z, cash=Cash()))} == {*IdentityName} - {
        IdentityName.CASH,
        IdentityName.DIFFERENCE,
    }


def test_an_identity_that_does_not_hold_shows_both_sums() -> None:
    hours = (HourRow(9, Tally(sales=1, gross_minor=1)),)
    forged = replace(Z, figures=replace(Z.figures, hours=hours))
    (broken,) = (one for one in identities(forged) if not one.holds)
    assert (broken.name, broken.left_minor) == (IdentityName.BY_HOUR, 1)
    assert broken.right_minor == Z.figures.total.net_minor


def test_a_z_is_the_same_after_its_way_through_json() -> None:
    body = json.loads(json.dumps(to_body(Z)))
    assert from_body(body, named) == Z
    assert from_body(body, lambda _: None).shift.days == BusinessDays(time(4))
    assert list(differences(body, to_body(Z))) == []


def test_the_keys_of_the_stored_form_stay_as_they_are() -> None:
    """Journals have them: a new key may come, none may go or mean something else."""
    body = to_body(Z)
    assert (body["form"], body["number"], body["from_seq"], body["to_seq"]) == (1, 2, 2, 9)
    assert (body["business_day"], body["day_ends_at"], body["zone"]) == (
        "2026-03-02",
        "04:00",
        "Europe/Berlin",
    )
    assert body["cash"] == {
        "opening_minor": 5000,
        "repaid_minor": 0,
        "paid_out_minor": 100,
        "counted_minor": 4950,
        "comment": "coins",
        "expected_minor": 4900,
        "difference_minor": 50,
    }
    assert body["unsent"] == {"count": 1, "sum_minor": 99}
    figures = body["figures"]
    assert figures["total"] == {
        "sales": 2,
        "gross_minor": 369,
        "voids": 2,
        "voided_minor": 370,
        "in_books_minor": 0,
        "to_send_minor": -1,
        "in_question_minor": 0,
    }
    assert figures["staff"][0]["staff"] == "Jo"
    assert figures["taxes"][0]["code"] == "A"
    assert figures["declined"] == [["blocked", 1]]
    assert figures["overrides"][0]["why"] == "known"
    assert figures["voids_of_shifts"] == [{"shift": 1, "voids": {"count": 1, "sum_minor": 250}}]
    assert "customers" not in figures


def changed(place: str, value: object) -> dict[str, Any]:
    """Return the body of the Z with one value changed, or taken out where it is `...`."""
    body: dict[str, Any] = json.loads(json.dumps(to_body(Z)))
    *path, last = place.split(".")
    inside: Any = body
    for name in path:
        inside = inside[int(name)] if name.isdigit() else inside[name]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return body


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ("form", 2, "form is 2, this version knows 1"),
        ("number", True, "number is no int"),
        ("to_seq", 1.0, "to_seq is no int"),
        ("day_ends_at", 4, "day_ends_at is no str"),
        ("day_ends_at", "0400Z", "is no time as 04:00"),
        ("business_day", "today", "Invalid isoformat"),
        ("cash.opening_minor", "5000", "cash.opening_minor is no int"),
        ("cash.counted_minor", 1.5, "cash.counted_minor is no int"),
        ("figures", [], "all of it is no dict"),
        ("figures.money_minor", ..., "money_minor is missing"),
        ("figures.goods.0.kind", "rubbish", "rubbish"),
        ("figures.declined", [["blocked"]], r"declined\[0\] has 1 parts"),
        ("figures.hours", {}, "hours is no list"),
    ],
)
def test_a_body_of_another_form_is_refused(place: str, value: object, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        from_body(changed(place, value), named)


def test_a_key_that_may_be_left_out_has_its_default() -> None:
    assert from_body(changed("cash.comment", ...), named).cash.comment == ""
    assert from_body(changed("cash.paid_out_minor", ...), named).cash.paid_out_minor == 0


def test_each_difference_is_named_with_both_figures() -> None:
    forged = changed("figures.total.gross_minor", 370)
    forged["figures"]["goods"].append({"name": "Tea"})
    assert list(differences(forged, to_body(Z))) == [
        "figures.total.gross_minor is 370, counted anew 369",
        "figures.goods.length is 5, counted anew 4",
    ]


def test_a_key_of_another_version_is_no_difference() -> None:
    newer = changed("figures.added_later", 5)
    older = changed("cash.difference_minor", ...)
    assert [*differences(newer, to_body(Z)), *differences(older, to_body(Z))] == []
    assert from_body(newer, named) == from_body(older, named) == Z
