"""An entry of the journal in, a slip out: what a printed receipt says of a sale.

A slip is made anew from the journal each time, so that a copy says what the first one said. It
names no customer and no balance: whoever finds it learns what was bought, and not by whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.entry import EntryKind
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.sales.past import HistoryRow
from taptill.domain.sales.repaying import VOIDS

SLIP_KINDS = frozenset({EntryKind.CHARGE, EntryKind.VOID, EntryKind.REPAYMENT})
"""The entries of which there is a slip."""


class SlipSum(StrEnum):
    """What a slip's sum is; each is a key of the slip's texts."""

    SOLD = "total"
    GIVEN_BACK = "given-back"  # to the account, by a void
    PAID_IN = "paid-in"  # cash, from the customer
    PAID_OUT = "paid-out"  # cash, to the customer

    @property
    def is_cash(self) -> bool:
        """Return whether money went over the counter."""
        return self in {SlipSum.PAID_IN, SlipSum.PAID_OUT}


@dataclass(frozen=True, slots=True)
class SlipLine:
    """So many of one good, or a typed amount (then `name` is empty); `tax` is the site's code."""

    name: str
    price: Money
    quantity: int
    tax: str = ""

    @property
    def total(self) -> Money:
        """Return price times quantity."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What is printed of one entry: `number` is the entry's, `at` its UTC time in ISO 8601.

    `total` is above zero, `sum` says what it is. `of` is the number of what a void takes back (0:
    not in this journal), None for anything else. `copy` counts the slips of this entry that were
    printed before.
    """

    till: str
    number: int
    at: str
    lines: tuple[SlipLine, ...]
    total: Money
    currency: Currency
    sum: SlipSum = SlipSum.SOLD
    of: int | None = None
    staff: str = ""
    copy: int = 0

    @property
    def taxes(self) -> tuple[tuple[str, Money], ...]:
        """Return the sum of each tax code, in the order of the lines; no rate is known here."""
        sums: dict[str, int] = {}
        for line in self.lines:
            if line.tax:
                sums[line.tax] = sums.get(line.tax, 0) + line.total.minor
        return tuple((code, Money(minor)) for code, minor in sums.items())


def slip_of(row: HistoryRow, till: str, currency: Currency, copy: int = 0) -> Slip | None:
    """Return the slip of a charge, a void or a repayment; None for any other entry.

    `currency` is the till's, for a void whose sale the journal does not have.
    """
    entry = row.entry
    if entry.kind not in SLIP_KINDS:
        return None
    is_void = entry.kind is EntryKind.VOID
    of = (row.charge.seq if row.charge else 0) if is_void else entry.body.get(VOIDS)
    return Slip(
        till=till,
        number=entry.seq,
        at=entry.at,
        lines=tuple(
            SlipLine(name, Money(price), quantity, code)
            for (name, price, quantity), code in zip(row.lines, _tax_codes(row), strict=True)
        ),
        total=abs(row.amount),
        currency=row.currency or currency,
        sum=_sum_of(row),
        of=of if isinstance(of, int) else None,
        staff=entry.staff or "",
        copy=copy,
    )


def _tax_codes(row: HistoryRow) -> Sequence[str]:
    """Return the tax code of each of the row's lines, empty where none is known.

    Two lines may have one name and one price, and not the same code, as what is eaten here and
    what is taken away. Which of them a part takes back is not known here.
    """
    lines, charge = list(row.lines), row.charge
    if charge is None or lines == list(charge.lines):
        return charge.tax_codes if charge else [""] * len(lines)
    codes: dict[tuple[str, int], set[str]] = {}
    for (name, price, _), code in zip(charge.lines, charge.tax_codes, strict=True):
        codes.setdefault((name, price), set()).add(code)
    known = [codes.get((name, price), set()) for name, price, _ in lines]
    return ["".join(of) if len(of) == 1 else "" for of in known]


def _sum_of(row: HistoryRow) -> SlipSum:
    """Return what the sum is: a repayment is below zero where the customer pays."""
    match row.entry.kind:
        case EntryKind.REPAYMENT:
            return SlipSum.PAID_IN if row.amount < ZERO else SlipSum.PAID_OUT
        case EntryKind.VOID:
            return SlipSum.GIVEN_BACK
        case _:
            return SlipSum.SOLD
