"""Changed goods and staff in; between two sales they replace the old ones."""

from dataclasses import replace

from taptill.checkout.keypad import NOTHING_KEYED
from taptill.checkout.session import Step
from taptill.checkout.till_state import TillState, log_out
from taptill.domain.basket import EMPTY, Good
from taptill.domain.staff.member import StaffMember


class Changes:
    """Takes over what a site may change while its till runs."""

    def __init__(self, state: TillState) -> None:
        self._state = state

    def take(self, goods: tuple[Good, ...], staff: tuple[StaffMember, ...]) -> bool:
        """Sell these goods and know these staff from now on; return False within a sale.

        Then nothing has changed: a basket keeps the prices that it was rung up with, and nobody is
        replaced in the middle of what they do.
        """
        if self._is_busy():
            return False
        state = self._state
        if goods != state.settings.keypad.goods:
            self._replace_goods(goods)
        if staff != state.settings.staff:
            self._replace_staff(staff)
        state.publish()
        return True

    def _is_busy(self) -> bool:
        sale = self._state.sale
        is_on_page = sale.page is not None and not sale.page.traits.stays
        is_asked = sale.under_way or sale.step is Step.VOIDING
        return is_asked or sale.keyed_input != NOTHING_KEYED or is_on_page

    def _replace_goods(self, goods: tuple[Good, ...]) -> None:
        """Replace the goods; a basket that could be repeated is forgotten if its goods differ."""
        state = self._state
        keypad = replace(state.settings.keypad, goods=goods)
        state.settings = replace(state.settings, keypad=keypad)
        on_sale = {(good.name, good.price, good.tax) for good in goods}
        if any(
            line.name and (line.name, line.price, line.tax) not in on_sale
            for line in state.last_basket.lines
        ):
            state.last_basket = EMPTY

    def _replace_staff(self, staff: tuple[StaffMember, ...]) -> None:
        """Replace the staff; who is not among them any more, or has another PIN, is logged out."""
        state, known = self._state, self._state.staff
        same = (member for member in staff if known and member.name == known.name)
        found = next(same, None)
        is_same = found and known and found.pin_hash == known.pin_hash
        state.settings = replace(state.settings, staff=staff)
        if is_same:
            state.staff = found
        else:
            log_out(state)
        state.sale = replace(state.sale, page=None)  # the log-in shows the old names
