"""Which key opens which page, and where it may."""

from collections.abc import Callable, Mapping, Sequence

from taptill.checkout.cards.desk import CardPages
from taptill.checkout.charging import Charging
from taptill.checkout.identification import Identification
from taptill.checkout.modes.unattended import refused_key
from taptill.checkout.money.desk import RepaymentDesk
from taptill.checkout.pages.cases import CasePages
from taptill.checkout.pages.choices import Choices, answered
from taptill.checkout.pages.history import history
from taptill.checkout.pages.overriding import override_page
from taptill.checkout.pages.page import BACK_TO_SALE, PageRow, PersonName, Phrase, Turn, phrase
from taptill.checkout.pages.shift import ShiftDesk
from taptill.checkout.pages.sign_in import approval, locking, log_in, looking_in
from taptill.checkout.pages.slips.listing import SlipPages
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.pages.technician.page import TechnicianPage
from taptill.checkout.pages.undo import UndoDesk
from taptill.checkout.people.finding import FindCustomer, finding
from taptill.checkout.session import Notice, Step
from taptill.checkout.till_state import TillState
from taptill.domain.card_id import CardId
from taptill.domain.decision import OVERRIDABLE, Declined, Found
from taptill.domain.sales.past import PastSale
from taptill.domain.staff.member import Right
from taptill.domain.tap import Chosen

_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})


