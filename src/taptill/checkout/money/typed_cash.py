"""Keys in, an amount of cash out: the field of the forms that ask for one."""

from dataclasses import dataclass, field

from taptill.checkout.keypad import Keypad, typed_amount
from taptill.checkout.pages.page import TextField
from taptill.domain.money import Money

_FIELD = TextField(length_max=12, allowed="0123456789.,")


@dataclass(frozen=True, slots=True)
class TypedCash:
    """An amount that is being typed, with a decimal mark or with implied decimals."""

    keypad: Keypad
    field: TextField = field(default=_FIELD)

    @property
    def text(self) -> str:
        """Return what was typed."""
        return self.field.text

    @property
    def amount(self) -> Money | None:
        """Return the amount; None where nothing was typed."""
        return _amount(self.text, self.keypad)

    def press(self, key: str) -> "TypedCash | None":
        """Return the amount after a key; None for a key that makes no amount of it."""
        typed = self.field.press(key)
        if typed is None:
            return None
        try:
            _amount(typed.text, self.keypad)
        except ValueError:
            return None
        return TypedCash(self.keypad, typed)


def _amount(text: str, keypad: Keypad) -> Money | None:
    """Return the amount that a text means; None where it has no digit. Errors: ValueError."""
    text = text.replace(",", ".")
    if text.count(".") > 1:
        raise ValueError(text)
    return typed_amount(text, keypad) if text.strip(".") else None
