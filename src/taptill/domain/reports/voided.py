"""A charge and its voids in, the lines that each of them takes back out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from taptill.domain.entry import Entry

TaxedLine = tuple[str, int, int, str]
"""Name, price in minor units, quantity, and the tax code, empty where none was recorded."""


def taxed_lines(entry: Entry) -> Sequence[TaxedLine]:
    """Return the lines of a charge or a void with their tax codes."""
    return [(*line, code) for line, code in zip(entry.lines, entry.tax_codes, strict=True)]


@dataclass(frozen=True, slots=True)
class VoidedCharge:
    """A charge with its voids, in the order of the journal.

    `shift`: the number of the closed shift that the charge belongs to, None while none has it.
    """

    charge: Entry
    voids: tuple[Entry, ...] = ()
    shift: int | None = None

    def lines_of(self, void: Entry) -> Sequence[TaxedLine]:
        """Return the lines that a void takes back: its own, or else what is left of the charge.

        A void's lines need not name a tax code: they have that of the charge's line.
        """
        left = list(taxed_lines(self.charge))
        for earlier in self.voids:
            if earlier.seq < void.seq:
                _take(left, earlier)
        return _take(left, void)


def _take(left: list[TaxedLine], void: Entry) -> Sequence[TaxedLine]:
    """Take a void's lines from those that are left of its charge, and return them."""
    if not void.body.get("lines"):
        taken = [line for line in left if line[2] > 0]
        left.clear()
        return taken
    return [part for line in taxed_lines(void) for part in _parts(left, line)]


def _parts(left: list[TaxedLine], line: TaxedLine) -> Iterable[TaxedLine]:
    """Take a line from those that are left; what none of them has is a part of its own."""
    name, price, quantity, tax = line
    for index, (*good, left_quantity, code) in enumerate(left):
        taken = min(quantity, left_quantity)
        if good == [name, price] and taken > 0 and tax in ("", code):
            left[index] = (name, price, left_quantity - taken, code)
            quantity -= taken
            yield name, price, taken, code
    if quantity > 0:
        yield name, price, quantity, tax
