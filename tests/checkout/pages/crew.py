"""Members of staff for tests, and a till that has them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.fakes.shop import SETTINGS, Shop, open_shop

from taptill.checkout.till_state import TillSettings
from taptill.domain.money import Money
from taptill.domain.staff.member import Role, StaffMember
from taptill.domain.staff.pins import hash_pin

JO = StaffMember("Jo", Role.CASHIER, hash_pin("2580"))
KIM = StaffMember("Kim", Role.SUPERVISOR, hash_pin("135791"), "04A1B2C3")
SAM = StaffMember("Sam", Role.SUPERVISOR, card_id="04D5E6F7")
TED = StaffMember("Ted", Role.TECHNICIAN, hash_pin("0000"))
CREW = (JO, KIM, SAM, TED)
CREWED = replace(
    SETTINGS,
    staff=CREW,
    let_go_after_s=60.0,
    policy=replace(SETTINGS.policy, override_max=Money(2000)),
)


@contextmanager
def crewed_shop(
    settings: TillSettings = CREWED, *, who: str = "Jo", has_office_token: bool = True
) -> Iterator[Shop]:
    """Open a till with staff, at which somebody is logged in; nobody for an empty name."""
    with open_shop(settings, has_office_token=has_office_token) as shop:
        if who:
            log_in(shop, who)
        yield shop


def log_in(shop: Shop, name: str) -> None:
    """Log somebody in by PIN, or by card where there is none."""
    member = next(member for member in shop.till._state.settings.staff if member.name == name)
    pins = {"Jo": "2580", "Kim": "135791", "Ted": "0000"}
    if name in pins:
        shop.press(str(shop.till._state.settings.staff.index(member) + 1))
        shop.press(pins[name])
        shop.hasty_enter()
        shop.later(0.1)
    else:
        shop.tap(member.card_id)
        shop.later(0.1)
