"""What is about to be bought: lines of goods and amounts, with deposits that are given back."""

from dataclasses import dataclass, replace

from taptill.domain.money import Money

LINES_MAX = 50
QUANTITY_MAX = 99
UPC_E_DIGITS = 8
UPC_A_DIGITS = 12
_SYMBOLOGIES = {UPC_E_DIGITS: "EAN-8", UPC_A_DIGITS: "UPC-A", 13: "EAN-13"}


@dataclass(frozen=True, slots=True)
class Good:
    """Something on sale; `key`, `group`, `barcode` and `tax` are empty where it has none.

    `key` is its quick key, a small letter. A price below zero is a deposit that is given back.
    `barcode` is as `barcode_form` writes it, `tax` the site's code of a tax rate.
    """

    key: str
    name: str
    price: Money
    group: str = ""
    barcode: str = ""
    tax: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """So many of one good, or a typed amount (then `name` is empty); prices may be below zero."""

    name: str
    price: Money
    quantity: int = 1
    tax: str = ""

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
        # In whole numbers: it is asked for at each key, tap and tick, and 12 lines are as quick.
        return Money(sum(line.price.minor * line.quantity for line in self.lines))

    def add(self, line: Line) -> "Basket":
        """Add a line; the same good as the last line raises its quantity. Full: unchanged."""
        last = self.lines[-1] if self.lines else None
        if last and line.name and replace(last, quantity=line.quantity) == line:
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
        return self.change_quantity(len(self.lines) - 1, -1) if self.lines else self

    def change_quantity(self, at: int, by: int) -> "Basket":
        """Change the quantity of line `at`; at zero the line goes. Beyond the most: unchanged."""
        quantity = self.lines[at].quantity + by
        if quantity > QUANTITY_MAX:
            return self
        changed = (replace(self.lines[at], quantity=quantity),) if quantity > 0 else ()
        return Basket((*self.lines[:at], *changed, *self.lines[at + 1 :]))

    def without(self, at: int) -> "Basket":
        """Remove line `at` whole."""
        return Basket((*self.lines[:at], *self.lines[at + 1 :]))


EMPTY = Basket()


def barcode_form(text: str) -> str:
    """Return a barcode's text in the one form in which two are compared.

    A UPC-A of 12 digits is the EAN-13 that a nought before it makes, and scanners send either
    (GS1 General Specifications, section 2.1: GTIN-12 and GTIN-13).
    """
    return f"0{text}" if len(text) == UPC_A_DIGITS and _is_number(text) else text


def barcode_forms(text: str) -> tuple[str, ...]:
    """Return the forms that a scanned barcode may have in a list of goods, the likeliest first.

    Eight digits are an EAN-8, or a UPC-E, which is a UPC-A with its noughts left out. Of half of
    all UPC-E the check digit is that of an EAN-8, too: nobody can tell which one it is.
    """
    form, upc_a = barcode_form(text), upc_a_of(text)
    return (form, barcode_form(upc_a)) if upc_a else (form,)


def upc_a_of(upc_e: str) -> str:
    """Return the UPC-A that a UPC-E stands for; empty for what is none.

    The last digit but one says where the noughts were (GS1 General Specifications, 5.2.2.4).
    """
    if len(upc_e) != UPC_E_DIGITS or not _is_number(upc_e) or upc_e[0] not in "01":
        return ""
    system, digits, last, check = upc_e[0], upc_e[1:6], upc_e[6], upc_e[7]
    match int(last):
        case 0 | 1 | 2:
            middle = f"{digits[:2]}{last}0000{digits[2:]}"
        case 3:
            middle = f"{digits[:3]}00000{digits[3:]}"
        case 4:
            middle = f"{digits[:4]}00000{digits[4:]}"
        case _:
            middle = f"{digits}0000{last}"
    upc_a = f"{system}{middle}{check}"
    return upc_a if _check_digit(upc_a) == int(check) else ""


def wrong_check_digit(barcode: str) -> tuple[str, int] | None:
    """Return the symbology and the last digit that it asks for, where a number has another one.

    Numbers of 8, 12 and 13 digits are taken for EAN-8 or UPC-E, UPC-A and EAN-13.
    """
    symbology = _SYMBOLOGIES.get(len(barcode))
    if symbology is None or not _is_number(barcode) or upc_a_of(barcode):
        return None
    check_digit = _check_digit(barcode)
    return None if check_digit == int(barcode[-1]) else (symbology, check_digit)


def _check_digit(number: str) -> int:
    """Return the last digit that a number asks for.

    From the right, the digits before the last count three times and once in turn (GS1 General
    Specifications, section 7.9).
    """
    weighted = (int(digit) * (3, 1)[at % 2] for at, digit in enumerate(reversed(number[:-1])))
    return -sum(weighted) % 10


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
