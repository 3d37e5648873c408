"""The keypad: how each key, and each scanned barcode, changes what was keyed in."""

from dataclasses import dataclass, replace

from taptill.checkout.session import Notice
from taptill.domain.basket import EMPTY, LINES_MAX, Basket, Good, Line, barcode_forms
from taptill.domain.money import ZERO, Currency, Money

DIGITS_MAX = 8
QUANTITY_DIGITS_MAX = 2

TOUCHED_GOOD = "good "
"""The beginning of the key of a good that is touched on the screen; its number follows."""

_DIGITS = frozenset("0123456789")
_CHANGES_CHOSEN = {"+": 1, "*": 1, "backspace": -1}


@dataclass(frozen=True, slots=True)
class Keypad:
    """What the keys mean at this site; with `implied_decimals` the keys 420 are 4.20.

    Without `amounts` only goods are sold: digits are a quantity, or the number of a good after `/`.
    """

    goods: tuple[Good, ...]
    currency: Currency
    implied_decimals: bool
    amounts: bool = True


@dataclass(frozen=True, slots=True)
class KeyedInput:
    """What was keyed in: the finished lines, and the keystrokes of what is being typed.

    `keystrokes` are `42` for an amount and `/7` for the number of a good. A quantity stands before
    either, or alone until its good follows: `3*42`, `3*/7`, `3*`. `chosen` is the place of the line
    that keys change, None for none; while there is one, nothing is being typed.
    """

    basket: Basket = EMPTY
    keystrokes: str = ""
    chosen: int | None = None

    def with_typed_amount(self, keypad: Keypad) -> Basket:
        """Return the basket with the typed amount as its last line."""
        line = _typed_line(self.keystrokes, keypad)
        return self.basket.add(line) if line else self.basket

    def is_empty(self, keypad: Keypad) -> bool:
        """Return whether nothing is in the basket, the amount being typed included."""
        return not self.with_typed_amount(keypad).lines

    @property
    def awaits_good(self) -> bool:
        """Return whether a quantity was typed whose good or amount is to follow."""
        return self.keystrokes.endswith("*")

    @property
    def is_unfinished(self) -> bool:
        """Return whether a quantity awaits its good, or the number of a good is being typed."""
        return self.awaits_good or "/" in self.keystrokes


NOTHING_KEYED = KeyedInput()


def typed_amount(keystrokes: str, keypad: Keypad) -> Money:
    """Return what is being typed comes to: `420` is 4.20 with implied decimals, `4.2` always is.

    `3*420` is three times as much.
    """
    line = _typed_line(keystrokes, keypad)
    return line.total if line else ZERO


