"""Invariants of the whole till: whatever happens in any order, journal and screen agree."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.domain.samples import ADA, POLICY, known
from tests.examples import about
from tests.fakes.shop import CARDS, SETTINGS, TOTALS, Shop

from taptill.checkout.keypad import typed_amount
from taptill.checkout.session import OVER, UNDER_WAY, Step
from taptill.checkout.view import TillView
from taptill.domain.decision import LookupResult, NotFound
from taptill.domain.entry import EntryKind
from taptill.domain.money import ZERO, Money

KEYS = "0123456789.,+*/cwx<"
OWNERS = {str(customer.card_id): customer for customer in TOTALS}
ANSWERS = ("blocks", "unblocks", "forgets", "gives it to Ada", "empties", "pays in")


def answer(card_id: str, kind: str) -> LookupResult:
    """Return what the backend says of a card from now on."""
    if kind == "forgets" or card_id not in OWNERS:
        return NotFound()
    owner = OWNERS[card_id]
    match kind:
        case "gives it to Ada":
            return known(replace(ADA, card_id=owner.card_id))
        case "empties":
            return known(owner, 0)
        case "pays in":
            return known(owner, -8000)
        case _:
            return known(replace(owner, blocked=kind == "blocks"), -8000)


class TillInAnyOrder(RuleBasedStateMachine):
    """A state machine of cashier, customers, backend and disk; `wrong` lists broken invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.shop = self.open_shop()
        self.wrong: list[str] = []
        self.paid: list[str] = []
        self.confirmed: TillView | None = None
        self.before = self.shop.view
        self.shop.till.watch(self.look)

    def open_shop(self) -> Shop:
        """Open the till that all of this happens to."""
        return Shop()

    def look(self, view: TillView) -> None:
        """Hold every picture against the books at the moment when it is published."""
        last, self.before = self.before, view
        before = last.step
        keyed_input = view.basket.total + typed_amount(view.keystrokes, SETTINGS.keypad)
        self.law(view.total == keyed_input, "the total is what is rung up")
        self.law("UNIQUE" not in view.detail, "no id is used twice")
        alone = view.step in {Step.READY, Step.RINGING, Step.AGAIN, Step.VOIDING, Step.CLOSED}
        self.law(not (alone and view.customer), "no panel without a card")
        if view.step in UNDER_WAY and before not in UNDER_WAY:
            self.confirmed = last
        if view.step in UNDER_WAY and self.confirmed:
            self.law(view.total == self.confirmed.total, "the basket is frozen")
        if view.step is Step.SAVING and before not in {Step.SAVING, Step.VOIDING}:
            self.look_at_charge(view)
        if view.step is Step.PAID and before is not Step.PAID:
            self.look_at_paid(view)

    def look_at_charge(self, view: TillView) -> None:
        """Who is being charged may be, and is who was shown when Enter was pressed."""
        shown_customer, customer = self.confirmed and self.confirmed.customer, view.customer
        if not customer or not shown_customer:
            self.law(holds=False, text="somebody is charged whom nobody saw")
            return
        self.law(customer.name == shown_customer.name, "who was shown at Enter is charged")
        self.law(not customer.blocked, "nobody blocked is charged")
        after, ceiling = customer.debt + view.total, POLICY.credit_ceiling
        limit = ceiling if customer.credit_allowed and ceiling else ZERO
        self.law(after <= limit, "no debt beyond credit")

    def look_at_paid(self, view: TillView) -> None:
        """PAID has its entry in the books already, and one of its own."""
        newest = view.recent_sales[0]
        entries = [
            entry
            for entry in self.shop.books.of_kind(EntryKind.CHARGE)
            if entry.charge_id == newest.charge_id
        ]
        self.law(len(entries) == 1, "paid is in the books, once")
        self.law(newest.charge_id not in self.paid, "each paid is a charge of its own")
        self.law([entry.amount_minor for entry in entries] == [view.amount.minor], "to the cent")
        self.paid.append(newest.charge_id)

    def law(self, holds: bool, text: str) -> None:  # noqa: FBT001 - reads as: law(claim, words)
        """Remember a broken law; the till would take an exception here for its own fault."""
        if not holds:
            self.wrong.append(text)

    @rule(keys=st.text(KEYS, min_size=1, max_size=4) | st.sampled_from(("420", "1500", "3000")))
    def press(self, keys: str) -> None:
        """Press a few keys."""
        self.shop.press(keys)

    @rule(card=st.sampled_from(sorted(CARDS)))
    def tap(self, card: str) -> None:
        """Tap a card."""
        self.shop.tap(card)

    @rule(keys=st.sampled_from(("100", "420", "2000")), card=st.sampled_from(sorted(CARDS)))
    def sell(self, keys: str, card: str) -> None:
        """Do what a cashier mostly does."""
        self.shop.sell(keys, card)

    @rule(
        card=st.sampled_from(sorted(CARDS)),
        disk_s=st.sampled_from((0.3, 3.0)),
        answer_s=st.sampled_from((0.1, 0.5, 3.0)),
    )
    def rush(self, card: str, disk_s: float, answer_s: float) -> None:
        """Press Enter before the answer is there, with a disk that takes its time."""
        self.shop.finder.takes_s, self.shop.books.takes_s = answer_s, disk_s
        self.shop.press("420")
        self.shop.tap(card)
        self.shop.enter()

    @rule(action=st.sampled_from((Shop.enter, Shop.enter, Shop.escape, Shop.f8, Shop.garble)))
    def do(self, action: object) -> None:
        """Press a key with a meaning of its own, or let the reader complain."""
        assert callable(action)
        action(self.shop)

    @rule(seconds=st.sampled_from((0.05, 0.3, 0.9, 3.0, 20.0, 400.0)))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.shop.later(seconds)

    @rule(takes_s=st.sampled_from((0.0, 0.05, 0.5, 3.0, 60.0)), offline=st.booleans())
    def network(self, takes_s: float, offline: bool) -> None:  # noqa: FBT001 - drawn
        """Let the network become something else."""
        self.shop.finder.takes_s, self.shop.finder.offline = takes_s, offline

    @rule(card_id=st.sampled_from(sorted(CARDS.values())), kind=st.sampled_from(ANSWERS))
    def office(self, card_id: str, kind: str) -> None:
        """Let the office change something."""
        self.shop.finder.there[card_id] = answer(card_id, kind)

    @rule(takes_s=st.sampled_from((0.0, 0.0, 0.3, 3.0)), how=st.sampled_from(("", "", "!", "full")))
    def disk(self, takes_s: float, how: str) -> None:
        """Let the disk become slow, broken, full or good again."""
        books = self.shop.books
        books.takes_s = takes_s
        books.fails = "disk I/O error" if how == "!" else ""
        books.full = "only 3 MB free" if how == "full" else ""

    @invariant()
    def no_law_is_broken(self) -> None:
        """Nothing that was seen so far breaks a law."""
        assert self.wrong == []

    def teardown(self) -> None:
        """Let everything end: every charge in the books was shown as paid, and the caps held."""
        self.disk(0.0, "")
        self.shop.later(100.0)
        self.shop.close()
        books = self.shop.books
        assert self.wrong == []
        assert [entry.charge_id for entry in books.of_kind(EntryKind.CHARGE)] == self.paid
        assert all(
            entry.body["reason"] != "till-closed" for entry in books.of_kind(EntryKind.DECLINED)
        )
        spends = [books.offline_exposure(customer.id, 0) for customer in TOTALS]
        assert all(spend.customer <= POLICY.offline_per_customer for spend in spends)
        assert self.shop.step() not in UNDER_WAY | OVER | {Step.CLOSED}


TillInAnyOrder.TestCase.settings = settings(about(80), stateful_step_count=40)
TestTillInAnyOrder = TillInAnyOrder.TestCase


def test_the_laws_are_looked_at() -> None:
    """A sale in the machine is seen from Enter to PAID, and a lie about it is noticed."""
    machine = TillInAnyOrder()
    machine.sell("420", "A")
    assert (machine.paid, machine.wrong) == (["sale-1"], [])
    assert machine.confirmed
    machine.look(replace(machine.shop.view, total=Money(1)))
    assert machine.wrong == ["the total is what is rung up"]
    machine.wrong.clear()
    machine.teardown()
