"""The one sale at the till: what is rung up, who was found, and what is asked about them."""

from dataclasses import dataclass, replace
from typing import Any

from taptill.checkout.keypad import NOTHING_KEYED, KeyedInput, Keypad
from taptill.checkout.ports import ChargeJournal
from taptill.checkout.session import UNDER_WAY, Event, Step
from taptill.checkout.view import CustomerView, Notice
from taptill.domain.basket import Basket
from taptill.domain.customer import initials, older
from taptill.domain.decision import (
    Ambiguous,
    Approved,
    Decision,
    Declined,
    Found,
    LookupResult,
    OfflineExposure,
    Override,
    Policy,
    Question,
    Reason,
    decide,
)
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalError
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import PendingBalance
from taptill.domain.tap import Tap


@dataclass(frozen=True, slots=True)
class CardLookup:
    """Who the card belongs to; ages count on from `at_s` (monotonic)."""

    finding: LookupResult
    at_s: float

    @property
    def customer_id(self) -> int | None:
        """Give the id of the one customer on the panel; None: there is no such one."""
        finding = self.finding
        return finding.snapshot.customer.id if isinstance(finding, Found) else None

    @property
    def can_pay(self) -> bool:
        """Whether there is somebody whom Enter may charge, if the rules allow it."""
        return isinstance(self.finding, Found) and not self.finding.gone

    def finding_at(self, now_s: float) -> LookupResult:
        """Give the finding as old as it is by now."""
        if isinstance(self.finding, Found) and self.finding.age_s is not None:
            return replace(self.finding, age_s=self.finding.age_s + max(0.0, now_s - self.at_s))
        return self.finding

    def with_answer(self, live: LookupResult, now_s: float) -> "CardLookup":
        """Take a later answer; one that names another customer makes the card ambiguous.

        An older `updatedAt` than the panel's is a stale copy and changes nothing.
        """
        match self.finding, live:
            case Found(shown, gone=False), Found(seen) if seen.customer.id != shown.customer.id:
                return CardLookup(Ambiguous(), now_s)
            case Found(shown, gone=False), Found(seen) if older(seen.updated_at, shown.updated_at):
                return self
        return CardLookup(live, now_s)


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A decision with all that it was made of, so that no figure of another look comes beside it.

    `amount` is what was asked about, None for nothing rung up. `held` is what this journal holds
    beyond the snapshot, None where the journal could not say; `in_question`: it is on the desk.
    """

    lookup: CardLookup
    amount: Money | None
    decision: Decision
    held: Money | None = None
    in_question: bool = False


@dataclass(frozen=True, slots=True)
class Sale:
    """Everything about the sale under way, from its first key stroke to its verdict.

    `tap` is the tap that is asked about: an answer to any other one changes nothing. `lookup` is
    the newest answer, `authorisation` what was decided last: the screen shows that alone.
    `journaled_decline` is the decline of this card that is in the journal already, with its
    amount. `overrides` are for this card in this sale.
    """

    charge_id: str
    step: Step = Step.READY
    keyed_input: KeyedInput = NOTHING_KEYED
    tap: Tap | None = None
    lookup: CardLookup | None = None
    authorisation: Authorisation | None = None
    amount: Money = ZERO
    notice: Notice = Notice.NONE
    detail: str = ""
    other_card: str = ""
    looking_up: bool = False
    journaled_decline: tuple[Reason, Money] | None = None
    overrides: tuple[Override, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether the basket is frozen."""
        return self.step in UNDER_WAY

    @property
    def decision(self) -> Decision | None:
        """Give what was decided last."""
        return self.authorisation.decision if self.authorisation else None


