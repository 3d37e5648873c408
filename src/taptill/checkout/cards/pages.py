"""The pages of F6: a card is asked for, a change is confirmed, and what came of it is said."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from taptill.checkout.pages.page import (
    BACK_KEYS,
    BACK_TO_SALE,
    Cell,
    PageRow,
    PageTraits,
    PageView,
    PersonName,
    Phrase,
    Tone,
    Turn,
    phrase,
)
from taptill.domain.card_id import CardId, masked
from taptill.domain.cards.change import CardAct, CardChange, CardRefusal
from taptill.domain.customer import Customer
from taptill.domain.tap import CardTrouble


@dataclass(frozen=True, slots=True, kw_only=True)
class TapCard:
    """Asks for a card; `take` is called with the one that was tapped, and the way back here."""

    name: str
    take: Callable[[CardId, Turn], Turn]
    head: tuple[PageRow, ...] = ()
    back: Turn = BACK_TO_SALE
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return who the card is for."""
        return PageView(name=self.name, head=self.head, notice=self.notice)

    @property
    def traits(self) -> PageTraits:
        """Return that cards are for this page."""
        return PageTraits(
            on_card=lambda card_id: self.take(card_id, Turn(replace(self, notice=None))),
            on_trouble=lambda trouble: Turn(replace(self, notice=trouble_words(trouble))),
        )

    def press(self, key: str) -> Turn:
        """Go back; any other key is answered."""
        if key in BACK_KEYS:
            return self.back
        return Turn(replace(self, notice=phrase("card.tap")))


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingServer:
    """What is shown while the server is asked; Esc leads to the sale meanwhile.

    Not while a card is being changed, as nobody would see then what came of it.
    """

    head: tuple[PageRow, ...] = ()
    is_change: bool = False

    @property
    def view(self) -> PageView:
        """Return what it is about."""
        if self.is_change:
            return PageView(name="card-changing", head=self.head, keys=())
        return PageView(name="card-asking", head=self.head)

    @property
    def traits(self) -> PageTraits:
        """Return that nobody need wait for what is only read."""
        return PageTraits(may_leave=not self.is_change)

    def press(self, _: str) -> Turn:
        """Go to the sale, where the work has ended without a word."""
        return BACK_TO_SALE


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmChange:
    """Shows a customer before and after a change, which Enter confirms."""

    change: CardChange
    confirmed: Callable[[CardChange, Turn], Turn]
    back: Turn
    notice: Phrase | None = None

    @property
    def view(self) -> PageView:
        """Return who it is, and card and block now and after it."""
        return PageView(
            name=f"card-{self.change.act}",
            head=change_rows(self.change),
            notice=self.notice,
            keys=("confirm", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that Enter acts, and no card does."""
        return PageTraits(acts_on_enter=True)

    def press(self, key: str) -> Turn:
        """Confirm with Enter, or go back."""
        if key in BACK_KEYS:
            return self.back
        if key == "enter":
            return self.confirmed(self.change, Turn(replace(self, notice=None)))
        return Turn(replace(self, notice=phrase("card.confirm")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOutcome:
    """What came of a change, to read; `refusal` None: it was done."""

    change: CardChange
    refusal: CardRefusal | None

    @property
    def view(self) -> PageView:
        """Return who it was about, and what was done or why not."""
        customer, refusal = self.change.customer, self.refusal
        if refusal is None:
            name, tone, words = "card-done", Tone.GOOD, phrase(f"card.did-{self.change.act}")
            rows = [state_row("card.now", self.change.after, Tone.GOOD)]
        else:
            is_unknown = refusal is CardRefusal.UNKNOWN
            name = "card-unknown" if is_unknown else "card-not-done"
            tone, words = Tone.CAREFUL if is_unknown else Tone.BAD, refusal_words(refusal)
            rows = []
        keys = ("go-on", "esc-back")
        head = (person_row(customer), *rows)
        return PageView(name=name, head=head, notice=words, tone=tone, keys=keys)

    @property
    def traits(self) -> PageTraits:
        """Return that the next card closes it: it is only read."""
        return PageTraits(yields=True)

    def press(self, _: str) -> Turn:
        """Go to the sale."""
        return BACK_TO_SALE


def person_row(customer: Customer) -> PageRow:
    """Return who somebody is."""
    more = ", ".join(text for text in (customer.company, customer.external_id) if text)
    return PageRow((PersonName(customer.name), more) if more else (PersonName(customer.name),))


def state_row(label: str, customer: Customer, tone: Tone = Tone.PLAIN) -> PageRow:
    """Return card and block of a customer behind a text of the catalogue."""
    blocked = "customer.blocked" if customer.blocked else "customer.not-blocked"
    return PageRow((phrase(label), _card_cell(customer.card_id), phrase(blocked)), tone)


def change_rows(change: CardChange) -> tuple[PageRow, ...]:
    """Return a customer before and after a change; an old card, refused then, is named again."""
    rows = (
        person_row(change.customer),
        state_row("card.now", change.customer),
        state_row("card.after", change.after, Tone.GOOD),
    )
    if change.act is not CardAct.REPLACE:
        return rows
    old = phrase("card.old-refused", card=masked(change.customer.card_id))
    return (*rows, PageRow((old,), Tone.CAREFUL))


def refusal_words(refusal: CardRefusal) -> Phrase:
    """Return why something was not done, and what to do about it."""
    return phrase(f"card.{refusal}")


def trouble_words(trouble: CardTrouble) -> Phrase:
    """Return why a reader has refused a card."""
    return phrase(f"trouble.{trouble}.cashier")


def _card_cell(card_id: str) -> Cell:
    return masked(card_id) if card_id else phrase("card.none")
