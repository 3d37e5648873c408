"""Invariants of the till behind the counter: staff, undo, shifts, pages and goods in any order."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from tests.checkout.pages.conflict_desk import LOST, REFUSED
from tests.checkout.pages.crew import CREW, CREWED, JO, KIM, SAM
from tests.checkout.test_till_laws import TillInAnyOrder
from tests.domain.samples import DORA, known
from tests.examples import about
from tests.fakes.shop import CARDS, GOODS, SETTINGS, Shop

from taptill.checkout.keypad import KeyedInput
from taptill.checkout.pages.page import Balance, Cell, phrase
from taptill.checkout.pages.shift import ReportPage
from taptill.checkout.session import OVER, UNDER_WAY, Notice, Step
from taptill.checkout.till_state import TillSettings
from taptill.checkout.view import TillView
from taptill.domain.basket import Good
from taptill.domain.cards.change import CardRefusal
from taptill.domain.conflicts.case import CaseOutcome
from taptill.domain.entry import MONEY_KINDS, Entry, EntryKind
from taptill.domain.money import ZERO, Money
from taptill.domain.reports.shift_report import identities
from taptill.domain.sales.past import WITHOUT_CARD
from taptill.domain.sales.repaying import Direction, direction_of, repayment_id, takes_back
from taptill.domain.staff.member import Right
from taptill.domain.tap import Scan

COLA = Good("", "Cola", Money(110), "Drinks", barcode="4006381333931")
BOTTLE = Good("b", "Bottle back", Money(-25))
ALL_GOODS = (*GOODS, COLA, BOTTLE)
GOODS_LISTS = (ALL_GOODS, GOODS, (BOTTLE, COLA, Good("c", "Coffee", Money(160))), ())
STAFF_LISTS = (CREW, (JO, KIM), (KIM, SAM), (replace(JO, pin_hash=KIM.pin_hash), KIM))
MAX_REPAYMENT = Money(5000)
BARCODES, NEW_CARD = (COLA.barcode, "4006381333948", ""), "7F20914E99"
PINS = {"Jo": "2580", "Kim": "135791", "Ted": "0000"}
ALL_CARDS = (*CARDS, KIM.card_id, SAM.card_id)
NAMED_KEYS = (
    *("up", "down", "left", "right", "delete", "home", "end", "page_up", "page_down"),
    *("backspace", "-", "+", "insert", "q"),
)
PAGE_KEYS = ("f2", "f3", "f6", "f7", "f8", "f9", "f10", "f7", "f8", "f10", "f12")
SIGNED = frozenset(EntryKind) & {
    EntryKind.CHARGE,
    EntryKind.VOID,
    EntryKind.REPAYMENT,
    EntryKind.DECLINED,
    EntryKind.SHIFT_OPENED,
    EntryKind.SHIFT_CLOSED,
    EntryKind.LOGGED_IN,
    EntryKind.LOCKED,
    EntryKind.WRONG_PIN,
    EntryKind.CARD_ATTEMPT,
    EntryKind.CARD_OUTCOME,
}
ESCAPES_MAX = 8
CONFIRMABLE = frozenset({Step.CONFIRM, Step.DECLINED, Step.REFUSED})


class WatchedShop(Shop):
    """A shop that remembers what was on the screen at each Enter."""

    def __init__(self, till_settings: TillSettings) -> None:
        self.enters: list[TillView] = []
        super().__init__(till_settings)

    def hasty_enter(self) -> None:
        """Remember the view, and press Enter."""
        self.enters.append(self.view)
        super().hasty_enter()


class CounterInAnyOrder(TillInAnyOrder):
    """The till with all that stands behind the counter; it begins with or without staff."""

    shop: WatchedShop

    def open_shop(self) -> Shop:
        """Open a till with staff, barcodes and deposits."""
        self.looked_at = 0
        keypad = replace(SETTINGS.keypad, goods=ALL_GOODS)
        return WatchedShop(replace(CREWED, keypad=keypad, max_repayment=MAX_REPAYMENT))

    @initialize(staff=st.sampled_from((*STAFF_LISTS, ())), cases=st.booleans())
    def begin(self, staff: tuple[object, ...], cases: bool) -> None:  # noqa: FBT001 - drawn
        """Begin with some staff, and perhaps with cases on the conflict desk."""
        self.change(ALL_GOODS, staff)
        self.shop.conflict_desk.open = [LOST, REFUSED] if cases else []

    def look(self, view: TillView) -> None:
        """Hold every picture against the books at the moment when it is published."""
        super().look(view)
        books, members = self.shop.books, self.shop.till._state.settings.staff
        new, self.looked_at = books.entries[self.looked_at :], len(books.entries)
        for entry in new:
            is_signed = bool(entry.staff) or not members or entry.kind not in SIGNED
            self.law(is_signed, f"every {entry.kind} is signed")
            if entry.body.get(WITHOUT_CARD):
                self.law(bool(entry.staff), "who is chosen by name is charged by somebody")
            if entry.kind is EntryKind.REPAYMENT:
                self.look_at_repayment(entry)
            if entry.kind is EntryKind.CARD_ATTEMPT:
                self.look_at_card(entry)
        if members and not view.status.staff:
            self.law(view.step not in UNDER_WAY, "nobody sells who is not logged in")
            is_shut = view.step is Step.CLOSED or view.page is not None
            self.law(is_shut, "nobody is at the sale who is not logged in")
        self.look_at_voids()
        self.look_at_recent_sales(view)
        self.look_at_report(view)

    def look_at_charge(self, view: TillView) -> None:
        """A charge is one that Enter confirmed; a void of the list has no basket."""
        if not view.basket.lines and not view.keystrokes:
            return
        shown = self.shop.enters[-1] if self.shop.enters else view
        is_shown = shown.step in CONFIRMABLE and shown.page is None and shown.total == view.total
        self.law(is_shown, "Enter was pressed on the decision about this amount")
        confirmed = self.confirmed.customer if self.confirmed else None
        customer = view.customer
        if confirmed is None or customer is None:
            self.law(holds=False, text="somebody is charged whom nobody saw")
            return
        self.law(customer.name == confirmed.name, "who was shown is charged")
        self.law(not customer.blocked, "nobody blocked is charged")

    def look_at_repayment(self, entry: Entry) -> None:
        """Cash moves as Enter confirmed it on the form; it is taken back once, whole."""
        if takes_back(entry):
            same = [one for one in self.repayments() if repayment_id(one) == repayment_id(entry)]
            is_whole = sum(one.amount_minor or 0 for one in same) == 0
            self.law(len(same) == 2 and is_whole, "a repayment is taken back once, whole")
            return
        amount = abs(entry.amount_minor or 0)
        self.law(0 < amount <= MAX_REPAYMENT.minor, "no cash beyond the limit")
        way = direction_of(entry)
        forms = [view.page for view in self.shop.enters if view.page]
        named = [page for page in forms if page.name == f"pay-{way}"]
        is_shown = bool(named) and named[-1].head[-1].cells[-1] == Money(amount)
        self.law(is_shown, "Enter was pressed on the form with this amount")
        if way is Direction.OUT:
            members = {member.name: member for member in CREW}
            by = members.get(entry.body.get("approved_by") or entry.staff or "")
            self.law(bool(by and by.may(Right.PAY_OUT)), "a supervisor lets cash out")
            debt = named[-1].head[2].cells[-1] if named else None
            is_covered = isinstance(debt, Balance) and debt.debt <= ZERO
            self.law(is_covered, "no cash out beyond what is there in advance")

    def look_at_card(self, entry: Entry) -> None:
        """A card is changed as Enter confirmed it, and a supervisor did it or let it be done."""
        asked = [view.page for view in self.shop.enters if view.page]
        forms = [page for page in asked if page.name == f"card-{entry.body['act']}"]
        self.law(bool(forms), "Enter was pressed on this change")
        marks = {cell for row in forms[-1].head for cell in row.cells} if forms else set()
        named = {entry.body.get(key, "") for key in ("from", "to")} - {""}
        self.law(named <= marks, "what was confirmed is changed")
        members = {member.name: member for member in CREW}
        by = members.get(entry.body.get("approved_by") or entry.staff or "")
        self.law(bool(by and by.may(Right.CARDS)), "a supervisor changes cards")

    def repayments(self) -> list[Entry]:
        """Return all repayments, with those that take one back."""
        return self.shop.books.of_kind(EntryKind.REPAYMENT)

    def look_at_voids(self) -> None:
        """No sale is taken back beyond what it was, as a sum and line by line."""
        for charge in self.shop.books.of_kind(EntryKind.CHARGE):
            left = self.left_of(charge)
            self.law(left >= 0, "no void beyond the sum")
            pieces: Counter[tuple[str, int]] = Counter()
            for name, price, quantity in charge.lines:
                pieces[name, price] += quantity
            for void in self.voids_of(charge):
                for name, price, quantity in void.lines:
                    pieces[name, price] -= quantity
            self.law(min(pieces.values()) >= 0, "no void beyond a line")

    def look_at_recent_sales(self, view: TillView) -> None:
        """The list shows of each sale what the books say is left."""
        charges = {charge.charge_id: charge for charge in self.shop.books.of_kind(EntryKind.CHARGE)}
        for row in view.recent_sales:
            if charge := charges.get(row.charge_id):
                left = self.left_of(charge)
                amount = (charge.amount_minor or 0) if row.is_voided else left
                self.law(row.amount == Money(amount), "the list shows what is left")
                self.law(row.is_voided == (left == 0), "what is voided is shown so")

    def look_at_report(self, view: TillView) -> None:
        """An X or Z on the screen has the sums of the journal's entries of its range."""
        page = self.shop.till.sale.page
        if view.page is None or not isinstance(page, ReportPage):
            return
        report = page.report
        shift = report.shift
        in_range = [e for e in self.shop.books.entries if shift.from_seq <= e.seq <= shift.to_seq]
        rows: dict[Cell, Cell] = {row.cells[0]: row.cells[-1] for row in view.page.rows}
        sold = [e for e in in_range if e.kind is not EntryKind.REPAYMENT]
        self.law(rows[phrase("row.net")] == Money(money_of(sold)), "a report has its sums")
        cash = report.cash.repaid_minor - report.cash.paid_out_minor
        moved = -money_of([e for e in in_range if e.kind is EntryKind.REPAYMENT])
        self.law(cash == moved, "the drawer has what was paid in less what was paid out")
        self.law(all(one.holds for one in identities(report)), "the identities hold")

    def voids_of(self, charge: Entry) -> Iterator[Entry]:
        """Return the voids of a charge."""
        voids = self.shop.books.of_kind(EntryKind.VOID)
        return (void for void in voids if void.charge_id == charge.charge_id)

    def left_of(self, charge: Entry) -> int:
        """Return what is left of a charge, in minor units."""
        return (charge.amount_minor or 0) + money_of(list(self.voids_of(charge)))

    @rule(card=st.sampled_from(ALL_CARDS))
    def tap(self, card: str) -> None:
        """Tap a card: it is seen on the screen that it was, at any time."""
        before, at = self.shop.view, len(self.shop.views)
        self.shop.tap(card)
        if not self.is_answered(before, at):
            self.shop.later(0.5)  # nothing is known of the card: the backend is asked
        self.law(self.is_answered(before, at), f"a tap is swallowed at {before.step}")

    def is_answered(self, before: TillView, at: int) -> bool:
        """Return whether the screen has changed since a view, or has a word on it."""
        view = self.shop.view
        same_but_number = replace(before, prompt_number=0)
        changed = any(
            replace(new, prompt_number=0) != same_but_number for new in self.shop.views[at:]
        )
        has_word = view.notice is not Notice.NONE or bool(view.page and view.page.notice)
        return changed or has_word or view.step is Step.CLOSED

    @rule(barcode=st.sampled_from(BARCODES))
    def scan(self, barcode: str) -> None:
        """Scan a barcode; it confirms nothing."""
        before = self.shop.books.of_kind(EntryKind.CHARGE)
        step = self.shop.step()
        self.shop.say(Scan(barcode, "goods"))
        if step not in UNDER_WAY:
            self.law(self.shop.books.of_kind(EntryKind.CHARGE) == before, "a scan charges")

    @rule(keys=st.lists(st.sampled_from(NAMED_KEYS), min_size=1, max_size=3))
    def move(self, keys: list[str]) -> None:
        """Press cursor keys and others with a name."""
        for key in keys:
            self.shop.key(key)

    @rule(key=st.sampled_from(PAGE_KEYS))
    def open_page(self, key: str) -> None:
        """Press a key that opens a page."""
        self.shop.key(key)

    @rule(who=st.sampled_from(("1", "2", "3")), pin=st.sampled_from((*PINS.values(), "7319")))
    def type_pin(self, who: str, pin: str) -> None:
        """Choose a name and type a PIN, where somebody is asked who they are."""
        if self.shop.view.page and self.shop.page().name in {"log-in", "approve"}:
            self.shop.press(who)
            self.shop.press(pin)
            self.shop.hasty_enter()
            self.shop.later(0.2)

    @rule(card=st.sampled_from((KIM.card_id, SAM.card_id)))
    def show_staff_card(self, card: str) -> None:
        """Show the card of a supervisor, where somebody is asked who they are."""
        if self.shop.view.page and self.shop.page().name in {"log-in", "approve"}:
            self.shop.tap(card)
            self.shop.later(0.2)

    @rule(item=st.sampled_from("123456"), keys=st.sampled_from(("", "1000", "0", "4,2")))
    def office_page(self, item: str, keys: str) -> None:
        """Press F10, choose, type something, and press Enter."""
        self.shop.key("f10")
        if self.shop.view.page and self.shop.page().name == "office":
            self.shop.press(item)
            self.shop.later(1.0)
            self.shop.press(keys)
            self.shop.hasty_enter()
            self.shop.later(0.5)

    @rule(lines=st.sampled_from(("", "0", "down 1", "left", "0 down right")))
    def undo(self, lines: str) -> None:
        """Press F8 twice, choose the newest sale and some of its lines, and a reason."""
        self.shop.key("f8")
        self.shop.key("f8")
        if self.shop.view.page and self.shop.page().name == "undo":
            self.shop.hasty_enter()
            for key in lines.split():
                self.shop.key(key)
            self.shop.hasty_enter()
            if self.shop.view.page:
                self.shop.press("1")
            self.shop.later(0.5)

    @rule(
        card=st.sampled_from("ABCD"),
        keys=st.sampled_from(("500", "4000", "5001", "0", "1,5")),
        out=st.booleans(),
        by=st.sampled_from((KIM.card_id, SAM.card_id, "")),
    )
    def cash(self, card: str, keys: str, out: bool, by: str) -> None:  # noqa: FBT001 - drawn
        """Take cash of a customer or give some back, perhaps with a supervisor's card."""
        self.shop.tap(card)
        self.shop.later(0.5)
        self.shop.key("f7")
        if out and self.shop.view.page:
            self.shop.key("f7")
        if self.shop.view.page and self.shop.page().name.startswith("pay-"):
            self.shop.press(keys)
            self.shop.enter()
            if by:
                self.shop.tap(by)
            self.shop.later(0.5)

    @rule(
        typed=st.sampled_from(("a", "byr", "bela", "carl", "d n", "x")),
        keys=st.sampled_from(("", "420")),
    )
    def find(self, typed: str, keys: str) -> None:
        """Find a customer by name, choose the first one, and perhaps charge something."""
        self.shop.key("f3")
        self.shop.later(0.1)
        if self.shop.view.page and self.shop.page().name == "find":
            self.shop.press(typed)
            self.shop.enter()
            self.shop.later(0.5)
            self.shop.press(keys)
            self.shop.enter()
            self.shop.later(1.0)

    @rule(
        first=st.sampled_from((*CARDS, NEW_CARD, "")),
        item=st.sampled_from("12"),
        card=st.sampled_from((*CARDS, NEW_CARD, "08A1B2C3")),
        by=st.sampled_from((KIM.card_id, SAM.card_id, "")),
        refusal=st.sampled_from((None, None, *CardRefusal)),
    )
    def change_card(
        self, first: str, item: str, card: str, by: str, refusal: CardRefusal | None
    ) -> None:
        """Press F6, tap whom it is about, choose, tap a card, confirm, with a supervisor's card."""
        self.shop.key("f6")
        self.shop.later(0.3)
        self.shop.tap(first) if first else self.shop.press("ada")
        self.shop.later(0.3)
        self.shop.press(item)
        self.shop.tap(card)
        self.shop.later(0.3)
        self.shop.card_office.refusal = refusal
        self.shop.enter()
        if by and self.shop.view.page and self.shop.page().name == "approve":
            self.shop.tap(by)
        self.shop.later(0.5)

    @rule(reason=st.sampled_from("123"))
    def take_cash_back(self, reason: str) -> None:
        """Press F8 and take back the newest row, where that is a repayment."""
        self.shop.key("f8")
        if self.shop.view.page and self.shop.page().name == "undo":
            self.shop.hasty_enter()
            if self.shop.view.page and self.shop.page().name == "undo-why":
                self.shop.press(reason)
            self.shop.later(0.5)

    @rule(why=st.sampled_from("1234"), by=st.sampled_from((KIM.card_id, SAM.card_id, "DEAD00")))
    def override(self, why: str, by: str) -> None:
        """Let a decline of money pass, with somebody's card, and charge."""
        self.shop.escape()
        self.shop.press("1500")
        self.shop.tap("C")
        self.shop.later(0.5)
        self.shop.key("f9")
        if self.shop.view.page and self.shop.page().name == "override":
            self.shop.press(why)
            self.shop.tap(by)
            self.shop.later(0.5)
            self.shop.enter()
            self.shop.later(1.0)

    @rule(goods=st.sampled_from(GOODS_LISTS), staff=st.sampled_from(STAFF_LISTS))
    def change_some(self, goods: tuple[Good, ...], staff: tuple[object, ...]) -> None:
        """Change goods and staff; a till without staff stays one, so that all entries are signed.

        It counts between two sales, and no basket gets other prices.
        """
        self.change(goods, staff if self.shop.till._state.settings.staff else ())

    def change(self, goods: tuple[Good, ...], staff: tuple[object, ...]) -> None:
        """Change the config."""
        before = self.shop.till.sale.keyed_input
        self.shop.do(self.shop.till.changes.take, goods, staff)
        self.law(self.shop.till.sale.keyed_input == before, "no basket gets other prices")

    @rule(pages=st.booleans(), shifts=st.booleans())
    def reading(self, pages: bool, shifts: bool) -> None:  # noqa: FBT001 - drawn
        """Let the journal be readable or not, for lists and for reports."""
        self.shop.sales_book.unreadable, self.shop.shift_book.unreadable = pages, shifts

    @rule(outcome=st.sampled_from((*CaseOutcome, None)))
    def desk(self, outcome: CaseOutcome | None) -> None:
        """Let the next decision about a case have an outcome; None: no answer."""
        self.shop.conflict_desk.outcome = outcome

    @rule()
    def go_on_selling(self) -> None:
        """From any state a few Esc lead to the sale or the log-in, and then a sale can be made."""
        shop = self.shop
        self.disk(0.0, "")
        self.network(0.05, offline=False)
        shop.later(15.0)  # what is under way ends, and a till that was closed opens again
        for _ in range(ESCAPES_MAX):
            shop.escape()
        name = shop.page().name if shop.view.page else ""
        self.law(name in {"", "log-in"}, f"no way back from {name} at {shop.step()}")
        if name == "log-in":
            shop.tap(KIM.card_id)
            shop.later(0.5)
            for _ in range(2):  # a chosen line, then what lay below the log-in
                shop.escape()
        is_empty = shop.till.sale.keyed_input == KeyedInput()
        at_sale = (shop.view.page, shop.step(), is_empty) == (None, Step.READY, True)
        self.law(at_sale, f"no way to the sale from {shop.step()}")
        shop.everybody_knows(DORA.card_id, known(DORA, -9000))
        before = len(self.paid)
        shop.sell("100", "D")
        self.law((shop.step(), len(self.paid)) == (Step.PAID, before + 1), "a sale can be made")

    def teardown(self) -> None:
        """Let everything end: all Zs and the X are the journal's money, and no secret is in it."""
        self.reading(pages=False, shifts=False)
        self.go_on_selling()
        self.shop.later(100.0)
        running = self.shop.wait_for(self.shop.shift_book.running())
        reports = [*self.shop.shift_book.reports[::-1], running]
        self.shop.close()
        entries = self.shop.books.entries
        assert self.wrong == []
        assert sum(one.figures.money_minor for one in reports) == money_of(entries)
        ends = [(one.shift.from_seq, one.shift.to_seq) for one in reports]
        assert [begin for begin, _ in ends] == [1, *(end + 1 for _, end in ends[:-1])]
        assert [entry.charge_id for entry in entries if entry.kind is EntryKind.CHARGE] == self.paid
        secrets = {*PINS.values(), *ALL_CARDS[4:], *CARDS.values(), NEW_CARD} - {"0000"}
        assert not {text for entry in entries for text in texts_of(entry)} & secrets
        assert self.shop.step() not in UNDER_WAY | OVER | {Step.CLOSED}


