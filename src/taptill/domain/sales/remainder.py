"""A charge and its voids in, what is left of it out, line by line.

The rule for a part that is taken back: each of its lines is one of the charge, by name and price,
and no more of it than is left; what it takes back is more than nothing; and what stays is worth
nothing or more. So all voids of a charge together never take back more than it, and a customer is
never given money for goods that were kept: a deposit (a line with a price below zero) that made a
sale cheaper must be taken back with the goods that it was set against, and never alone. What stays
may be worth nothing although lines are left, a drink for an empty bottle for example: of that no
more can be taken back, as no money is left in it.

A void without lines takes back the whole charge. Where the lines of a charge do not add up to its
amount, nobody can say what a part is worth: then only all that is left can be taken back.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.entry import ChargedLine, Entry
from taptill.domain.money import ZERO, Money


class PartRefusal(StrEnum):
    """Why a part of a charge cannot be taken back."""

    NOTHING_LEFT = "nothing-left"
    LINES_UNKNOWN = "lines-unknown"  # only all that is left can be taken back
    NOT_LEFT = "not-left"  # a line of the part, or so many of it, is not left
    NOTHING_TAKEN = "nothing-taken"  # the part is worth nothing, or it is a deposit alone
    BELOW_ZERO = "below-zero"  # what would stay is worth less than nothing


@dataclass(frozen=True, slots=True)
class Part:
    """What a void takes back: its lines, and what they are worth, which is more than nothing."""

    lines: tuple[ChargedLine, ...]
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Remainder:
    """What is left of a charge, which is entry `seq`, after `voids` voids; never below zero.

    `lines` are what is left of each line, in the charge's order. They are empty where nothing is
    left, and where they are not known.
    """

    charge_id: str
    seq: int
    customer_id: int
    amount: Money
    lines: tuple[ChargedLine, ...]
    voids: int = 0

    @property
    def has_known_lines(self) -> bool:
        """Return whether the lines add up to the amount."""
        return worth(self.lines) == self.amount

    def whole(self) -> Part | PartRefusal:
        """Return all that is left as a part."""
        return Part(self.lines, self.amount) if self.amount > ZERO else PartRefusal.NOTHING_LEFT

    def part(self, lines: Sequence[ChargedLine]) -> Part | PartRefusal:
        """Return these lines as a part, or the rule that forbids it."""
        if self.amount <= ZERO:
            return PartRefusal.NOTHING_LEFT
        if not self.has_known_lines:
            return PartRefusal.LINES_UNKNOWN
        amount = worth(lines)
        if _without(self.lines, lines) is None:
            return PartRefusal.NOT_LEFT
        if amount <= ZERO:
            return PartRefusal.NOTHING_TAKEN
        if amount > self.amount:
            return PartRefusal.BELOW_ZERO
        return Part(tuple(lines), amount)

    def after(self, void: Entry) -> "Remainder":
        """Return what is left after one more void."""
        return self.less(lines_of_void(void, self.lines), Money(-(void.amount_minor or 0)))

    def less(self, lines: Sequence[ChargedLine], amount: Money) -> "Remainder":
        """Return what is left after a void of this amount, made of these lines."""
        amount_left = self.amount - amount
        lines_left = _without(self.lines, lines) or ()
        return Remainder(
            charge_id=self.charge_id,
            seq=self.seq,
            customer_id=self.customer_id,
            amount=amount_left,
            lines=lines_left if worth(lines_left) == amount_left else (),
            voids=self.voids + 1,
        )


def remainder(charge: Entry, voids: Iterable[Entry] = ()) -> Remainder:
    """Return what is left of a charge after its voids, which come in their order."""
    left = Remainder(
        charge_id=charge.charge_id or "",
        seq=charge.seq,
        customer_id=charge.customer_id or 0,
        amount=Money(charge.amount_minor or 0),
        lines=tuple(line for line in charge.lines if line[2] > 0),
    )
    for void in voids:
        left = left.after(void)
    return left


def lines_of_void(void: Entry, charged: Sequence[ChargedLine]) -> Sequence[ChargedLine]:
    """Return the lines that a void takes back, of a charge with these lines."""
    return void.lines if void.body.get("lines") else charged


def worth(lines: Iterable[ChargedLine]) -> Money:
    """Return the sum of price times quantity."""
    return Money(sum(price * quantity for _, price, quantity in lines))


def _without(
    lines: Iterable[ChargedLine], taken: Iterable[ChargedLine]
) -> tuple[ChargedLine, ...] | None:
    """Return the lines less those that are taken; None where these are not among them.

    A name may stand in several lines with one price: then the first ones become fewer first.
    """
    to_take: Counter[tuple[str, int]] = Counter()
    for name, price, quantity in taken:
        if quantity < 1:
            return None
        to_take[name, price] += quantity
    left = []
    for name, price, quantity in lines:
        here = min(quantity, to_take[name, price])
        to_take[name, price] -= here
        if quantity > here:
            left.append((name, price, quantity - here))
    return None if any(to_take.values()) else tuple(left)
