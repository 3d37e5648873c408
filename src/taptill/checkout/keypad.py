"""The keypad: how each key changes the basket and the amount being typed."""

from dataclasses import dataclass

from taptill.checkout.session import Notice
from taptill.domain.basket import EMPTY, LINES_MAX, Basket, Good, Line
from taptill.domain.money import ZERO, Currency, Money

DIGITS_MAX = 8

_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Keypad:
    """What the keys mean at this site; with `implied_decimals` the keys 420 are 4.20."""

    goods: tuple[Good, ...]
    currency: Currency
    implied_decimals: bool


@dataclass(frozen=True, slots=True)
class KeyedInput:
    """What was keyed in: the finished lines, and the keystrokes of the amount being typed.

    `keystrokes` that begin with `/` are the number of a good.
    """

    basket: Basket = EMPTY
    keystrokes: str = ""

    def with_typed_amount(self, keypad: Keypad) -> Basket:
        """Return the basket with the typed amount as its last line."""
        amount = typed_amount(self.keystrokes, keypad)
        return self.basket.add(Line("", amount)) if amount else self.basket


NOTHING_KEYED = KeyedInput()


def typed_amount(keystrokes: str, keypad: Keypad) -> Money:
    """Return the typed amount: `420` is 4.20 with implied decimals, `4.2` always is."""
    if not keystrokes or keystrokes.startswith("/"):
        return ZERO
    if "." in keystrokes or not keypad.implied_decimals:
        return keypad.currency.parse(keystrokes.rstrip(".") or "0")
    return Money(int(keystrokes))


def press(keyed_input: KeyedInput, key: str, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    """Return the input after one key, and the notice about it.

    A key is a digit, `.` `,` `+` `*` `/`, `backspace`, or the small letter of a good.
    """
    if key in _DIGITS:
        return _digit(keyed_input, key, keypad)
    match key:
        case "." | ",":
            return _point(keyed_input, keypad)
        case "+":
            return _finish(keyed_input, keypad)
        case "*":
            return _repeat(KeyedInput(keyed_input.with_typed_amount(keypad)))
        case "/":
            return KeyedInput(keyed_input.with_typed_amount(keypad), "/"), Notice.NONE
        case "backspace" if keyed_input.keystrokes:
            return KeyedInput(keyed_input.basket, keyed_input.keystrokes[:-1]), Notice.NONE
        case "backspace":
            return KeyedInput(keyed_input.basket.take_back()), Notice.NONE
    return _good(
        keyed_input, next((good for good in keypad.goods if good.key == key), None), keypad
    )


def _digit(keyed_input: KeyedInput, key: str, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    if keyed_input.keystrokes.startswith("/"):
        return _number(keyed_input, int(keyed_input.keystrokes[1:] + key), keypad)
    keystrokes = keyed_input.keystrokes + key
    _, point, fraction = keystrokes.partition(".")
    too_long = len(keystrokes) > DIGITS_MAX or len(fraction) > keypad.currency.digits
    if too_long or len(keyed_input.basket.lines) >= LINES_MAX:
        return keyed_input, Notice.AMOUNT_FULL
    return KeyedInput(
        keyed_input.basket, keystrokes if point else keystrokes.lstrip("0") or "0"
    ), Notice.NONE


def _number(keyed_input: KeyedInput, number: int, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    """Add the good of a number, as soon as no further digit could name another good."""
    if number * 10 <= len(keypad.goods):
        return KeyedInput(keyed_input.basket, f"/{number}"), Notice.NONE
    return _numbered(keyed_input, number, keypad)


def _point(keyed_input: KeyedInput, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    if (
        "." in keyed_input.keystrokes
        or keyed_input.keystrokes.startswith("/")
        or not keypad.currency.digits
    ):
        return keyed_input, Notice.NO_SUCH_KEY
    if len(keyed_input.basket.lines) >= LINES_MAX:
        return keyed_input, Notice.AMOUNT_FULL
    return KeyedInput(keyed_input.basket, (keyed_input.keystrokes or "0") + "."), Notice.NONE


def _finish(keyed_input: KeyedInput, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    if keyed_input.keystrokes.startswith("/"):
        return _numbered(keyed_input, int(keyed_input.keystrokes[1:] or "0"), keypad)
    if not typed_amount(keyed_input.keystrokes, keypad):
        return keyed_input, Notice.NO_AMOUNT
    return KeyedInput(keyed_input.with_typed_amount(keypad)), Notice.NONE


def _repeat(keyed_input: KeyedInput) -> tuple[KeyedInput, Notice]:
    if not keyed_input.basket.lines:
        return keyed_input, Notice.NO_AMOUNT
    basket = keyed_input.basket.repeat_last()
    is_full = basket == keyed_input.basket
    return KeyedInput(basket), Notice.AMOUNT_FULL if is_full else Notice.NONE


def _numbered(keyed_input: KeyedInput, number: int, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    good = keypad.goods[number - 1] if 0 < number <= len(keypad.goods) else None
    return _good(KeyedInput(keyed_input.basket), good, keypad)


def _good(keyed_input: KeyedInput, good: Good | None, keypad: Keypad) -> tuple[KeyedInput, Notice]:
    if good is None:
        return keyed_input, Notice.NO_SUCH_KEY
    old_basket = keyed_input.with_typed_amount(keypad)
    new_basket = old_basket.add(Line(good.name, good.price))
    if new_basket == old_basket:
        return keyed_input, Notice.AMOUNT_FULL
    return KeyedInput(new_basket), Notice.NONE
