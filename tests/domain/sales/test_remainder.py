"""What is left of a charge, and which parts of it may be taken back."""

from collections import Counter
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.checkout.sale import void_draft
from taptill.domain.entry import ChargedLine, Draft, Entry, EntryKind
from taptill.domain.money import Money
from taptill.domain.sales.remainder import Part, PartRefusal, Remainder, remainder, worth

COFFEE, CAKE, TYPED = ("Coffee", 150, 2), ("Cake", 250, 1), ("", 77, 1)
CUP, BOTTLE = ("Cup", -100, 1), ("Bottle", -25, 4)


def entry_of(draft: Draft, seq: int) -> Entry:
    return Entry(
        seq=seq,
        kind=draft.kind,
        charge_id=draft.charge_id,
        customer_id=draft.customer_id,
        amount_minor=draft.amount_minor,
        body=draft.body,
        at="2026-03-02T09:00:00.000+00:00",
        boot_id="boot",
        uptime_ms=0,
        clock_trusted=True,
        staff=draft.staff,
        prev_hash="",
        hash="",
    )


def charge(*lines: ChargedLine, amount: int | None = None) -> Entry:
    body: dict[str, Any] = {"lines": [list(line) for line in lines]}
    minor = worth(lines).minor if amount is None else amount
    return entry_of(Draft(EntryKind.CHARGE, 7, minor, body, charge_id="sale"), 12)


def void_of(left: Remainder, part: Part, seq: int = 13) -> Entry:
    return entry_of(void_draft(left, part, reason="goods returned"), seq)


def quantities(lines: tuple[ChargedLine, ...] | list[ChargedLine]) -> Counter[tuple[str, int]]:
    found: Counter[tuple[str, int]] = Counter()
    for name, price, quantity in lines:
        found[name, price] += quantity
    return found


PARTS = {
    "one of two": ([COFFEE, CAKE], [("Coffee", 150, 1)], 150),
    "a line": ([COFFEE, CAKE], [CAKE], 250),
    "two lines": ([COFFEE, CAKE, TYPED], [CAKE, TYPED], 327),
    "all lines": ([COFFEE, CAKE], [COFFEE, CAKE], 550),
    "goods beside a deposit that stays": ([COFFEE, CUP], [("Coffee", 150, 1)], 150),
    "goods with their deposit": ([COFFEE, CAKE, CUP], [COFFEE, CUP], 200),
    "what leaves exactly nothing": ([COFFEE, ("Juice", 100, 1), CUP], [COFFEE], 300),
    "one good that stands in two lines": ([COFFEE, CAKE, COFFEE], [("Coffee", 150, 3)], 450),
    "another line": ([CAKE], [COFFEE], PartRefusal.NOT_LEFT),
    "more than there is": ([COFFEE], [("Coffee", 150, 3)], PartRefusal.NOT_LEFT),
    "another price": ([COFFEE], [("Coffee", 100, 1)], PartRefusal.NOT_LEFT),
    "less than one": ([COFFEE], [("Coffee", 150, -1)], PartRefusal.NOT_LEFT),
    "no line": ([COFFEE], [], PartRefusal.NOTHING_TAKEN),
    "a deposit alone": ([COFFEE, CUP], [CUP], PartRefusal.NOTHING_TAKEN),
    "goods for nothing": ([COFFEE, ("Water", 0, 1)], [("Water", 0, 1)], PartRefusal.NOTHING_TAKEN),
    "goods and a larger deposit": (
        [COFFEE, ("Tea", 50, 1), CUP],
        [("Tea", 50, 1), CUP],
        PartRefusal.NOTHING_TAKEN,
    ),
    "goods without the deposit against them": ([COFFEE, CUP], [COFFEE], PartRefusal.BELOW_ZERO),
}


@pytest.mark.parametrize(("lines", "taken", "outcome"), PARTS.values(), ids=PARTS)
def test_a_part_may_be_taken_back(
    lines: list[ChargedLine], taken: list[ChargedLine], outcome: int | PartRefusal
) -> None:
    part = remainder(charge(*lines)).part(taken)
    assert part == (Part(tuple(taken), Money(outcome)) if isinstance(outcome, int) else outcome)


def test_a_void_without_lines_takes_the_whole_charge_back() -> None:
    sale = charge(COFFEE, CUP)
    left = remainder(sale)
    whole = left.whole()
    assert isinstance(whole, Part)
    void = void_of(left, whole)
    assert (void.body, void.amount_minor) == ({"reason": "goods returned", "voids": 12}, -200)
    nothing = remainder(sale, [void])
    assert (nothing.amount, nothing.lines, nothing.voids) == (Money(0), (), 1)
    assert nothing.whole() is nothing.part([COFFEE]) is PartRefusal.NOTHING_LEFT


