"""Whose sale it is, how old, and who asks in; whether they may take it back out."""

from dataclasses import dataclass
from enum import StrEnum


class UndoRight(StrEnum):
    """Whether somebody may take a sale back."""

    ALLOWED = "allowed"
    NEEDS_SUPERVISOR = "needs-supervisor"
    TOO_LATE = "too-late"  # nobody may here, as no staff is configured: it is for the office


@dataclass(frozen=True, slots=True)
class SaleOrigin:
    """Who made a sale, how long ago, and whether in the running shift.

    `staff` is None where nobody was logged in. `age_s` is None where the sale was made before this
    boot of the machine: then nobody knows how old it is, as only a monotonic time is trusted.
    """

    staff: str | None
    age_s: float | None
    in_shift: bool


@dataclass(frozen=True, slots=True)
class Undoer:
    """Who asks: a member of staff, and whether their role may take back any sale."""

    name: str
    may_undo_any: bool


def may_undo(sale: SaleOrigin, undoer: Undoer | None, window_s: float) -> UndoRight:
    """Return whether a sale may be taken back.

    A cashier takes back what he sold himself in this shift, within `window_s`; a supervisor every
    sale. `undoer` is None on a till without staff: there anybody takes back what is not older.
    """
    is_recent = sale.age_s is not None and sale.age_s <= window_s
    if undoer is None:
        return UndoRight.ALLOWED if is_recent else UndoRight.TOO_LATE
    is_own = sale.staff == undoer.name and sale.in_shift
    if undoer.may_undo_any or (is_own and is_recent):
        return UndoRight.ALLOWED
    return UndoRight.NEEDS_SUPERVISOR
