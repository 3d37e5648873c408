"""The screens that the pictures of the docs show, drawn by the program, by the file's name."""

from dataclasses import replace
from datetime import UTC, date

from tests.checkout.pages.conflict_desk import LOST, FakeConflictDesk
from tests.checkout.pages.crew import CREWED
from tests.checkout.pages.sales_book import FakeSalesBook
from tests.checkout.pages.technician.figures import READ, FakeFigures
from tests.domain.figures.samples import WELL
from tests.domain.reports.entries import ADA as ADA_ID
from tests.domain.reports.entries import entry, sale
from tests.fakes.clock import FakeClock
from tests.fakes.journal import FakeBooks
from tests.fakes.shop import open_shop
from tests.ui.modes.states import BALANCE, CARD, SELF_SERVICE, alone
from tests.ui.pages.states import SCREENS as PAGE_SCREENS
from tests.ui.pictures.svg import picture
from tests.ui.states import ADA, CHARLES, OFFLINE, READY, RECENT_SALES, SETTINGS, STATUS

from taptill.checkout.pages.cases import CasePages
from taptill.checkout.pages.overriding import override_page
from taptill.checkout.pages.page import PageRow, PersonName, TextField, TillPage, Turn, phrase
from taptill.checkout.pages.shift import ReportPage
from taptill.checkout.pages.sign_in import log_in
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.pages.technician.page import TechnicianPage
from taptill.checkout.pages.undo import UndoDesk
from taptill.checkout.session import Step
from taptill.checkout.view import CountdownView, RecentSaleView, SaleState
from taptill.domain.basket import Basket, Good, Line
from taptill.domain.decision import Approved, Declined, Reason
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.figures.reader import Care
from taptill.domain.money import Money
from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import CountAndSum
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.shift_report import Cash, Closing, ShiftReport, closed
from taptill.domain.sales.past import PastSale, SalesPage
from taptill.ui.views import draw_screen

SIZE = (80, 24)
THEME = "light"  # it prints with little ink

GOODS = (
    Good("c", "Coffee", Money(150), group="Hot drinks"),
    Good("e", "Espresso", Money(120), group="Hot drinks"),
    Good("w", "Water", Money(120), group="Cold drinks"),
    Good("j", "Juice", Money(200), group="Cold drinks"),
    Good("b", "Bottle back", Money(-25), group="Cold drinks"),
    Good("s", "Sandwich", Money(380), group="To eat"),
    Good("k", "Cake", Money(220), group="To eat"),
)
BASKET = Basket(
    (Line("Coffee", Money(150), 2), Line("Cake", Money(220)), Line("Bottle back", Money(-25)))
)
LOGGED_IN = replace(STATUS, staff="Jo")
SALES = (*RECENT_SALES[:2],)
EMPTY = replace(READY, status=LOGGED_IN, goods=GOODS, recent_sales=SALES)
TOTAL = BASKET.total
PAYS = replace(
    EMPTY,
    step=Step.CONFIRM,
    basket=BASKET,
    total=TOTAL,
    customer=replace(ADA, debt_after=ADA.debt + TOTAL),
    decision=Approved(ADA.debt, Money(1230), offline=False),
)
PAID = replace(
    EMPTY,
    step=Step.PAID,
    status=replace(LOGGED_IN, to_send=1, to_send_sum=TOTAL),
    customer=replace(
        ADA, debt=ADA.debt + TOTAL, debt_after=None, headroom=Money(735), pending=TOTAL
    ),
    amount=TOTAL,
    recent_sales=(
        RecentSaleView(
            charge_id="4",
            time="14:02",
            amount=TOTAL,
            initials="A. B.",
            state=SaleState.KEPT,
            can_void=True,
        ),
        replace(SALES[0], can_void=False),
        SALES[1],
    ),
)
REFUSED = replace(
    PAYS,
    step=Step.DECLINED,
    customer=replace(CHARLES, debt_after=None),
    decision=Declined(Reason.NO_CREDIT, Money(-180), Money(180), TOTAL - Money(180)),
    offers=("override",),
)
NO_NETWORK = replace(EMPTY, status=replace(OFFLINE, staff="Jo"))
COUNTER = {"find": "find-few", "cash-in": "pay-in"}
"""Pages of the tests of the screen that the docs show as well."""

PICKED = alone(replace(PAYS, status=STATUS, countdown=CountdownView(3, of=5)))
UNATTENDED = {
    "self-service": (PICKED, SELF_SERVICE),
    "balance": (replace(CARD, goods=(), status=STATUS), BALANCE),
}