def test_the_rest_after_a_part_names_its_lines_and_which_void_it_is() -> None:
    sale = charge(COFFEE, CAKE)
    left = remainder(sale)
    part = left.part([("Coffee", 150, 1)])
    assert isinstance(part, Part)
    first = void_of(left, part)
    assert first.body["lines"] == [["Coffee", 150, 1]]
    assert "number" not in first.body
    left = remainder(sale, [first])
    assert (left.amount, left.lines) == (Money(400), (("Coffee", 150, 1), CAKE))
    rest = left.whole()
    assert isinstance(rest, Part)
    second = void_of(left, rest)
    assert second.body["number"] == 2
    assert second.body["lines"] == [["Coffee", 150, 1], ["Cake", 250, 1]]
    assert remainder(sale, [first, second]).lines == ()


def test_a_part_worth_the_whole_charge_is_not_the_whole_charge() -> None:
    """A drink against an empty bottle stays: that it was returned must not be written down."""
    juice = ("Juice", 100, 1)
    sale = charge(COFFEE, juice, CUP)
    left = remainder(sale)
    part = left.part([COFFEE])
    assert isinstance(part, Part)
    void = void_of(left, part)
    assert void.body["lines"] == [["Coffee", 150, 2]]
    after = remainder(sale, [void])
    assert (after.amount, after.lines) == (Money(0), (juice, CUP))
    assert after.whole() is PartRefusal.NOTHING_LEFT


@pytest.mark.parametrize(
    "sale",
    [charge(amount=320), charge(COFFEE, amount=320), charge(("Coffee", 150, -2), amount=300)],
    ids=["no lines", "lines of another sum", "a line of less than one"],
)
def test_of_lines_that_do_not_add_up_only_the_whole_is_taken_back(sale: Entry) -> None:
    left = remainder(sale)
    assert left.part([("Coffee", 150, 1)]) is PartRefusal.LINES_UNKNOWN
    whole = left.whole()
    assert isinstance(whole, Part)
    assert remainder(sale, [void_of(left, whole)]).amount == Money(0)


@pytest.mark.parametrize(
    "lines",
    [[["Soup", 400, 1]], [["Coffee", 150, 1]], [["Coffee", 150, 1], ["half a line"]]],
    ids=["of another charge", "of another sum", "not readable"],
)
def test_a_void_whose_lines_do_not_fit_its_charge_leaves_a_sum_only(lines: list[Any]) -> None:
    """Another program may have written it; its amount counts all the same."""
    sale = charge(COFFEE, CAKE)
    body = {"lines": lines}
    strange = entry_of(Draft(EntryKind.VOID, 7, -400, body=body, charge_id="sale"), 13)
    after = remainder(sale, [strange])
    assert (after.amount, after.lines) == (Money(150), ())
    assert after.part([("Coffee", 150, 1)]) is PartRefusal.LINES_UNKNOWN
    assert after.whole() == Part((), Money(150))


_lines = st.lists(
    st.tuples(
        st.sampled_from(["Coffee", "Cake", "Cup", ""]),
        st.sampled_from([150, 77, 0, -25, -100]),
        st.integers(1, 4),
    ),
    max_size=5,
)


@given(_lines, st.lists(_lines, max_size=6), st.integers(0, 3))
def test_all_voids_together_never_take_back_more_than_was_charged(
    charged: list[ChargedLine], tries: list[list[ChargedLine]], halves: int
) -> None:
    """Neither in sum nor of any line; and once all is taken back, nothing is left."""
    if worth(charged) <= Money(0):
        return
    sale, voids, seqs = charge(*charged), list[Entry](), count(13)
    tries += [[(name, price, 1) for name, price, _ in charged]] * halves
    for lines in tries:
        left = remainder(sale, voids)
        part = left.part(lines)
        if isinstance(part, PartRefusal):
            continue
        assert Money(0) < part.amount == worth(lines) <= left.amount
        voids.append(void_of(left, part, next(seqs)))
        after = remainder(sale, voids)
        assert after.amount == left.amount - part.amount >= Money(0)
        assert after.has_known_lines
        assert quantities(after.lines) + quantities(lines) == quantities(left.lines)
    left = remainder(sale, voids)
    rest = left.whole()
    if isinstance(rest, Part):
        voids.append(void_of(left, rest, next(seqs)))
        assert remainder(sale, voids).lines == ()
    taken = sum(-(void.amount_minor or 0) for void in voids)
    assert remainder(sale, voids).amount == Money(0)
    assert taken == sale.amount_minor
    assert [void.body.get("number", 1) for void in voids] == list(range(1, len(voids) + 1))
