"""Who may take back which sale."""

import pytest

from taptill.domain.sales.undo import SaleOrigin, Undoer, UndoRight, may_undo

WINDOW_S = 300.0
BO, SUE = Undoer("Bo", may_undo_any=False), Undoer("Sue", may_undo_any=True)
OWN = SaleOrigin("Bo", 10.0, in_shift=True)

CASES = {
    "one's own, just now": (OWN, BO, UndoRight.ALLOWED),
    "one's own, at the end of the window": (
        SaleOrigin("Bo", 300.0, in_shift=True),
        BO,
        UndoRight.ALLOWED,
    ),
    "one's own, after the window": (
        SaleOrigin("Bo", 300.1, in_shift=True),
        BO,
        UndoRight.NEEDS_SUPERVISOR,
    ),
    "one's own, of a shift that is closed": (
        SaleOrigin("Bo", 10.0, in_shift=False),
        BO,
        UndoRight.NEEDS_SUPERVISOR,
    ),
    "one's own, before this boot": (
        SaleOrigin("Bo", None, in_shift=True),
        BO,
        UndoRight.NEEDS_SUPERVISOR,
    ),
    "another's": (SaleOrigin("Ann", 10.0, in_shift=True), BO, UndoRight.NEEDS_SUPERVISOR),
    "nobody's": (SaleOrigin(None, 10.0, in_shift=True), BO, UndoRight.NEEDS_SUPERVISOR),
    "a supervisor, another's": (OWN, SUE, UndoRight.ALLOWED),
    "a supervisor, an old one of a closed shift": (
        SaleOrigin("Bo", None, in_shift=False),
        SUE,
        UndoRight.ALLOWED,
    ),
    "without staff, just now": (SaleOrigin(None, 300.0, in_shift=True), None, UndoRight.ALLOWED),
    "without staff, right after the close": (
        SaleOrigin(None, 10.0, in_shift=False),
        None,
        UndoRight.ALLOWED,
    ),
    "without staff, after the window": (
        SaleOrigin(None, 301.0, in_shift=True),
        None,
        UndoRight.TOO_LATE,
    ),
    "without staff, before this boot": (
        SaleOrigin(None, None, in_shift=True),
        None,
        UndoRight.TOO_LATE,
    ),
}


@pytest.mark.parametrize(("sale", "undoer", "right"), CASES.values(), ids=CASES)
def test_who_may_take_a_sale_back(
    sale: SaleOrigin, undoer: Undoer | None, right: UndoRight
) -> None:
    assert may_undo(sale, undoer, WINDOW_S) is right