class _MorningSales(FakeSalesBook):
    """The sales of a morning."""

    def __init__(self) -> None:
        super().__init__(FakeBooks(FakeClock()))

    def of_shift(self, before_seq: int | None = None, limit: int = 50) -> SalesPage:
        del before_seq, limit
        return SalesPage(tuple(PastSale(charge, ()) for charge in _charges()[::-1]), None)

    def sale(self, charge_id: str) -> PastSale | None:
        return next(past for past in self.of_shift().sales if past.charge.charge_id == charge_id)


def pictures() -> dict[str, str]:
    """Return each picture's SVG by its file name, without the ending."""
    views = {"confirm": PAYS, "paid": PAID, "refused": REFUSED, "offline": NO_NETWORK}
    views |= {name: replace(EMPTY, page=page.view) for name, page in _pages().items()}
    views |= {name: replace(EMPTY, page=PAGE_SCREENS[of].page) for name, of in COUNTER.items()}
    shown = {name: (view, SETTINGS) for name, view in views.items()} | UNATTENDED
    shown["practice"] = PAYS, replace(SETTINGS, is_practice=True)
    return {
        name: picture(draw_screen(view, settings, SIZE).lines, THEME, f"taptill: {name}")
        for name, (view, settings) in shown.items()
    }


def _pages() -> dict[str, TillPage]:
    with open_shop(replace(CREWED, staff=CREWED.staff[:3])) as shop:
        desk = StaffDesk(shop.till._state)
        undo = UndoDesk(
            sales=_MorningSales(),
            desk=desk,
            window_s=300.0,
            age_s=lambda _: 1.0,
            void=lambda _: None,
        )
        lines = undo.list_page(undo.listed()).choose(0).page
        case = CasePages(FakeConflictDesk(), desk).list_page((LOST,), Turn(), None).choose(0).page
        names = log_in(desk)
        override = override_page(
            desk, Reason.NO_CREDIT, lambda _: None, PageRow((PersonName(ADA.name), TOTAL))
        )
    assert lines
    assert case
    shown: dict[str, TillPage] = {
        "log-in": replace(names, member=CREWED.staff[0], pin=TextField("1357")),
        "void-lines": lines,
        "override": override,
        "case": case,
        "technician": TechnicianPage(source=_worn_reader()),
        "z": ReportPage(report=z_report(), back=Turn(), notice=phrase("page.closed", number=12)),
    }
    return shown


def _worn_reader() -> FakeFigures:
    """Return the figures of a till whose reader should be cleaned."""
    reader = replace(WELL.readers[0], care=Care.CLEAN, reopened=0)
    figures = FakeFigures(replace(WELL, readers=(reader,)))
    figures.reads = (READ,)
    return figures


def _charges() -> list[Entry]:
    """Return the sales of a morning, oldest first."""
    coffee, cake, water = ["Coffee", 150, 1], ["Cake", 220, 1], ["Water", 120, 2]
    baskets = [[coffee], [coffee, cake], [water], [cake], [water, coffee, ["Bottle back", -25, 2]]]
    return [
        sale(number, f"0{7 + number // 9}:{number % 9 * 6:02}", *baskets[number % 5], staff="Jo")
        for number in range(2, 25)
    ]


def z_report() -> ShiftReport:
    """Return the Z of a morning with 25 sales, one of which was declined."""
    charges = _charges()
    scope = ShiftRange(12, 1, 26, BusinessDays(zone=UTC))
    counter = ReportCounter(scope, {ADA_ID: Position(customer_id=ADA_ID, start_seq=22)}, {})
    for charge in charges:
        counter.add(charge)
    counter.add(entry(25, EntryKind.DECLINED, "09:10", body={"reason": "no-credit"}))
    running = ShiftReport(
        journal_id="aaaa0001",
        till="canteen-1",
        currency="EUR",
        first_hash="0" * 64,
        last_hash="5e0c" * 16,
        business_day=date(2026, 3, 2),
        zone="UTC",
        began_at=charges[0].at,
        opened_at=charges[0].at,
        opened_by="Jo",
        closed_at="",
        closed_by="",
        cash=Cash(opening_minor=5000),
        unsent=CountAndSum(1, sum(charge.amount_minor or 0 for charge in charges[-2:])),
        cases=CountAndSum(),
        figures=replace(counter.report(), customers=()),
    )
    closing = Closing(counted=Money(4950), comment="wrong-change", staff="Jo")
    return closed(running, closing, "2026-03-02T14:05:00.000+00:00")
