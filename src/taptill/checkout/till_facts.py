"""What other rooms know, and the view of that and of the sale."""

from dataclasses import replace

from taptill.checkout.keypad import NOTHING_KEYED
from taptill.checkout.modes.unattended import may_leave
from taptill.checkout.people.purchases import ENTRIES_MAX, purchase_rows
from taptill.checkout.ports import Ports
from taptill.checkout.recent_sales import RecentSale
from taptill.checkout.sale import Sale
from taptill.checkout.session import Step
from taptill.checkout.till_state import TillSettings, TillState
from taptill.checkout.view import (
    CountdownView,
    CustomerView,
    RecentSaleView,
    TillView,
    customer_view,
)
from taptill.domain.entry import Position
from taptill.domain.errors import JournalError
from taptill.domain.staff.member import Right, StaffMember
from taptill.domain.tap import CardProblem, Chosen, ReaderHealth, ReaderState

_LISTED = frozenset({Step.CARD, Step.DECLINED})


class TillFacts:
    """Status, readers, and the positions of the recent sales' customers.

    `is_restored`: the newest recent sale was made before this start.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._readers: dict[str, ReaderHealth] = {}
        self._status = ports.status()
        self._positions: dict[int, Position | None] = {}
        self._purchases: tuple[int | None, tuple[RecentSaleView, ...]] = (None, ())
        self.is_restored = False

    def read(self, state: TillState) -> None:
        """Read everything anew. Errors: JournalError."""
        self._status = self._ports.status()
        self._purchases = (None, ())
        journal = self._ports.journal
        self._positions = {
            customer_id: journal.position(customer_id)
            for customer_id in state.recent_sales.customers()
        }

    def take_health(self, health: ReaderHealth) -> None:
        """Take a reader's state; its counts, which change with each card, are not on the screen."""
        shown = replace(health, frames=0, bad_frames=0, reopened=0, faults=(), heard_s=None)
        self._readers[health.reader] = shown

    @property
    def can_read(self) -> bool:
        """Return whether a card can be read; a till that was told of no reader may have one."""
        cards = [reader for reader in self._readers.values() if not reader.for_goods]
        return not cards or any(reader.state is ReaderState.OK for reader in cards)

    def view(self, state: TillState, voidable: RecentSale | None) -> TillView:
        """Return all that the screen shows; `voidable` is the sale that F8 would void."""
        sale = state.sale
        result = sale.lookup.result if sale.lookup else None
        return TillView(
            step=sale.step,
            status=replace(
                self._status,
                readers=tuple(self._readers.values()),
                staff=state.staff.name if state.staff else "",
            ),
            goods=state.settings.keypad.goods,
            basket=sale.keyed_input.basket,
            keystrokes=sale.keyed_input.keystrokes,
            chosen=sale.keyed_input.chosen,
            total=state.total,
            customer=_customer_view(state),
            decision=sale.decision,
            trouble=result.trouble if isinstance(result, CardProblem) else None,
            amount=sale.amount,
            cash=sale.cash,
            notice=sale.notice,
            answers=state.answers,
            detail=sale.detail,
            recent_sales=self._recent_sales(state, voidable),
            page=sale.page.view if sale.page else None,
            offers=offers(state.settings, self._ports, state.staff),
            purchases=self._purchases_of(sale),
            is_restored=self.is_restored,
            countdown=_countdown_view(state),
            may_leave=may_leave(state),
            without_card=isinstance(sale.tap, Chosen),
            has_staff=bool(state.settings.staff),
        )

    def _purchases_of(self, sale: Sale) -> tuple[RecentSaleView, ...]:
        """Return what the customer last bought here, where nothing is rung up."""
        customer_id = sale.lookup.customer_id if sale.lookup else None
        last = self._ports.purchases
        is_empty = sale.step in _LISTED and sale.keyed_input == NOTHING_KEYED
        if last is None or customer_id is None or not is_empty:
            return ()
        if self._purchases[0] != customer_id:
            try:
                entries = last(customer_id, ENTRIES_MAX)
                position = self._ports.journal.position(customer_id)
            except JournalError:
                return ()
            rows = purchase_rows(entries, position, self._ports.clock.now())
            self._purchases = (customer_id, rows)
        return self._purchases[1]

    def _recent_sales(
        self, state: TillState, voidable: RecentSale | None
    ) -> tuple[RecentSaleView, ...]:
        """Return the recent sales; a customer who is alone with the till sees none of others."""
        if state.settings.mode.is_unattended and state.staff is None:
            return ()
        charge_id = voidable.charge_id if voidable else ""
        return state.recent_sales.views(self._positions, charge_id)


def offers(settings: TillSettings, ports: Ports, member: StaffMember | None) -> tuple[str, ...]:
    """Return the keys of what the site has switched on, for who is logged in."""
    own_name = member.name if member else ""
    others = (other for other in settings.staff if other.name != own_name)
    is_on = {
        "override": any(other.may(Right.OVERRIDE) for other in others),
        "find": bool(settings.staff) and settings.finds_by_name and ports.people is not None,
        "money": bool(settings.max_repayment),
        "cards": bool(settings.staff) and ports.cards is not None,
    }
    return tuple(key for key, on in is_on.items() if on)


def _countdown_view(state: TillState) -> CountdownView | None:
    seconds = state.sale.seconds_left
    return CountdownView(seconds, of=state.settings.countdown_s) if seconds else None


def _customer_view(state: TillState) -> CustomerView | None:
    sale = state.sale
    if sale.authorisation is None:
        return None
    fresh_s = state.settings.policy.fresh_s
    return customer_view(sale.authorisation, state.now_s, fresh_s, looking_up=sale.looking_up)