@dataclass(frozen=True, slots=True)
class Authoriser:
    """What every question at this till is asked with."""

    books: ChargeJournal
    balance: PendingBalance
    policy: Policy
    keypad: Keypad

    def authorise_amount(
        self,
        lookup: CardLookup,
        amount: Money | None,
        now_s: float,
        overrides: tuple[Override, ...] = (),
    ) -> Authorisation:
        """Ask the one place where the rules live; a journal that cannot be read sells nothing."""
        finding = lookup.finding_at(now_s)
        try:
            pending = self._pending(finding) if isinstance(finding, Found) else (ZERO, False)
            question = self._question(finding, amount, pending, overrides)
        except JournalError:
            return Authorisation(lookup, amount, Declined(Reason.TILL_CLOSED))
        return Authorisation(lookup, amount, decide(question), *pending)

    def authorise(self, sale: Sale, lookup: CardLookup, now_s: float) -> Authorisation:
        """Ask whether this customer may pay what is rung up; after a charge nothing is."""
        total = sale.keyed_input.with_typed_amount(self.keypad).total
        return self.authorise_amount(lookup, total or None, now_s, sale.overrides)

    def customer(self, sale: Sale, now_s: float) -> CustomerView | None:
        """Draw the customer panel; None while no one customer is known, or what is pending.

        Nothing but what was decided last is drawn, and its age: a row that came since is not.
        """
        authorisation = sale.authorisation
        finding = authorisation.lookup.finding_at(now_s) if authorisation else None
        if authorisation is None or authorisation.held is None or not isinstance(finding, Found):
            return None
        customer, decision = finding.snapshot.customer, authorisation.decision
        debt = finding.snapshot.debt + authorisation.held
        pays = authorisation.amount if isinstance(decision, Approved) else None
        return CustomerView(
            name=customer.name,
            company=customer.company,
            blocked=customer.blocked,
            credit_allowed=customer.credit_allowed,
            is_default=customer.is_default,
            debt=debt,
            debt_after=debt + pays if pays else None,
            pending=authorisation.held,
            in_question=authorisation.in_question,
            headroom=decision.headroom,
            age_s=None if finding.age_s is None else int(finding.age_s),
            live=finding.is_fresh(self.policy.fresh_s),
            looking_up=sale.looking_up,
        )

    def charge(self, sale: Sale, known: Found, basket: Basket, approved: Approved) -> Draft:
        """Write the charge of an approved basket, and who passed what for which reason."""
        body: dict[str, Any] = {
            "lines": [[line.name, line.price.minor, line.quantity] for line in basket.lines],
            "currency": self.keypad.currency.code,
            "initials": initials(known.snapshot.customer.name),
            "external_id": known.snapshot.customer.external_id,
            "offline": approved.offline,
        }
        staff = None
        if approved.overrides:
            staff = approved.overrides[-1].staff
            passed = [[one.reason.value, one.staff, one.why] for one in approved.overrides]
            body["overrides"] = passed
        customer_id = known.snapshot.customer.id
        return Draft(EntryKind.CHARGE, customer_id, basket.total.minor, body, sale.charge_id, staff)

    def declined(self, sale: Sale, decision: Declined, amount: Money) -> Draft:
        """Write a decline; outside the customer's way, and no money entry."""
        customer_id = sale.lookup.customer_id if sale.lookup else None
        body = {"reason": decision.reason.value, "amount": amount.minor}
        return Draft(EntryKind.DECLINED, customer_id, body=body)

    def _question(
        self,
        finding: LookupResult,
        amount: Money | None,
        pending: tuple[Money, bool],
        overrides: tuple[Override, ...],
    ) -> Question:
        (held, in_question), spent = pending, OfflineExposure()
        if isinstance(finding, Found):
            if in_question:  # a repayment that may be in already gives no headroom
                held = max(held, ZERO)
            if not finding.is_fresh(self.policy.fresh_s):  # only an offline charge has caps
                customer_id = finding.snapshot.customer.id
                position = self.books.position(customer_id)
                held_seq = self.balance.held_seq(finding.snapshot, position)
                spent = self.books.offline_exposure(customer_id, held_seq)
        is_open = not self.books.closed_by()
        return Question(
            lookup_result=finding,
            amount=amount,
            pending=held,
            exposure=spent,
            journal_open=is_open,
            policy=self.policy,
            overrides=overrides,
        )

    def _pending(self, known: Found) -> tuple[Money, bool]:
        snapshot = known.snapshot
        position = self.books.position(snapshot.customer.id)
        return self.balance.pending(snapshot, position)


def decision_event(decision: Decision, total: Money) -> Event:
    """Name the event that a verdict on tap is."""
    if isinstance(decision, Approved):
        return Event.PASSED if total else Event.MAY_PAY
    return Event.UNREAD if decision.reason is Reason.UNREADABLE_CARD else Event.DECLINED
