"""The sale in progress, and the journal entries that it and its end are written as."""

from dataclasses import dataclass, replace
from typing import Any

from taptill.checkout.keypad import NOTHING_KEYED, KeyedInput
from taptill.checkout.pages.page import TillPage
from taptill.checkout.session import UNDER_WAY, Notice, Step
from taptill.domain.basket import Basket, Line
from taptill.domain.customer import initials, older
from taptill.domain.decision import (
    Ambiguous,
    Approved,
    Decision,
    Declined,
    Found,
    LookupResult,
    Override,
    Reason,
)
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.sales.past import SELF_SERVICE, WITHOUT_CARD
from taptill.domain.sales.remainder import Part, Remainder
from taptill.domain.sales.repaying import Direction
from taptill.domain.staff.member import StaffMember
from taptill.domain.tap import Chosen, Tap


@dataclass(frozen=True, slots=True)
class CardLookup:
    """Whom the card belongs to, as looked up at `at_s` (monotonic); its age counts on from then."""

    result: LookupResult
    at_s: float

    @property
    def customer_id(self) -> int | None:
        """Return the id of the card's customer; None where the card names no single customer."""
        result = self.result
        return result.snapshot.customer.id if isinstance(result, Found) else None

    @property
    def can_pay(self) -> bool:
        """Return whether there is a customer whom Enter may charge, if the rules allow it."""
        return isinstance(self.result, Found) and not self.result.gone

    def result_at(self, now_s: float) -> LookupResult:
        """Return the result of the lookup with the age that it has at `now_s`."""
        if isinstance(self.result, Found) and self.result.age_s is not None:
            return replace(self.result, age_s=self.result.age_s + max(0.0, now_s - self.at_s))
        return self.result

    def with_answer(self, live: LookupResult, now_s: float) -> "CardLookup":
        """Return this lookup after a later answer of the backend.

        An answer that names another customer makes the card ambiguous. One with an older
        `updatedAt` than ours is a stale copy and changes nothing.
        """
        match self.result, live:
            case Found(old, gone=False), Found(new) if new.customer.id != old.customer.id:
                return CardLookup(Ambiguous(), now_s)
            case Found(old, gone=False), Found(new) if older(new.updated_at, old.updated_at):
                return self
        return CardLookup(live, now_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """A decision of the rules with the facts that it was made from.

    The screen shows the figures of one authorisation only, so that they always agree. `amount` is
    what was to be charged, None where nothing was keyed in. `pending` is the money that this
    journal holds beyond the snapshot, None where the journal could not be read. `in_question`:
    that money is on the conflict desk.
    """

    lookup: CardLookup
    amount: Money | None
    decision: Decision
    pending: Money | None = None
    in_question: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """The sale in progress, from its first key or card to its end.

    An answer for any other tap than `tap` is too late and changes nothing. `lookup` is the newest
    answer, `authorisation` the newest decision: the screen shows that alone. `amount` is what is
    being charged or voided. `looking_up`: the backend's answer is awaited. `journaled_decline` is
    the decline of this card that is in the journal already, with its amount. `overrides` are for
    this card in this sale, and for no more than `overridden_total`, which the supervisor has seen;
    zero: nothing was rung up then. `page` is the list or form that is laid over it. `seconds_left`:
    so many seconds of a countdown are to come; 0: there is none, or it has run out. `cash`: which
    way the cash of a repayment goes that is taken back; None: there is none.
    """

    charge_id: str
    step: Step = Step.READY
    keyed_input: KeyedInput = NOTHING_KEYED
    tap: Tap | None = None
    lookup: CardLookup | None = None
    authorisation: Authorisation | None = None
    amount: Money = ZERO
    cash: Direction | None = None
    notice: Notice = Notice.NONE
    detail: str = ""
    other_card: str = ""
    looking_up: bool = False
    journaled_decline: tuple[Reason, Money] | None = None
    overrides: tuple[Override, ...] = ()
    overridden_total: Money = ZERO
    page: TillPage | None = None
    seconds_left: int = 0

    @property
    def under_way(self) -> bool:
        """Return whether the basket is frozen: Enter was pressed, and the outcome is not known."""
        return self.step in UNDER_WAY

    @property
    def decision(self) -> Decision | None:
        """Return the newest decision; None before the first one."""
        return self.authorisation.decision if self.authorisation else None


def charge_draft(
    sale: Sale, cardholder: Found, basket: Basket, approval: Approved, currency: Currency
) -> Draft:
    """Return the charge of an approved basket, with the overrides that it needed."""
    customer = cardholder.snapshot.customer
    body: dict[str, Any] = {
        "lines": [_body_of(line) for line in basket.lines],
        "currency": currency.code,
        "initials": initials(customer.name),
        "external_id": customer.external_id,
        "offline": approval.offline,
    }
    if isinstance(sale.tap, Chosen):
        body[WITHOUT_CARD] = True
    staff = None
    if approval.overrides:
        staff = approval.overrides[-1].staff
        body["overrides"] = [
            [override.reason.value, override.staff, override.why] for override in approval.overrides
        ]
    return Draft(
        EntryKind.CHARGE,
        customer.id,
        amount_minor=basket.total.minor,
        body=body,
        charge_id=sale.charge_id,
        staff=staff,
    )


def by_the_customer(draft: Draft) -> Draft:
    """Return a charge that the customer has made alone; nobody of the staff has sold anything."""
    return replace(draft, body={**draft.body, SELF_SERVICE: True})


def _body_of(line: Line) -> list[str | int]:
    """Return a line as the journal has it, with its tax code where there is one."""
    tax = [line.tax] if line.tax else []
    return [line.name, line.price.minor, line.quantity, *tax]


def void_draft(left: Remainder, part: Part, *, reason: str, approved_by: str = "") -> Draft:
    """Return the void of a part of what is left of a charge.

    `approved_by` let whoever takes it back, where they may not do it alone. A void of a whole
    charge has no lines. Each one but the first says how many there were: so the journal refuses one
    that is already there, and one that was made without knowing of another.
    """
    body: dict[str, Any] = {"reason": reason, "voids": left.seq}
    if left.voids:
        body["number"] = left.voids + 1
    if left.voids or part != left.whole():
        body["lines"] = [[name, price, quantity] for name, price, quantity in part.lines]
    if approved_by:
        body["approved_by"] = approved_by
    return Draft(
        EntryKind.VOID,
        left.customer_id,
        amount_minor=-part.amount.minor,
        body=body,
        charge_id=left.charge_id,
    )


def decline_draft(sale: Sale, decline: Declined, amount: Money) -> Draft:
    """Return the entry of a decline, which moves no money."""
    customer_id = sale.lookup.customer_id if sale.lookup else None
    body = {"reason": decline.reason.value, "amount": amount.minor}
    return Draft(EntryKind.DECLINED, customer_id, body=body)


def signed(draft: Draft, member: StaffMember | None) -> Draft:
    """Return an entry with who made it: the member of staff who is logged in."""
    is_sold_by_nobody = SELF_SERVICE in draft.body
    return replace(draft, staff=member.name) if member and not is_sold_by_nobody else draft
