"""Pages for pictures: each as the real page makes it, over fakes."""

from dataclasses import replace

from tests.checkout.pages.conflict_desk import LOST, REFUSED, FakeConflictDesk
from tests.checkout.pages.crew import CREW, CREWED, KIM, crewed_shop
from tests.checkout.pages.sales_book import FakeSalesBook
from tests.checkout.pages.slips.slip_desk import FakeSlipDesk
from tests.checkout.pages.technician.figures import READ, FakeFigures
from tests.domain.figures.samples import TROUBLED
from tests.domain.reports.test_shift_report import Z, shift_report
from tests.domain.samples import ADA, known
from tests.fakes.shop import open_shop
from tests.ui.states import READY, STATUS

from taptill.checkout.cards.pages import AskingServer, ChangeOutcome, ConfirmChange, TapCard
from taptill.checkout.money.pages import RepaymentBooked, RepaymentForm
from taptill.checkout.money.typed_cash import TypedCash
from taptill.checkout.pages.cases import CasePages
from taptill.checkout.pages.choices import reasons
from taptill.checkout.pages.history import History, HistoryEntry
from taptill.checkout.pages.overriding import override_page
from taptill.checkout.pages.page import (
    PageRow,
    PageView,
    PersonName,
    TextField,
    TillPage,
    Tone,
    Turn,
    phrase,
)
from taptill.checkout.pages.shift import COMMENTS, CashForm, ReportPage, closes_page
from taptill.checkout.pages.sign_in import approval, log_in
from taptill.checkout.pages.slips.listing import SlipPages
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.pages.technician.page import TechnicianPage
from taptill.checkout.pages.technician.parts import PARTS, PartName
from taptill.checkout.pages.undo import LinesToTakeBack, UndoDesk
from taptill.checkout.people.finding import FindCustomer
from taptill.checkout.session import Step
from taptill.checkout.till_state import TillState
from taptill.checkout.view import TillView
from taptill.domain.cards.change import NO_CARD, CardAct, CardRefusal
from taptill.domain.decision import Reason
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Currency, Money
from taptill.domain.sales.past import HistoryPage, HistoryRow, PastSale, SalesPage
from taptill.domain.sales.repaying import Direction
from taptill.domain.sales.search import HistorySearch
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.staff.member import Right

MANY = tuple(replace(member, name=f"{member.name} {turn}") for turn in range(6) for member in CREW)


def _state(*, many: bool = False) -> TillState:
    with open_shop(replace(CREWED, staff=MANY) if many else CREWED) as shop:
        return shop.till._state


def _desk(*, many: bool = False) -> StaffDesk:
    return StaffDesk(_state(many=many))


def _never(*_: object) -> Turn:
    return Turn()


def _past(number: int, *, void: bool = False) -> PastSale:
    lines = [["Coffee", 150, 2], ["Water", 120, number], ["", 75, 1]]
    amount = 375 + 120 * number
    charge = _entry(
        EntryKind.CHARGE, number, amount, {"lines": lines, "initials": "A. B.", "currency": "EUR"}
    )
    taken = _entry(EntryKind.VOID, number + 50, -120, {"lines": [["Water", 120, 1]], "reason": ""})
    return PastSale(charge, (taken,) if void else ())


def _entry(kind: EntryKind, seq: int, amount: int, body: dict[str, object]) -> Entry:
    return Entry(
        seq=seq,
        kind=kind,
        charge_id=f"{seq:016x}",
        customer_id=7,
        amount_minor=amount,
        body=body,
        at=f"2026-03-02T12:{seq % 60:02}:00.000Z",
        boot_id="",
        uptime_ms=0,
        clock_trusted=True,
        staff="Jo",
        prev_hash="",
        hash="",
    )


class _Sales(FakeSalesBook):
    """Many sales of which some are taken back in part."""

    def __init__(self) -> None:
        super().__init__(_state().ports.journal)  # type: ignore[arg-type]

    def of_shift(self, before_seq: int | None = None, limit: int = 50) -> SalesPage:
        del before_seq, limit
        return SalesPage(
            tuple(_past(number, void=number % 5 == 0) for number in range(30, 1, -1)), None
        )

    def sale(self, charge_id: str) -> PastSale | None:
        return _past(int(charge_id, 16), void=True)


class _Found(_Sales):
    """The same sales as the history has them."""

    def find(
        self, search: HistorySearch, before_seq: int | None = None, limit: int = 50
    ) -> HistoryPage:
        del search, before_seq, limit
        sales = [_past(number) for number in range(60, 10, -1)]
        return HistoryPage(tuple(HistoryRow(one.charge, one.charge) for one in sales), None, 50)