def press(keyed_input: KeyedInput, key: str, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    """Return the input after one key, and the notice about it.

    A key is a digit, `.` `,` `+` `*` `/`, `backspace`, the small letter of a good, or a good that
    was touched. While a line is chosen, `+` `*` and `backspace` change its quantity; any other key
    lets go of it.
    """
    if keyed_input.chosen is not None and (by := _CHANGES_CHOSEN.get(key)):
        return _change_chosen(keyed_input, keyed_input.chosen, by)
    if key == "backspace":
        return _take_back(keyed_input), Notice.NONE
    return _key(keyed_input, key, keypad)


def choose(keyed_input: KeyedInput, key: str, keypad: Keypad) -> KeyedInput | None:
    """Return the input after `up`, `down` or `delete`; None where the key means nothing.

    The first `up` chooses the newest line, the first `down` the oldest; beyond the ends no line is
    chosen. An amount that is being typed becomes a line.
    """
    basket, chosen = keyed_input.with_typed_amount(keypad), keyed_input.chosen
    count = len(basket.lines)
    match key:
        case "up" if count:
            place = count - 1 if chosen is None else chosen - 1
        case "down" if count:
            place = 0 if chosen is None else chosen + 1
        case "delete" if chosen is not None:
            return _with_chosen(basket.without(chosen), chosen)
        case _:
            return None
    return KeyedInput(basket, chosen=place if 0 <= place < count else None)


def find_barcode(barcode: str, keypad: Keypad) -> Good | None:
    """Return the good of a barcode, None where no good has it; a UPC-E finds its UPC-A as well."""
    for form in barcode_forms(barcode.strip()):
        for good in keypad.goods:
            if form and good.barcode == form:
                return good
    return None


def ring_up(
    keyed_input: KeyedInput, good: Good | None, keypad: Keypad
) -> tuple[KeyedInput, Notice]:
    """Return the input after a good, as often as the quantity before it says; None: no such good.

    A quantity is for the good alone, while a typed amount becomes a line before it.
    """
    if good is None:
        return keyed_input, Notice.NO_SUCH_KEY
    quantity, typed = _split(keyed_input.keystrokes)
    if not keypad.amounts and not quantity and _DIGITS.issuperset(typed):
        quantity, typed = typed.strip("0") and typed, ""  # 3 c is as good as 3 * c
    is_for_good = quantity and (not typed or typed.startswith("/"))
    count = int(quantity.rstrip("*")) if is_for_good else 1
    old_basket = keyed_input.with_typed_amount(keypad)
    new_basket = old_basket.add(Line(good.name, good.price, count, good.tax))
    if new_basket == old_basket:
        return keyed_input, Notice.AMOUNT_FULL
    return KeyedInput(new_basket), Notice.NONE


def _key(keyed_input: KeyedInput, key: str, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    if key in _DIGITS:
        return _digit(keyed_input, key, keypad)
    match key:
        case "." | ",":
            return _point(keyed_input, keypad)
        case "+":
            return _finish(keyed_input, keypad)
        case "*":
            return _star(keyed_input, keypad)
        case "/":
            return _slash(keyed_input, keypad), Notice.NONE
    if key.startswith(TOUCHED_GOOD):
        number = int(key.removeprefix(TOUCHED_GOOD))
        return ring_up(keyed_input, keypad.goods[number - 1], keypad)
    good = next((good for good in keypad.goods if good.key == key), None)
    return ring_up(keyed_input, good, keypad)


def _take_back(keyed_input: KeyedInput) -> KeyedInput:
    if keyed_input.keystrokes:
        return KeyedInput(keyed_input.basket, keyed_input.keystrokes[:-1])
    return KeyedInput(keyed_input.basket.take_back())


def _typed_line(keystrokes: str, keypad: Keypad) -> Line | None:
    """Return the line of a typed amount, None where no amount is being typed, or nought."""
    quantity, typed = _split(keystrokes)
    if not typed or typed.startswith("/") or not keypad.amounts:
        return None
    if "." in typed or not keypad.implied_decimals:
        amount = keypad.currency.parse(typed.rstrip(".") or "0")
    else:
        amount = Money(int(typed))
    return Line("", amount, int(quantity.rstrip("*") or "1")) if amount else None


def _split(keystrokes: str) -> tuple[str, str]:
    """Return the keystrokes of the quantity with its `*`, and those behind them."""
    quantity, star, typed = keystrokes.rpartition("*")
    return quantity + star, typed


def _digit(keyed_input: KeyedInput, key: str, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    quantity, typed = _split(keyed_input.keystrokes)
    if typed.startswith("/"):
        return _number(keyed_input, int(typed[1:] + key), keypad)
    if not keypad.amounts and (quantity or len(typed) >= QUANTITY_DIGITS_MAX):
        return KeyedInput(keyed_input.basket), Notice.GOODS_ONLY
    typed += key
    _, point, fraction = typed.partition(".")
    too_long = len(quantity + typed) > DIGITS_MAX or len(fraction) > keypad.currency.digits
    if too_long or len(keyed_input.basket.lines) >= LINES_MAX:
        return keyed_input, Notice.AMOUNT_FULL
    typed = typed if point else typed.lstrip("0") or "0"
    return KeyedInput(keyed_input.basket, quantity + typed), Notice.NONE


def _number(keyed_input: KeyedInput, number: int, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    """Add the good of a number, as soon as no further digit could name another good."""
    if number * 10 <= len(keypad.goods):
        quantity, _ = _split(keyed_input.keystrokes)
        return KeyedInput(keyed_input.basket, f"{quantity}/{number}"), Notice.NONE
    return _numbered(keyed_input, number, keypad)


def _point(keyed_input: KeyedInput, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    quantity, typed = _split(keyed_input.keystrokes)
    if "." in typed or typed.startswith("/") or not keypad.currency.digits:
        return keyed_input, Notice.NO_SUCH_KEY
    if not keypad.amounts:
        return KeyedInput(keyed_input.basket), Notice.GOODS_ONLY
    if len(keyed_input.basket.lines) >= LINES_MAX:
        return keyed_input, Notice.AMOUNT_FULL
    return KeyedInput(keyed_input.basket, f"{quantity}{typed or '0'}."), Notice.NONE


def _finish(keyed_input: KeyedInput, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    _, typed = _split(keyed_input.keystrokes)
    if typed.startswith("/"):
        return _numbered(keyed_input, int(typed[1:] or "0"), keypad)
    if keyed_input.awaits_good:
        return keyed_input, Notice.WHICH_GOOD
    if not keypad.amounts:
        return KeyedInput(keyed_input.basket), Notice.GOODS_ONLY
    if not typed_amount(keyed_input.keystrokes, keypad):
        return keyed_input, Notice.NO_AMOUNT
    return KeyedInput(keyed_input.with_typed_amount(keypad)), Notice.NONE


def _star(keyed_input: KeyedInput, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    """Make a quantity of one or two digits, and repeat the last line behind anything else."""
    keystrokes = keyed_input.keystrokes
    if keyed_input.awaits_good:
        return keyed_input, Notice.WHICH_GOOD
    if _DIGITS.issuperset(keystrokes) and len(keystrokes.strip("0")) and _is_short(keystrokes):
        return KeyedInput(keyed_input.basket, f"{keystrokes}*"), Notice.NONE
    return _repeat(KeyedInput(keyed_input.with_typed_amount(keypad)))


def _is_short(digits: str) -> bool:
    return len(digits) <= QUANTITY_DIGITS_MAX


def _slash(keyed_input: KeyedInput, keypad: Keypad) -> KeyedInput:
    quantity, typed = _split(keyed_input.keystrokes)
    if not typed or typed.startswith("/"):
        return KeyedInput(keyed_input.basket, f"{quantity}/")
    return KeyedInput(keyed_input.with_typed_amount(keypad), "/")


def _repeat(keyed_input: KeyedInput) -> tuple[KeyedInput, Notice]:
    if not keyed_input.basket.lines:
        return keyed_input, Notice.NO_AMOUNT
    basket = keyed_input.basket.repeat_last()
    is_full = basket == keyed_input.basket
    return KeyedInput(basket), Notice.AMOUNT_FULL if is_full else Notice.NONE


def _numbered(keyed_input: KeyedInput, number: int, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    good = keypad.goods[number - 1] if 0 < number <= len(keypad.goods) else None
    quantity, _ = _split(keyed_input.keystrokes)
    return ring_up(KeyedInput(keyed_input.basket, quantity), good, keypad)


def _change_chosen(keyed_input: KeyedInput, chosen: int, by: int) -> tuple[KeyedInput, Notice]:
    basket = keyed_input.basket.change_quantity(chosen, by)
    if basket == keyed_input.basket:
        return keyed_input, Notice.AMOUNT_FULL
    if len(basket.lines) < len(keyed_input.basket.lines):
        return _with_chosen(basket, chosen), Notice.NONE
    return replace(keyed_input, basket=basket), Notice.NONE


def _with_chosen(basket: Basket, place: int) -> KeyedInput:
    """Return the input after a line was removed at `place`; the next line is chosen then."""
    last = len(basket.lines) - 1
    return KeyedInput(basket, chosen=min(place, last) if last >= 0 else None)