class PageOpener:
    """Makes the first page behind a key, or says why there is none now."""

    def __init__(
        self, state: TillState, charging: Charging, identification: Identification
    ) -> None:
        self._state = state
        self._charging = charging
        self._identification = identification
        self._desk = StaffDesk(state)
        self._pages: Mapping[str, Callable[[], Turn | Notice]] = {
            "f2": self._lock,
            "f3": self._find,
            "f6": CardPages(state, self._desk, identification).open,
            "f7": RepaymentDesk(state, self._desk, self._undo).open,
            "f4": self._slips,
            "f8": self._undo,
            "f9": self._override,
            "f10": self._office,
            "f12": self._technician,
        }

    def open(self, key: str) -> Turn | Notice:
        """Return what follows a key of the sale that opens a page: its first turn, or the answer.

        NO_SUCH_KEY: the key opens none. Errors: JournalError, where the journal cannot be read.
        """
        if self._state.sale.step is Step.VOIDING and key != "f8":
            return Notice.VOID_KEYS
        if refusal := refused_key(self._state, key):
            return refusal
        return self._pages[key]() if key in self._pages else Notice.NO_SUCH_KEY

    def logging_in(self) -> Turn:
        """Return the log-in."""
        return Turn(log_in(self._desk))

    def _lock(self) -> Turn | Notice:
        if not self._state.settings.staff:
            return Notice.NO_STAFF
        is_unattended = self._state.settings.mode.is_unattended
        return looking_in(self._desk) if is_unattended else locking(self._desk)

    def _find(self) -> Turn | Notice:
        """Return the search of a customer by name, for those who may; it needs staff."""
        people, settings, desk = self._state.ports.people, self._state.settings, self._desk
        if not settings.staff:
            return Notice.NO_STAFF
        if people is None or not settings.finds_by_name:
            return Notice.SWITCHED_OFF
        page = FindCustomer(people=people(), choose=self._choose)
        if desk.member and desk.member.may(Right.FIND):
            return finding(page)
        return Turn(approval(desk, Right.FIND, lambda _: finding(page), BACK_TO_SALE))

    def _choose(self, found: Found, _: Turn) -> Turn:
        chosen = Chosen(CardId(""), "", self._state.now_s, found.snapshot.customer.id)
        return Turn(then=lambda: self._identification.on_choice(chosen))

    def _undo(self) -> Turn | Notice:
        """Return the list of sales; where the last one can be taken back at once, ask about it."""
        state, book = self._state, self._state.ports.past_sales
        if not state.sale.keyed_input.is_empty(state.settings.keypad):
            return Notice.BUSY
        if book is None:
            return self._ask_void()
        sales = book()
        undo = UndoDesk(
            sales=sales,
            desk=self._desk,
            window_s=state.settings.void_window_s,
            age_s=self._age_s,
            void=self._charging.void,
        )
        if state.sale.step is Step.VOIDING:
            state.new_sale()
            return Turn(undo.list_page(undo.listed()))
        last = self._charging.voidable()
        sale = sales.sale(last.charge_id) if last else None
        if sale and not sale.is_repayment and undo.may_alone(sale):
            return self._ask_void()
        listed = undo.listed()
        if undo.is_anything_left(listed):
            return Turn(undo.list_page(listed))
        # The list is of the running shift: a sale of a closed one is not on it.
        return (
            undo.sale_turn(sale.charge.charge_id or "", BACK_TO_SALE) if sale else self._ask_void()
        )

    def _ask_void(self) -> Notice:
        self._charging.ask_void()
        return self._state.sale.notice

    def _age_s(self, sale: PastSale) -> float | None:
        """Return how old a sale is; None where it was made before this boot."""
        boot_id, uptime_ms = self._state.ports.clock.boot()
        charge = sale.charge
        return (uptime_ms - charge.uptime_ms) / 1000 if charge.boot_id == boot_id else None

    def _office(self) -> Turn | Notice:
        """Return the menu of what is beside selling."""
        if not self._state.sale.keyed_input.is_empty(self._state.settings.keypad):
            return Notice.BUSY
        ports, currency = self._state.ports, self._state.settings.keypad.currency
        items: list[tuple[Phrase, Callable[[Turn], Turn]]] = []
        if ports.shifts:
            shift = ShiftDesk(
                ports.shifts(),
                lambda: self._state.settings.keypad,
                self._name,
                ports.report_printer,
            )
            items += [
                (phrase("office.x"), lambda menu: shift.report(menu, menu)),
                (phrase("office.open"), self._if_closes(shift.opening)),
                (phrase("office.close"), self._if_closes(lambda menu: shift.closing(menu, menu))),
                (phrase("office.closes"), lambda menu: shift.last_closes(menu, menu)),
            ]
        if book := ports.past_sales:
            items.append((phrase("office.history"), lambda menu: history(book(), currency, menu)))
        if desk := ports.conflicts:
            text = phrase("office.cases", count=ports.status().conflicts)
            items.append((text, lambda menu: CasePages(desk(), self._desk).listing(menu, menu)))
        return Turn(_menu(items)) if items else Notice.NOT_NOW

    def _slips(self) -> Turn | Notice:
        """Print the slip of the sale on the screen, or list the last ones.

        A customer who is alone has one of it, and no list.
        """
        ports = self._state.ports
        if ports.slips is None or ports.past_sales is None:
            return Notice.NO_PRINTER
        currency = self._state.settings.keypad.currency
        pages = SlipPages(desk=ports.slips, sales=ports.past_sales(), currency=currency)
        is_alone = self._state.settings.mode.is_unattended and self._desk.member is None
        return pages.open(self._state.sale.step, once=is_alone)

    def _technician(self) -> Turn | Notice:
        """Return the till's figures, for those who may see them."""
        figures, member = self._state.ports.technician, self._desk.member
        if figures is None:
            return Notice.NOT_NOW
        if self._state.settings.staff and not (member and member.may(Right.INSPECT)):
            return Notice.NO_RIGHT
        return Turn(TechnicianPage(source=figures()))

    def _if_closes(self, follow: Callable[[Turn], Turn]) -> Callable[[Turn], Turn]:
        """Return what follows for those who may open and close the shift, else a word."""
        member = self._desk.member
        if member is None or member.may(Right.CLOSE_SHIFT):
            return follow
        return lambda menu: answered(menu, phrase("page.may-not", name=member.name))

    def _name(self) -> str | None:
        return self._desk.member.name if self._desk.member else None

    def _override(self) -> Turn | Notice:
        state = self._state
        decision = state.sale.decision if state.sale.step in _DECLINED else None
        if not state.settings.staff:
            return Notice.NO_STAFF
        if not isinstance(decision, Declined) or decision.reason not in OVERRIDABLE:
            return Notice.NO_OVERRIDE
        member = self._desk.member
        if not self._desk.who_may(Right.OVERRIDE, but=member.name if member else ""):
            return Notice.NOBODY_ELSE
        result = state.sale.lookup.result if state.sale.lookup else None
        name = result.snapshot.customer.name if isinstance(result, Found) else ""
        sale = PageRow((PersonName(name), state.total))
        return Turn(override_page(self._desk, decision.reason, state.override, sale))


def _menu(items: Sequence[tuple[Phrase, Callable[[Turn], Turn]]]) -> Choices:
    """Return a page of things to do; each leads back to it."""
    return Choices(
        name="office",
        rows=tuple(PageRow((text,)) for text, _ in items),
        follow=lambda at, here: items[at][1](here),
        numbered=True,
        yields=True,
    )