def _undo_pages() -> dict[str, TillPage | None]:
    undo = UndoDesk(
        sales=_Sales(), desk=_desk(), window_s=300.0, age_s=lambda _: 1.0, void=lambda _: None
    )
    sales = undo.list_page(undo.listed())
    lines = sales.choose(1).page
    assert isinstance(lines, LinesToTakeBack)
    why = lines.press("enter").page
    rows = tuple(HistoryRow(_past(n).charge, _past(n).charge) for n in range(40, 20, -1))
    declined = _entry(EntryKind.DECLINED, 60, 0, {"reason": "no-credit", "amount": 990})
    refused = HistoryRow(replace(declined, amount_minor=None), None)
    found = History(
        sales=_Sales(),
        currency=Currency("EUR"),
        rows=(refused, *rows),
        text=TextField("12:", 40, ""),
    )
    return {
        "undo": replace(sales, chosen=1),
        "undo-nothing-left": replace(sales, notice=phrase("undo.nothing-left")),
        "undo-lines": lines,
        "undo-lines-below-zero": replace(lines, notice=phrase("undo.below-zero")),
        "undo-why": why,
        "history": found,
        "history-none": replace(found, rows=()),
        "history-entry": HistoryEntry(row=rows[0], back=Turn()),
    }


def _shift_pages() -> dict[str, TillPage]:
    keypad = CREWED.keypad
    form = CashForm(
        name="open-shift",
        follow=lambda _: Turn(),
        back=Turn(),
        cash=TypedCash(keypad, TextField("5000", 12, "0123456789.,")),
    )
    head = (
        PageRow((phrase("row.sales", count=212), Money(83140))),
        PageRow((phrase("row.unsent", count=3), Money(1420))),
        PageRow((phrase("row.expected"), Money(10000))),
    )
    z = ReportPage(report=Z, back=Turn(), notice=phrase("page.closed", number=2))
    difference = reasons("difference", COMMENTS, lambda _: Turn(), Turn())
    beyond = PageRow((phrase("row.difference"), Money(-50)), Tone.CAREFUL)
    return {
        "open-shift": form,
        "close-shift": replace(form, name="close-shift", head=head),
        "difference": replace(difference, head=(beyond,)),
        "x": ReportPage(report=shift_report(), back=Turn()),
        "z": z,
        "z-further-down": replace(z, top=14, notice=None),
        "closes": closes_page([Z] * 12, Turn()),
    }


def _case_pages() -> dict[str, TillPage | None]:
    cases = CasePages(FakeConflictDesk(), _desk())
    listing = cases.list_page((LOST, REFUSED), Turn(), None)
    lost = listing.choose(0).page
    refused = listing.choose(1).page
    return {
        "cases": listing,
        "cases-none": cases.list_page((), Turn(), None),
        "case-mark-lost": lost,
        "case-refused": refused,
        "case-why": lost.press("2").page if lost else None,
    }


def _shown_card_pages() -> dict[str, TillPage]:
    """Return the pages of F6 on the way of a supervisor; `card-KEY` after each of these keys."""
    shown: dict[str, TillPage] = {}
    with crewed_shop(who="Kim") as shop:
        for name, keys in {
            "cards": "f6",
            "card-menu": "tap A",
            "card-new": "1",
            "card-new-taken": "tap D",
            "card-replace": "tap E5D0C0FE01",
            "": "escape escape escape",
            "card-menu-blocked": "tap B",
            "card-unblock": "2",
            " ": "escape escape",
            "card-owner": "tap X",
        }.items():
            if keys.startswith("tap "):
                shop.tap(keys.removeprefix("tap "))
                shop.later(0.5)
            for key in () if keys.startswith("tap ") else keys.split():
                shop.escape() if key == "escape" else shop.key(key)
                shop.later(0.5)
            assert shop.till.sale.page
            shown[name] = shop.till.sale.page
    return {name: page for name, page in shown.items() if name.strip()}


def _card_pages() -> dict[str, TillPage]:
    """Return the pages of F6, with all that may come of a change."""
    shown = _shown_card_pages()
    confirm = shown["card-replace"]
    assert isinstance(confirm, ConfirmChange)
    change = confirm.change
    first = replace(change, act=CardAct.BIND, customer=replace(change.customer, card_id=NO_CARD))
    refused = ChangeOutcome(change=change, refusal=CardRefusal.TAKEN)
    return {
        **shown,
        "cards-tap": TapCard(name="cards-tap", take=_never),
        "card-owner-tap": TapCard(name="card-owner-tap", take=_never),
        "card-asking": AskingServer(head=confirm.view.head),
        "card-changing": AskingServer(head=confirm.view.head, is_change=True),
        "card-bind": replace(confirm, change=first),
        "card-block": replace(confirm, change=replace(change, act=CardAct.BLOCK)),
        **{
            f"card-did-{act}": replace(refused, change=replace(change, act=act), refusal=None)
            for act in CardAct
        },
        **{f"card-{one}": replace(refused, refusal=one) for one in CardRefusal},
    }