def money_of(entries: list[Entry]) -> int:
    """Return the sum of the money entries, in minor units."""
    return sum(entry.amount_minor or 0 for entry in entries if entry.kind in MONEY_KINDS)


def texts_of(entry: Entry) -> Iterator[str]:
    """Return every text of an entry but its hashes, whole and by words."""
    waiting: list[object] = [dict(entry.body), entry.staff, entry.charge_id]
    while waiting:
        match waiting.pop():
            case str(text):
                yield text
                yield from text.split()
            case dict() as table:
                waiting += [*table, *table.values()]
            case list() | tuple() as values:
                waiting += values


CounterInAnyOrder.TestCase.settings = settings(about(60), stateful_step_count=30)
TestCounterInAnyOrder = CounterInAnyOrder.TestCase


def test_the_counter_laws_are_looked_at() -> None:
    """What the rules are for comes about, and a lie about it is noticed."""
    machine = CounterInAnyOrder()
    machine.begin(CREW, cases=True)
    machine.show_staff_card(SAM.card_id)
    machine.sell("420", "A")
    machine.undo("")
    machine.override("1", KIM.card_id)
    machine.cash("A", "500", out=False, by="")
    machine.take_cash_back("3")
    machine.find("byr", "100")
    machine.cash("A", "100", out=True, by=KIM.card_id)
    machine.shop.escape()
    machine.office_page("3", "")
    kinds = Counter(entry.kind for entry in machine.shop.books.entries)
    assert (kinds[EntryKind.CHARGE], kinds[EntryKind.VOID]) == (3, 1)
    assert (kinds[EntryKind.SHIFT_CLOSED], kinds[EntryKind.REPAYMENT]) == (1, 3)
    *_, overridden, by_name = machine.shop.books.of_kind(EntryKind.CHARGE)
    assert overridden.body["overrides"]
    assert by_name.body[WITHOUT_CARD]
    assert machine.wrong == []
    view = machine.shop.view
    charged = next(row for row in view.recent_sales if not row.repaid)
    row = replace(charged, amount=Money(1))
    machine.look_at_recent_sales(replace(view, recent_sales=(row,)))
    assert machine.wrong == ["the list shows what is left"]
    machine.wrong.clear()
    machine.teardown()
