"""What cashier and supervisor do at a till in, its entries and what must never happen out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, time
from typing import TYPE_CHECKING

from tests.simulation.acts import NAMES, Act, Verb, lines_of, money
from tests.simulation.till import ModelTill

from taptill.checkout.sale import Sale, charge_draft, void_draft
from taptill.domain.basket import Basket, Line
from taptill.domain.decision import (
    OVERRIDABLE,
    Approved,
    Declined,
    Found,
    Override,
    Policy,
    Question,
    decide,
)
from taptill.domain.entry import ChargedLine, EntryKind
from taptill.domain.errors import EntryRefusedError
from taptill.domain.money import Currency, Money
from taptill.domain.pending import pending
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.shift_report import Closing, closed, identities
from taptill.domain.sales.past import PastSale
from taptill.domain.sales.remainder import Part, PartRefusal, Remainder
from taptill.domain.sales.repaying import (
    Direction,
    Repayment,
    RepaymentQuestion,
    refusal,
    repayment_draft,
    takes_back,
    taking_back_draft,
)
from taptill.domain.sales.search import HistorySearch
from taptill.domain.sales.undo import SaleOrigin, Undoer, UndoRight, may_undo
from taptill.journal.back_office.shifts import (
    SiteDays,
    closing_draft,
    opening_draft,
    running_report,
)
from taptill.journal.sales.past_sales import PastSales

if TYPE_CHECKING:
    from tests.simulation.world import World

BO, SUE = "Bo", "Sue"
WINDOW_S = 300.0
EUR = Currency("EUR")
POLICY = Policy(
    max_charge=Money(10_000),
    credit_ceiling=Money(500),
    fresh_s=30.0,
    max_age_s=3600.0,
    floor_limit=Money(400),
    offline_per_customer=Money(1_000),
    offline_per_terminal=Money(2_000),
    override_max=Money(1_500),
)
MAX_REPAYMENT = Money(5_000)
CHARGES = HistorySearch.of("", EUR)
DAYS = SiteDays(BusinessDays(time(4), UTC), "UTC")


class ModelStaff:
    """Takes back, overrides, opens and closes shifts; `wronged` says what a journal let them do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.wronged = ""

    def acts(self) -> dict[Verb, Callable[[Act], bool]]:
        """Return what may be done, by its verb."""
        return {
            Verb.TAKE_BACK: self._take_back,
            Verb.TAKE_CASH: self._take_cash,
            Verb.CASH_BACK: self._cash_back,
            Verb.RETRY_VOID: self._retry_void,
            Verb.OVERRIDE: self._override,
            Verb.OPEN_SHIFT: self._open_shift,
            Verb.CLOSE_SHIFT: self._close_shift,
        }

    def _take_back(self, act: Act) -> bool:
        """Let Bo take back a part of a sale; what he may not, Sue allows."""
        till = self._world.till(act)
        sales = [sale for sale in _sales(till) if sale.left.amount > Money(0)] if till else []
        sales = [sale for sale in sales if sale.charge.customer_id == act.customer]
        if till is None or not sales:
            return False
        sale = sales[act.how % len(sales)]
        left = sale.left
        part = _part(left, act.how // len(sales))
        if isinstance(part, PartRefusal):
            return False
        approved_by = "" if _may(till, sale) is UndoRight.ALLOWED else SUE
        void = void_draft(left, part, reason="goods returned", approved_by=approved_by)
        void = replace(void, staff=BO)
        try:
            till.write(void)
        except EntryRefusedError:
            return False  # it was written off
        till.last_void = void
        words = ", ".join(f"{count} {name}" for name, _, count in part.lines)
        return self._world.say(
            "till {} takes {} of {}'s charge of {} back: {}",
            *(till, part.amount.minor, NAMES[act.customer], sale.charge.amount_minor, words),
        )

    def _take_cash(self, act: Act) -> bool:
        """Book cash as the rules allow it, by a row that was just read."""
        till = self._world.till(act)
        if till is None:
            return False
        row = self._world.backend.read(act.customer)
        shown, in_question = pending(
            row,
            till.position(act.customer),
            till.journal_id,
            till.harness.queries.entry_at_mark,
        )
        counted = max(shown, Money(0)) if in_question else shown
        question = RepaymentQuestion(
            cardholder=Found(row, age_s=0.0),
            direction=Direction.IN if act.how > 0 else Direction.OUT,
            amount=Money(abs(act.how)),
            debt_now=row.debt + counted,
            is_fresh=True,
            journal_open=True,
            max_repayment=MAX_REPAYMENT,
        )
        if refusal(question):
            return False
        repayment = Repayment(
            customer=row.customer,
            direction=question.direction,
            amount=question.amount,
            currency=EUR,
            charge_id=self._world.new_charge_id(),
            offline=False,
        )
        till.write(replace(repayment_draft(repayment), staff=BO))
        words = "takes {} in cash from {}" if act.how > 0 else "pays {} in cash out to {}"
        return self._world.say(f"till {{}} {words}", till, abs(act.how), NAMES[act.customer])

    def _cash_back(self, act: Act) -> bool:
        """Take a repayment back, and then once more, which the journal must refuse."""
        till = self._world.till(act)
        booked = [sale for sale in _repayments(till) if not sale.is_taken_back] if till else []
        booked = [sale for sale in booked if sale.charge.customer_id == act.customer]
        if till is None or not booked:
            return False
        sale = booked[act.how % len(booked)]
        draft = replace(taking_back_draft(sale.charge, reason="not paid"), staff=BO)
        try:
            till.write(draft)
        except EntryRefusedError:
            if not sale.written_off:
                self.wronged = f"till {till.number} refuses to take a sound repayment back"
            return False
        if sale.written_off:
            self.wronged = f"till {till.number} takes back what was written off"
        with suppress(EntryRefusedError):
            till.write(draft)
            self.wronged = f"till {till.number} has taken one repayment back twice"
        amount = abs(draft.amount_minor or 0)
        name = NAMES[act.customer]
        return self._world.say("till {} takes {}'s repayment of {} back", till, name, amount)

    def _retry_void(self, act: Act) -> bool:
        """Write the last void once more: its commit looked like a failure, and was none."""
        till = self._world.till(act)
        if till is None or till.last_void is None:
            return False
        void = till.last_void
        try:
            till.write(void)
        except EntryRefusedError:
            return self._world.say("till {} writes its last void again: refused", till)
        self.wronged = f"till {till.number} has booked one void twice"
        return self._world.say("till {} writes its last void again: {}", till, void.amount_minor)

    def _override(self, act: Act) -> bool:
        """Charge what the rules decline, as far as Sue may allow it."""
        till = self._world.till(act)
        if till is None:
            return False
        row = self._world.backend.read(act.customer)
        found = Found(row, age_s=60.0)
        position = till.position(act.customer)
        queries = till.harness.queries
        shown, _ = pending(row, position, till.journal_id, queries.entry_at_mark)
        mark = row.marks.table.get(till.journal_id)
        question = Question(
            lookup_result=found,
            amount=Money(act.how),
            pending=shown,
            exposure=queries.offline_exposure(act.customer, mark.seq if mark else 0),
            journal_open=True,
            policy=POLICY,
        )
        overrides = tuple(Override(reason, SUE, "known-person") for reason in OVERRIDABLE)
        if not isinstance(decide(question), Declined):
            return False
        approval = decide(replace(question, overrides=overrides))
        if not isinstance(approval, Approved):
            return False
        basket = Basket(tuple(Line(name, Money(p), n) for name, p, n in lines_of(act.how)))
        sale = Sale(charge_id=self._world.new_charge_id())
        till.write(charge_draft(sale, found, basket, approval, EUR))
        reasons = ", ".join(override.reason for override in approval.overrides)
        return self._world.say(
            "till {} charges {} {}: {} overridden", till, NAMES[act.customer], act.how, reasons
        )

    def _open_shift(self, act: Act) -> bool:
        till = self._world.till(act)
        if till is None:
            return False
        till.write(opening_draft(Money(act.how), BO))
        return self._world.say("till {} opens a shift with {} in cash", till, money(act.how))

    def _close_shift(self, act: Act) -> bool:
        """Count the shift, and store its Z: from the first entry after the one before it."""
        till = self._world.till(act)
        if till is None or not till.kinds:
            return False
        report = running_report(till.harness.queries, DAYS, till.clock.now())
        broken = [identity for identity in identities(report) if not identity.holds]
        if broken:
            self.wronged = f"till {till.number} closes a shift in which {broken[0]} does not hold"
        if act.how:
            self._world.perform(Act(Verb.SELL, till.number, act.customer, 35))
        z = closing_draft(closed(report, Closing(counted=Money(100), staff=BO), till.clock.now()))
        till.write(z)
        with suppress(EntryRefusedError):  # once more, as if its commit had looked like a failure
            till.write(z)
            self.wronged = f"till {till.number} has closed one shift twice"
        net = report.figures.total.net_minor
        return self._world.say("till {} closes shift {}: {}", till, report.shift.number, net)


def _sales(till: ModelTill) -> Iterator[PastSale]:
    """Yield all sales of a journal, newest first."""
    return _found(till, EntryKind.CHARGE)


def _repayments(till: ModelTill) -> Iterator[PastSale]:
    """Yield all repayments of a journal, newest first."""
    return (sale for sale in _found(till, EntryKind.REPAYMENT) if sale.is_repayment)


def _found(till: ModelTill, kind: EntryKind) -> Iterator[PastSale]:
    past_sales = PastSales(till.harness.queries)
    before_seq: int | None = None
    while True:
        page = past_sales.find(CHARGES, before_seq)
        for row in page.rows:
            sale = past_sales.sale(row.entry.charge_id or "")
            if row.entry.kind is kind and not takes_back(row.entry) and sale:
                yield sale
        before_seq = page.next_seq
        if before_seq is None:
            return


def _part(left: Remainder, how: int) -> Part | PartRefusal:
    """Return the part that a number stands for; 0: all that is left."""
    lines: list[ChargedLine] = []
    for name, price, quantity in left.lines:
        how, takes = divmod(how, 2)
        if takes:
            how, fewer = divmod(how, quantity)
            lines.append((name, price, quantity - fewer))
    return left.part(lines) if lines else left.whole()


def _may(till: ModelTill, sale: PastSale) -> UndoRight:
    boot_id, uptime_ms = till.clock.boot()
    is_same_boot = sale.charge.boot_id == boot_id
    origin = SaleOrigin(
        sale.charge.staff,
        (uptime_ms - sale.charge.uptime_ms) / 1000 if is_same_boot else None,
        in_shift=PastSales(till.harness.queries).is_of_shift(sale.charge.seq),
    )
    return may_undo(origin, Undoer(BO, may_undo_any=False), WINDOW_S)
