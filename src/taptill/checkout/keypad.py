"""Keys in, basket and typed amount out: a numeric keypad is enough for a whole sale."""

from dataclasses import dataclass

from taptill.checkout.view import Notice
from taptill.domain.basket import EMPTY, LINES_MAX, Basket, Good, Line
from taptill.domain.money import ZERO, Currency, Money

DIGITS_MAX = 8

_DIGITS = frozenset("0123456789")


@dataclass(frozen=True, slots=True)
class Keypad:
    """What the keys mean at this site; with `implied` decimals 420 is 4.20."""

    goods: tuple[Good, ...]
    currency: Currency
    implied: bool


@dataclass(frozen=True, slots=True)
class Rung:
    """The basket's finished lines and the key strokes of the amount being typed."""

    basket: Basket = EMPTY
    typed: str = ""

    def whole(self, keypad: Keypad) -> Basket:
        """Give the basket with the typed amount as its last line."""
        amount = typed_amount(self.typed, keypad)
        return self.basket.add(Line("", amount)) if amount else self.basket


NOTHING_RUNG = Rung()


def typed_amount(typed: str, keypad: Keypad) -> Money:
    """Read the strokes: `420` is 4.20 with implied decimals, `4.2` always is."""
    if not typed or typed.startswith("/"):
        return ZERO
    if "." in typed or not keypad.implied:
        return keypad.currency.parse(typed.rstrip(".") or "0")
    return Money(int(typed))


def press(rung: Rung, key: str, keypad: Keypad) -> tuple[Rung, Notice]:
    """Apply one key: digit, `.` `,` `+` `*` `/`, `backspace`, or a good's small letter."""
    if key in _DIGITS:
        return _digit(rung, key, keypad)
    match key:
        case "." | ",":
            return _point(rung, keypad)
        case "+":
            return _finish(rung, keypad)
        case "*":
            return _repeat(Rung(rung.whole(keypad)))
        case "/":
            return Rung(rung.whole(keypad), "/"), Notice.NONE
        case "backspace" if rung.typed:
            return Rung(rung.basket, rung.typed[:-1]), Notice.NONE
        case "backspace":
            return Rung(rung.basket.take_back()), Notice.NONE
    return _good(rung, next((good for good in keypad.goods if good.key == key), None), keypad)


def _digit(rung: Rung, key: str, keypad: Keypad) -> tuple[Rung, Notice]:
    if rung.typed.startswith("/"):
        return _number(rung, int(rung.typed[1:] + key), keypad)
    typed = rung.typed + key
    _, point, fraction = typed.partition(".")
    too_long = len(typed) > DIGITS_MAX or len(fraction) > keypad.currency.digits
    if too_long or len(rung.basket.lines) >= LINES_MAX:
        return rung, Notice.AMOUNT_FULL
    return Rung(rung.basket, typed if point else typed.lstrip("0") or "0"), Notice.NONE


def _number(rung: Rung, number: int, keypad: Keypad) -> tuple[Rung, Notice]:
    """Pick a good by number as soon as no further digit could name another one."""
    if number * 10 <= len(keypad.goods):
        return Rung(rung.basket, f"/{number}"), Notice.NONE
    return _numbered(rung, number, keypad)


def _point(rung: Rung, keypad: Keypad) -> tuple[Rung, Notice]:
    if "." in rung.typed or rung.typed.startswith("/") or not keypad.currency.digits:
        return rung, Notice.NO_SUCH_KEY
    if len(rung.basket.lines) >= LINES_MAX:
        return rung, Notice.AMOUNT_FULL
    return Rung(rung.basket, (rung.typed or "0") + "."), Notice.NONE


def _finish(rung: Rung, keypad: Keypad) -> tuple[Rung, Notice]:
    if rung.typed.startswith("/"):
        return _numbered(rung, int(rung.typed[1:] or "0"), keypad)
    if not typed_amount(rung.typed, keypad):
        return rung, Notice.NO_AMOUNT
    return Rung(rung.whole(keypad)), Notice.NONE


def _repeat(rung: Rung) -> tuple[Rung, Notice]:
    if not rung.basket.lines:
        return rung, Notice.NO_AMOUNT
    more = rung.basket.repeat_last()
    return Rung(more), Notice.AMOUNT_FULL if more == rung.basket else Notice.NONE


def _numbered(rung: Rung, number: int, keypad: Keypad) -> tuple[Rung, Notice]:
    good = keypad.goods[number - 1] if 0 < number <= len(keypad.goods) else None
    return _good(Rung(rung.basket), good, keypad)


def _good(rung: Rung, good: Good | None, keypad: Keypad) -> tuple[Rung, Notice]:
    if good is None:
        return rung, Notice.NO_SUCH_KEY
    before = rung.whole(keypad)
    more = before.add(Line(good.name, good.price))
    return (rung, Notice.AMOUNT_FULL) if more == before else (Rung(more), Notice.NONE)
