"""An entry of the journal in, a slip out: what a printed receipt says of a sale.

A slip is made anew from the journal each time, so that a copy says what the first one said. It
names no customer and no balance: whoever finds it learns what was bought, and not by whom.
"""

from dataclasses import dataclass

from taptill.domain.entry import EntryKind
from taptill.domain.money import Currency, Money
from taptill.domain.sales.past import HistoryRow

SLIP_KINDS = frozenset({EntryKind.CHARGE, EntryKind.VOID})
"""The entries of which there is a slip."""


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

    `total` is what was charged or, of a void, given back; both are above zero. `of` is the number
    of the sale that a void takes back, None for a sale. `copy` counts the slips of this entry that
    were printed before.
    """

    till: str
    number: int
    at: str
    lines: tuple[SlipLine, ...]
    total: Money
    currency: Currency
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
    """Return the slip of a charge or a void; None for any other entry.

    `currency` is the till's, for a void whose sale the journal does not have.
    """
    entry = row.entry
    if entry.kind not in SLIP_KINDS:
        return None
    is_void = entry.kind is EntryKind.VOID
    charge = row.charge
    taxes: dict[tuple[str, int], str] = {}
    if charge:
        pairs = zip(charge.lines, charge.tax_codes, strict=True)
        taxes = {(name, price): code for (name, price, _), code in pairs}
    return Slip(
        till=till,
        number=entry.seq,
        at=entry.at,
        lines=tuple(
            SlipLine(name, Money(price), quantity, taxes.get((name, price), ""))
            for name, price, quantity in row.lines
        ),
        total=abs(row.amount),
        currency=row.currency or currency,
        of=(charge.seq if charge else 0) if is_void else None,
        staff=entry.staff or "",
        copy=copy,
    )
