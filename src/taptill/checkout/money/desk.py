"""The customer on the screen and an amount of cash in, a committed repayment out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from taptill.checkout.money.pages import OTHER, RepaymentBooked, RepaymentForm
from taptill.checkout.money.typed_cash import TypedCash
from taptill.checkout.pages.page import PageRow, PersonName, Phrase, Turn, phrase
from taptill.checkout.pages.sign_in import approval
from taptill.checkout.pages.slips.listing import print_slip
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.recent_sales import recent_sale_of
from taptill.checkout.sale import Authorisation, signed
from taptill.checkout.session import OVER, Notice
from taptill.checkout.till_state import TillState, settle_soon
from taptill.domain.decision import Found
from taptill.domain.entry import Entry
from taptill.domain.money import ZERO, Money
from taptill.domain.sales.repaying import (
    Direction,
    Repayment,
    RepaymentQuestion,
    RepaymentRefusal,
    refusal,
    repayment_draft,
)
from taptill.domain.staff.member import Right, StaffMember
from taptill.domain.tap import Chosen

_RIGHTS = {Direction.IN: Right.PAY_IN, Direction.OUT: Right.PAY_OUT}


@dataclass(frozen=True, slots=True)
class ShownCustomer:
    """Who is on the screen, and what they owe with all that this journal holds."""

    name: str
    debt: Money


class RepaymentDesk:
    """Takes cash of the customer on the screen, or gives cash back.

    `undo` returns what follows F8.
    """

    def __init__(
        self, state: TillState, desk: StaffDesk, undo: Callable[[], Turn | Notice]
    ) -> None:
        self._state = state
        self._desk = desk
        self._undo = undo

    def open(self) -> Turn | Notice:
        """Return the form for the customer on the screen, or why there is none."""
        state = self._state
        found = self._found()
        if not state.settings.max_repayment:
            return Notice.SWITCHED_OFF
        if found is None:
            is_asked = state.sale.looking_up and state.sale.lookup is None
            return Notice.LOOKING_UP if is_asked else Notice.CARD_FIRST
        return Turn(
            RepaymentForm(
                desk=self,
                customer_id=found.snapshot.customer.id,
                charge_id=state.ports.new_id(),
                cash=TypedCash(state.settings.keypad),
            )
        )

    def shown(self, form: RepaymentForm) -> ShownCustomer | None:
        """Return the form's customer; None where somebody else or nobody is on the screen."""
        found = self._found(form)
        if found is None:
            return None
        pending = self._pending()
        debt = found.snapshot.debt + (pending or ZERO)
        return ShownCustomer(found.snapshot.customer.name, debt)

    def turned(self, form: RepaymentForm) -> RepaymentForm:
        """Return the form for the other direction; nobody is paid without staff."""
        way = OTHER[form.direction]
        if way is Direction.OUT and not self._desk.who_may(Right.PAY_OUT):
            return replace(form, notice=phrase("page.pay-out-staff"))
        return replace(form, direction=way, notice=None)

    def confirmed(self, form: RepaymentForm) -> Turn:
        """Book what the form says, if the rules allow it; else ask who may allow it."""
        if refused := self._refusal(form):
            return Turn(replace(form, notice=_words(refused)))
        right, member = _RIGHTS[form.direction], self._desk.member
        is_alone = not self._state.settings.staff and right is Right.PAY_IN
        if is_alone or (member and member.may(right)):
            return self._book(form)
        if not self._desk.who_may(right, but=member.name if member else ""):
            return Turn(replace(form, notice=phrase("page.pay-out-staff")))

        def approved(second: StaffMember) -> Turn:
            return self._book(form, second.name)

        shown, words = self.shown(form), phrase(f"row.paid-{form.direction}")
        name = shown.name if shown else ""
        about = (PageRow((PersonName(name), words, form.amount)),)
        return Turn(approval(self._desk, right, approved, Turn(form), about))

    def _book(self, form: RepaymentForm, approved_by: str = "") -> Turn:
        found, state = self._found(form), self._state
        refused = self._refusal(form)  # the customer may be another one since it was approved
        if found is None or refused:
            return Turn(replace(form, notice=_words(refused or RepaymentRefusal.GONE)))
        shown = self.shown(form)
        repayment = Repayment(
            customer=found.snapshot.customer,
            direction=form.direction,
            amount=form.amount,
            currency=state.settings.keypad.currency,
            charge_id=form.charge_id,
            offline=not found.is_fresh(state.settings.policy.fresh_s),
            without_card=isinstance(state.sale.tap, Chosen),
            approved_by=approved_by,
        )
        draft = signed(repayment_draft(repayment), state.staff)
        booked = RepaymentBooked(
            direction=form.direction,
            name=repayment.customer.name,
            amount=form.amount,
            before=shown.debt if shown else None,
            undo=self._undo,
        )

        async def book() -> Turn:
            entries = await state.ports.journal.append([draft])
            self._booked(entries[0])
            return Turn(replace(booked, slip=self._slip(entries[0].seq)))

        return Turn(replace(form, notice=phrase("page.saving")), book)

    def _slip(self, seq: int) -> Callable[[], Notice] | None:
        """Return what prints the slip of an entry; None where there is no printer."""
        slips = self._state.ports.slips
        return partial(print_slip, slips, seq) if slips else None

    def _booked(self, entry: Entry) -> None:
        """Show it among the recent sales, decide anew about the customer, and settle soon."""
        state = self._state
        state.recent_sales.add(recent_sale_of(entry, state.now_s))
        state.restart_idle_timer()
        lookup = state.sale.lookup
        if lookup and lookup.customer_id == entry.customer_id and state.sale.step not in OVER:
            state.show_customer(lookup)
        state.refresh()
        state.background.start(settle_soon(state))

    def _refusal(self, form: RepaymentForm) -> RepaymentRefusal | None:
        found, state = self._found(form), self._state
        if found is None:
            return RepaymentRefusal.GONE
        authorisation = self._authorisation()
        pending = authorisation.pending if authorisation else None
        is_open = pending is not None and not state.ports.journal.closed_by()
        question = RepaymentQuestion(
            cardholder=found,
            direction=form.direction,
            amount=form.amount,
            debt_now=found.snapshot.debt + (pending or ZERO),
            is_fresh=found.is_fresh(state.settings.policy.fresh_s),
            journal_open=is_open,
            max_repayment=state.settings.max_repayment or ZERO,
            in_question=authorisation is not None and authorisation.in_question,
        )
        return refusal(question)

    def _found(self, form: RepaymentForm | None = None) -> Found | None:
        """Return the customer on the screen; None without one, and for another than the form's."""
        lookup = self._state.sale.lookup
        result = lookup.result_at(self._state.now_s) if lookup else None
        if not isinstance(result, Found) or result.gone:
            return None
        is_same = form is None or form.customer_id == result.snapshot.customer.id
        return result if is_same else None

    def _pending(self) -> Money | None:
        """Return what this journal holds beyond the row; None where it cannot be read."""
        authorisation = self._authorisation()
        return authorisation.pending if authorisation else None

    def _authorisation(self) -> Authorisation | None:
        """Return the decision of this moment with its figures; None without a customer."""
        lookup = self._state.sale.lookup
        return self._state.authorise(lookup) if lookup else None


def _words(refused: RepaymentRefusal) -> Phrase:
    return phrase(f"repay.{refused}")
