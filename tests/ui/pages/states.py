"""Pages for pictures: each as the real page makes it, over fakes."""

from dataclasses import replace

from tests.checkout.pages.crew import CREW, CREWED, KIM
from tests.fakes.shop import open_shop
from tests.ui.states import READY, STATUS

from taptill.checkout.pages.overriding import override_page
from taptill.checkout.pages.page import PageView, TextField, TillPage, Turn, phrase
from taptill.checkout.pages.sign_in import approval, log_in
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.till_state import TillState
from taptill.checkout.view import TillView
from taptill.domain.decision import Reason
from taptill.domain.staff.member import Right

MANY = tuple(replace(member, name=f"{member.name} {turn}") for turn in range(6) for member in CREW)


def _state(*, many: bool = False) -> TillState:
    with open_shop(replace(CREWED, staff=MANY) if many else CREWED) as shop:
        return shop.till._state


def _desk(*, many: bool = False) -> StaffDesk:
    return StaffDesk(_state(many=many))


def _never(*_: object) -> Turn:
    return Turn()


def pages() -> dict[str, TillPage]:
    """Return every page in its states, by name."""
    names = log_in(_desk())
    pin = replace(names, member=KIM, pin=TextField("1357"))
    reason = override_page(_desk(), Reason.NO_CREDIT, lambda _: None)
    return {
        "log-in": names,
        "log-in-many": replace(log_in(_desk(many=True)), chosen=20),
        "log-in-pin": pin,
        "log-in-wrong-pin": replace(
            pin, pin=TextField(), notice=phrase("page.pin-wrong", seconds=4)
        ),
        "log-in-may-not": replace(names, notice=phrase("page.may-not", name="Kim")),
        "override": reason,
        "approve": approval(_desk(), Right.OVERRIDE, _never, Turn()),
    }


PAGES: dict[str, PageView] = {name: page.view for name, page in pages().items()}
SCREENS: dict[str, TillView] = {
    name: replace(READY, page=view, status=replace(STATUS, staff="Jo"))
    for name, view in PAGES.items()
}
