"""What is about to be bought: lines of goods and amounts."""

from dataclasses import dataclass, replace

from taptill.domain.money import ZERO, Money

LINES_MAX = 50
QUANTITY_MAX = 99


@dataclass(frozen=True, slots=True)
class Good:
    """Something on sale: its quick key, name and price."""

    key: str
    name: str
    price: Money


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one good, or a typed amount (then `name` is empty)."""

    name: str
    price: Money
    quantity: int = 1

    @property
    def total(self) -> Money:
        """Return price times quantity."""
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class Basket:
    """Lines in the order they were rung up; frozen from confirm on."""

    lines: tuple[Line, ...] = ()

    @property
    def total(self) -> Money:
        """Return the sum of all lines."""
        return sum((line.total for line in self.lines), ZERO)

    def add(self, line: Line) -> "Basket":
        """Add a line; the same good as the last line raises its quantity. Full: unchanged."""
        last = self.lines[-1] if self.lines else None
        if last and line.name and (last.name, last.price) == (line.name, line.price):
            larger_line = replace(last, quantity=last.quantity + line.quantity)
            return (
                self
                if larger_line.quantity > QUANTITY_MAX
                else Basket((*self.lines[:-1], larger_line))
            )
        return self if len(self.lines) >= LINES_MAX else Basket((*self.lines, line))

    def repeat_last(self) -> "Basket":
        """Ring up the last line once more."""
        return self.add(replace(self.lines[-1], quantity=1)) if self.lines else self

    def take_back(self) -> "Basket":
        """Take back one of the last line."""
        if not self.lines:
            return self
        last = self.lines[-1]
        rest = self.lines[:-1]
        if last.quantity == 1:
            return Basket(rest)
        return Basket((*rest, replace(last, quantity=last.quantity - 1)))


EMPTY = Basket()
