"""The till's own screens as plain lines of each region."""

from dataclasses import dataclass, replace

from tests.benchmarks.terminal import COLUMNS, LINES

from taptill.checkout.session import Step
from taptill.checkout.view import CustomerView, Link, StatusView, TillView
from taptill.domain.basket import Good
from taptill.domain.decision import Approved
from taptill.domain.money import ZERO, Currency, Money
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui import views
from taptill.ui.layout import Area, lay_out
from taptill.ui.rows import Rows
from taptill.ui.screen_settings import ScreenSettings
from taptill.ui.texts import load

REGIONS = ("status", "sale", "customer", "banner", "recent_sales", "keys")

_SETTINGS = ScreenSettings(texts=load("en"), currency=Currency("EUR"))
_STATUS = StatusView(
    till="bench",
    link=Link.OFFLINE,
    offline_since="13:40",
    readers=(ReaderHealth("reader 1", ReaderState.OK),),
    cache_age_s=130,
    time="14:02",
)
_GUEST = CustomerView(
    name="",
    company="Analytical Society",
    blocked=False,
    credit_allowed=True,
    is_default=False,
    debt=Money(-100_000),
    debt_after=Money(-99_580),
    pending=ZERO,
    in_question=False,
    headroom=None,
    age_s=0,
    live=False,
    looking_up=False,
)
_MAY = Approved(_GUEST.debt, None, offline=False)
_READY = TillView(step=Step.READY, status=_STATUS, goods=(Good("c", "Coffee", Money(150)),))


@dataclass(frozen=True, slots=True)
class Face:
    """What one state of the till shows, as text by region."""

    texts: dict[str, str]


def ringing(keystrokes: str) -> Face:
    """Return the screen while an amount is being typed; nothing typed is READY."""
    if not keystrokes:
        return _face(_READY)
    total = Money(int(keystrokes))
    return _face(replace(_READY, step=Step.RINGING, keystrokes=keystrokes, total=total))


def confirming(name: str) -> Face:
    """Return the screen after a tap."""
    guest = replace(_GUEST, name=name)
    total = Money(420)
    view = replace(_READY, keystrokes="420", total=total, customer=guest, decision=_MAY)
    return _face(replace(view, step=Step.CONFIRM))


def paid(name: str) -> Face:
    """Return the screen after Enter."""
    guest = replace(_GUEST, name=name, debt_after=None)
    return _face(replace(_READY, step=Step.PAID, amount=Money(420), customer=guest, decision=_MAY))


def boxes() -> dict[str, Area]:
    """Tell where each region lies."""
    layout = lay_out(COLUMNS, LINES)
    return {region: getattr(layout, region) for region in REGIONS}


def _face(view: TillView) -> Face:
    screen = views.draw_screen(view, _SETTINGS, (COLUMNS, LINES))
    return Face({region: _text(getattr(screen, region)) for region in REGIONS})


def _text(rows: Rows) -> str:
    return "\n".join("".join(run.text for run in row) for row in rows)
