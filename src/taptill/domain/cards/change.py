"""A change of a customer's card or block, the entries about it, and what came of it."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from taptill.domain.card_id import CardId, masked
from taptill.domain.customer import Customer
from taptill.domain.entry import Draft, EntryKind


class CardAct(StrEnum):
    """What is done to a customer's card; each is a key of the screen texts."""

    BIND = "bind"  # a customer who has no card gets one
    REPLACE = "replace"  # the card that the customer has is nobody's from then on
    BLOCK = "block"
    UNBLOCK = "unblock"


class CardRefusal(StrEnum):
    """Why a card or customer cannot be taken, or was not changed; each is a key of the texts.

    But for UNKNOWN nothing was changed at the backend.
    """

    NO_ANSWER = "no-answer"
    NO_TOKEN = "no-token"  # noqa: S105 - the word, no secret: no office token can be read
    DENIED = "denied"  # the backend does not let the token do this
    GONE = "gone"  # the customer is not there any more
    SYSTEM = "system"  # no customer, but one of the system's
    TAKEN = "taken"  # another customer has the card
    SHARED = "shared"  # two customers have the card
    RANDOM = "random"  # the number is new at every tap, or is no card's
    CHANGED = "changed"  # card or block is not as it was shown
    REFUSED = "refused"  # the backend's final no
    UNKNOWN = "unknown"  # it was sent, and nobody can tell whether it was done


NO_CARD = CardId("")


@dataclass(frozen=True, slots=True)
class FreeCard:
    """A card that nobody has, and that can be bound."""

    card_id: CardId


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    """A change that somebody has confirmed; `customer` is as the screen showed it then.

    `card_id` is the new card, empty where none is bound. `staff` does it, `approved_by` let them
    (empty: nobody had to).
    """

    act: CardAct
    customer: Customer
    card_id: CardId = NO_CARD
    staff: str = ""
    approved_by: str = ""

    @property
    def after(self) -> Customer:
        """Return the customer once it is done."""
        match self.act:
            case CardAct.BIND | CardAct.REPLACE:
                return replace(self.customer, card_id=self.card_id)
            case CardAct.BLOCK | CardAct.UNBLOCK:
                return replace(self.customer, blocked=self.act is CardAct.BLOCK)

    @property
    def meanwhile(self) -> Customer:
        """Return the customer as this till counts them until the backend has answered.

        What a card could still buy is taken away before the request is sent, what it could buy then
        is given after the answer.
        """
        match self.act:
            case CardAct.REPLACE:
                return replace(self.customer, card_id=NO_CARD)
            case CardAct.BLOCK:
                return self.after
            case CardAct.BIND | CardAct.UNBLOCK:
                return self.customer

    def is_shown_as(self, customer: Customer) -> bool:
        """Return whether card and block of a customer are still as they were shown."""
        shown = self.customer
        return (customer.card_id, customer.blocked) == (shown.card_id, shown.blocked)


def change_act(customer: Customer) -> CardAct:
    """Return what giving a card to a customer is."""
    return CardAct.REPLACE if customer.card_id else CardAct.BIND


def attempt_draft(change: CardChange) -> Draft:
    """Return the entry of a change that is about to be sent; it holds the ends of card ids alone.

    It is in the journal before the request leaves: whatever happens then, who did it is known.
    """
    return _draft(EntryKind.CARD_ATTEMPT, change, {})


def outcome_draft(change: CardChange, refusal: CardRefusal | None) -> Draft:
    """Return the entry of what came of a change; None: it was done."""
    outcome = "done" if refusal is None else refusal.value
    return _draft(EntryKind.CARD_OUTCOME, change, {"outcome": outcome})


def _draft(kind: EntryKind, change: CardChange, more: dict[str, Any]) -> Draft:
    body: dict[str, Any] = {"act": change.act.value}
    if change.card_id:
        body["to"] = masked(change.card_id)
    if change.act is CardAct.REPLACE:
        body["from"] = masked(change.customer.card_id)
    if change.approved_by:
        body["approved_by"] = change.approved_by
    return Draft(kind, change.customer.id, body={**body, **more}, staff=change.staff or None)