def _technician_pages() -> dict[str, TillPage]:
    """Return each part, of a till that is well and of one that is not."""
    well, troubled = FakeFigures(), FakeFigures(TROUBLED)
    well.reads = (READ,)
    pages: dict[str, TillPage] = {
        f"technician-{part.name}": TechnicianPage(source=well, at=at)
        for at, part in enumerate(PARTS)
    }
    for part in (PartName.READERS, PartName.SERVER, PartName.SENDING, PartName.TILL):
        at = [*PartName].index(part)
        pages[f"technician-{part}-troubled"] = TechnicianPage(source=troubled, at=at)
    return pages


def _office() -> TillPage:
    with crewed_shop() as shop:
        shop.key("f10")
        page = shop.till.sale.page
        assert page
        return page


def _money_pages() -> dict[str, TillPage]:
    with crewed_shop(replace(CREWED, max_repayment=Money(20000))) as shop:
        shop.tap("D")
        shop.later(0.5)
        shop.key("f7")
        shop.press("2000")
        form = shop.till.sale.page
        assert isinstance(form, RepaymentForm)
        pay_in = replace(form, desk=_KeptDesk(form))  # type: ignore[arg-type]
    pay_out = replace(pay_in, direction=Direction.OUT)
    booked = RepaymentBooked(
        direction=Direction.IN,
        name="Dora Nada",
        amount=Money(2000),
        before=Money(840),
        undo=Turn,
    )
    return {
        "pay-in": pay_in,
        "pay-in-too-much": replace(pay_in, notice=phrase("repay.too-much")),
        "pay-out": pay_out,
        "pay-out-not-fresh": replace(pay_out, notice=phrase("repay.not-fresh")),
        "paid-in": booked,
        "paid-out": replace(booked, direction=Direction.OUT, before=Money(-5000)),
    }


def _found_pages() -> dict[str, TillPage]:
    with crewed_shop() as shop:
        shop.key("f3")
        shop.later(0.1)
        reading = shop.till.sale.page
        assert isinstance(reading, FindCustomer)
        shop.press("a")
        page = shop.till.sale.page
        assert isinstance(page, FindCustomer)
    people = [
        replace(known(replace(ADA, id=number, name=name, blocked=number == 3)))
        for number, name in enumerate(("Ada Byron", "Anna-Lena Müller", "Ümit Ağaoğlu"), 1)
    ]
    return {
        "find": replace(page, found=(*people, *people * 6), chosen=1),
        "find-few": replace(page, found=tuple(people), chosen=0),
        "find-nobody": replace(page, found=()),
        "find-reading": replace(reading, index=None),
        "find-names": reading,
    }


class _KeptDesk:
    """The desk of a till that is closed by now: it shows who was there."""

    def __init__(self, form: RepaymentForm) -> None:
        self._shown = form.desk.shown(form)

    def shown(self, form: RepaymentForm) -> object:
        del form
        return self._shown


def _slip_pages() -> dict[str, TillPage]:
    desk, book = FakeSlipDesk(), _Found()
    pages = SlipPages(desk=desk, sales=book, currency=Currency("EUR"))
    well = pages.open(Step.READY)
    desk.now = PrinterHealth(PrinterState.NO_PAPER, waiting=3)
    waiting = pages.open(Step.READY)
    assert isinstance(well, Turn)
    assert isinstance(waiting, Turn)
    assert well.page
    assert waiting.page
    return {"slips": well.page, "slips-waiting": waiting.page}


def pages() -> dict[str, TillPage]:
    """Return every page in its states, by name."""
    names = log_in(_desk())
    pin = replace(names, member=KIM, pin=TextField("1357"))
    sale = PageRow((PersonName(ADA.name), Money(2000)))
    reason = override_page(_desk(), Reason.NO_CREDIT, lambda _: None, sale)
    paid_out = PageRow((PersonName(ADA.name), phrase("row.paid-out"), Money(100)))
    return {
        "log-in": names,
        "log-in-many": replace(log_in(_desk(many=True)), chosen=20),
        "log-in-pin": pin,
        "log-in-wrong-pin": replace(
            pin, pin=TextField(), notice=phrase("page.pin-wrong", seconds=4)
        ),
        "log-in-may-not": replace(names, notice=phrase("page.may-not", name="Kim")),
        "override": reason,
        "approve": approval(_desk(), Right.OVERRIDE, _never, Turn(), reason.head),
        "approve-pay-out": approval(_desk(), Right.PAY_OUT, _never, Turn(), (paid_out,)),
        **{name: page for name, page in _undo_pages().items() if page},
        "office": _office(),
        **_slip_pages(),
        **_technician_pages(),
        **_shift_pages(),
        **{name: page for name, page in _case_pages().items() if page},
        **_money_pages(),
        **_card_pages(),
        **_found_pages(),
    }


PAGES: dict[str, PageView] = {name: page.view for name, page in pages().items()}
SCREENS: dict[str, TillView] = {
    name: replace(READY, page=view, status=replace(STATUS, staff="Jo"))
    for name, view in PAGES.items()
}
