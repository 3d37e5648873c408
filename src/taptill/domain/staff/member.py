"""The members of staff, their roles, and what each role may do."""

from dataclasses import dataclass
from enum import StrEnum

from taptill.domain.card_id import CardId, is_spelled_alike


class Role(StrEnum):
    """What a member of staff is; each is a word of the config and a key of the screen texts."""

    CASHIER = "cashier"
    SUPERVISOR = "supervisor"
    TECHNICIAN = "technician"


class Right(StrEnum):
    """Something that not everybody may do; each is a key of the screen texts."""

    SELL = "sell"
    CLOSE_SHIFT = "close-shift"
    FIND = "find"  # find a customer by name, who has no card at hand
    PAY_IN = "pay-in"  # take cash from a customer
    PAY_OUT = "pay-out"  # give a customer cash
    UNDO_ANY = "undo-any"  # a sale of somebody else, or one beyond the window
    OVERRIDE = "override"
    DECIDE = "decide"  # a case on the conflict desk
    CARDS = "cards"  # bind, replace and block a customer's card
    INSPECT = "inspect"  # the till's figures, and the numbers of cards that are read meanwhile


_RIGHTS = {
    Role.CASHIER: frozenset({Right.SELL, Right.CLOSE_SHIFT, Right.FIND, Right.PAY_IN}),
    Role.SUPERVISOR: frozenset(Right),
    Role.TECHNICIAN: frozenset({Right.SELL, Right.INSPECT}),
}


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A person who works at the till; `pin_hash` or `card_id` may be empty, not both."""

    name: str
    role: Role
    pin_hash: str = ""
    card_id: str = ""

    def may(self, right: Right) -> bool:
        """Return whether the role has this right."""
        return right in _RIGHTS[self.role]

    def has_card(self, card_id: CardId) -> bool:
        """Return whether this is the person's card, however capitals and blanks are spelled."""
        return bool(self.card_id) and is_spelled_alike(self.card_id, card_id)
