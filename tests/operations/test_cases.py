"""What a case says of the goods whose money may be missing."""

from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.conftest import JournalHarness
from tests.journal.drafts import ADA

from taptill.checkout.sale import void_draft
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.sales.remainder import Part, remainder
from taptill.operations.cases import goods_of

LINES = [["Coffee", 150, 3], ["Cake", 250, 1]]
TAKEN = {
    "nothing": ([], "3 × Coffee, Cake"),
    "one of three": ([[("Coffee", 150, 1)]], "2 × Coffee, Cake"),
    "two parts": ([[("Coffee", 150, 1)], [("Coffee", 150, 2)]], "Cake"),
    "all of it, in two voids": ([[("Coffee", 150, 1)], [("Coffee", 150, 2), ("Cake", 250, 1)]], ""),
}


@pytest.mark.parametrize(("voids", "goods"), TAKEN.values(), ids=TAKEN)
def test_goods_that_were_taken_back_are_not_named(
    tmp_path: Path, voids: list[list[tuple[str, int, int]]], goods: str
) -> None:
    with closing(JournalHarness(tmp_path / "journal.db", FakeClock())) as book:
        (charge,) = book.write(
            Draft(EntryKind.CHARGE, ADA, 700, body={"lines": LINES}, charge_id="c1")
        )
        left = remainder(charge)
        for lines in voids:
            part = left.part(lines)
            assert isinstance(part, Part)
            (void,) = book.write(void_draft(left, part, reason="goods returned"))
            left = left.after(void)
        position = book.queries.position(ADA)
        assert position
        assert goods_of(book.queries, position) == goods
