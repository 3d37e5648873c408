"""The words for customers who are alone with the till."""

from dataclasses import replace
from typing import Protocol, TypedDict

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.pages.page import Bar
from taptill.checkout.session import Notice, Step
from taptill.checkout.view import CountdownView, StatusView, TillView
from taptill.domain.decision import Declined
from taptill.domain.money import ZERO
from taptill.ui.layout import Layout, lay_out, without_recent_sales
from taptill.ui.pages import BAR_CELLS, bar
from taptill.ui.rows import ColourRole, Run, wrap
from taptill.ui.screen_settings import ScreenSettings, ShowDebt

_OWN_STEPS = {
    TillMode.SELF_SERVICE: frozenset({Step.READY, Step.RINGING, Step.CARD, Step.CONFIRM}),
    TillMode.BALANCE: frozenset({Step.READY}),
}
_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})
_OWN_READY = {
    ShowDebt.NEVER: "balance.ready-hidden",
    ShowDebt.ON_REQUEST: "balance.ready-on-request",
}
"""What a tap shows where it does not show the balance by itself."""
_CUSTOMERS_ANSWERS = {
    Notice.MACHINE: "alone.unknown-code",
    Notice.UNKNOWN_BARCODE: "alone.unknown-code",
    Notice.NOT_READ: "alone.not-read",
    Notice.CARD_CHANGED: "alone.card-changed",
    Notice.AMOUNT_FULL: "alone.amount-full",
    Notice.SLIP_WAITS: "alone.slip-waits",
    Notice.NO_STAFF: "alone.no-staff",
}
"""Answers to a key or a tap whose own text tells a cashier what to do."""

_TOUCH_ANSWERS = frozenset({Notice.STOPPED})
"""Answers whose own text names a key."""


class CashierWords(Protocol):
    """The words of the banner as a cashier's till has them."""

    @property
    def word(self) -> str:
        """Return the word in block letters."""

    @property
    def customer(self) -> str:
        """Return the line for the customer."""


class AloneWords(TypedDict, total=False):
    """The words of the banner that are others here."""

    word: str
    customer: str
    second: str
    cashier: str


def alone_key(view: TillView, settings: ScreenSettings) -> tuple[str, ColourRole] | None:
    """Return the text and the colour of a step that has its own; None for any other."""
    mode = settings.mode
    if mode is TillMode.BALANCE and view.customer and view.step is not Step.CLOSED:
        if view.customer.blocked:
            return "balance.blocked", ColourRole.WARN
        return "balance.card", ColourRole.INFO
    if view.step not in _OWN_STEPS.get(mode, ()):
        return None
    if view.step is Step.RINGING and view.total <= ZERO:
        # A quantity alone is nothing picked; what is given back leaves nothing to pay.
        return None if view.basket.lines else (f"{mode}.{Step.READY}", ColourRole.INFO)
    return f"{mode}.{view.step}", ColourRole.INFO


def alone_words(
    view: TillView, text: CashierWords, settings: ScreenSettings, *, can_read: bool
) -> AloneWords:
    """Return what is said otherwise to a customer than to a cashier, who is not there.

    Why a card is refused, and what to do about a reader that fails, is said to staff who have
    logged in, and to nobody else. `can_read`: the words are not about such a reader.
    """
    say, mode, words = settings.texts.say, settings.mode, AloneWords()
    if not mode.is_unattended:
        return words
    if text.customer == say("step.declined.customer"):
        words["customer"] = say("alone.ask-staff")
    if view.step is Step.AGAIN:
        words["cashier"] = ""
    elif view.step is Step.PAID:
        words["cashier"] = say("alone.paid")
    elif _is_refused(view, mode):
        words["cashier"] = say(_refusal_key(view, mode))
    if not can_read:
        return words | _reader_words(view, settings)
    words |= _mode_words(view, settings)
    if view.countdown and view.step is Step.CONFIRM:
        words["word"] = f"{text.word} {view.countdown.seconds}"
        words["cashier"] = _countdown_bar(view.countdown, settings)
    return words


def answer_key(view: TillView, settings: ScreenSettings) -> str:
    """Return the text of the answer to the last key or tap; empty where the step's own words do."""
    notice = view.notice
    if notice is Notice.NONE:
        return ""
    if settings.mode.is_unattended and notice is Notice.SAME_CARD:
        return ""
    if settings.mode is TillMode.SELF_SERVICE and notice is Notice.OTHER_CARD:
        return "touch.other-card" if settings.touch else "self-service.other-card"
    if settings.mode.is_unattended and not view.status.staff:
        if settings.touch and notice in _TOUCH_ANSWERS:
            return f"touch.{notice}"
        return _CUSTOMERS_ANSWERS.get(notice, f"notice.{notice}")
    return f"notice.{notice}"


def shows_status(view: TillView, settings: ScreenSettings) -> bool:
    """Return whether block and credit stand on the screen: whoever pays alone is seen by others."""
    return settings.mode is not TillMode.SELF_SERVICE or bool(view.status.staff)


def hides_faults(status: StatusView, settings: ScreenSettings) -> bool:
    """Return whether what staff and technicians must repair is kept from who is at the till."""
    return settings.mode.is_unattended and not status.staff


def panel_settings(view: TillView, settings: ScreenSettings) -> ScreenSettings:
    """Return the settings for what stands of a customer: no F5 where it would stop a countdown."""
    if view.countdown is None or settings.shows_debt:
        return settings
    return replace(settings, privacy=replace(settings.privacy, show_debt=ShowDebt.NEVER))


def _mode_words(view: TillView, settings: ScreenSettings) -> AloneWords:
    """Return the words that depend on what customers do here: pick and pay, or look."""
    if settings.mode is TillMode.SELF_SERVICE:
        return _picking_words(view, settings)
    show_debt = settings.privacy.show_debt
    if view.step is Step.READY and view.customer is None and show_debt in _OWN_READY:
        return AloneWords(cashier=settings.texts.say(_OWN_READY[show_debt]))
    if settings.touch and view.customer and view.step is not Step.CLOSED:
        return AloneWords(cashier=settings.texts.say("touch.balance"))
    return AloneWords()


def _reader_words(view: TillView, settings: ScreenSettings) -> AloneWords:
    """Return what a customer can do where no reader works."""
    if not hides_faults(view.status, settings):
        return AloneWords()
    return AloneWords(cashier=settings.texts.say("alone.no-reader"))


def _picking_words(view: TillView, settings: ScreenSettings) -> AloneWords:
    """Return what a customer can do with the basket, by keys or with a finger."""
    words = _touch_words(view, settings) if settings.touch else AloneWords()
    if _leaves_nothing_to_pay(view):
        words["customer"] = settings.texts.say("self-service.ready.customer")
    return words


def _touch_words(view: TillView, settings: ScreenSettings) -> AloneWords:
    """Return what to do with a finger, where a keyboard is named otherwise."""
    say = settings.texts.say
    match view.step:
        case Step.READY | Step.CARD:
            return AloneWords(cashier=say(f"touch.{view.step}"))
        case Step.RINGING if view.total.minor > 0:
            return AloneWords(cashier=say("touch.ringing"))
        case Step.CONFIRM:
            return AloneWords(second=say("touch.confirm"))
        case _:
            return AloneWords()


def _leaves_nothing_to_pay(view: TillView) -> bool:
    """Return whether as much is given back as picked, also where a card was refused for it."""
    is_asked = view.step is Step.RINGING or view.step in _DECLINED
    return is_asked and bool(view.basket.lines) and view.total <= ZERO


def _refusal_key(view: TillView, mode: TillMode) -> str:
    """Return the text of a refusal, which tells by the basket alone what the customer can do."""
    if mode is TillMode.SELF_SERVICE and _leaves_nothing_to_pay(view):
        return "step.too-low.cashier"
    if mode is TillMode.SELF_SERVICE and not view.basket.lines and view.total <= ZERO:
        return "self-service.declined-unpicked"
    return f"{mode}.declined"


def _is_refused(view: TillView, mode: TillMode) -> bool:
    """Return whether a refusal is said to a customer who is alone; a balance is no refusal."""
    is_declined = view.step in _DECLINED and isinstance(view.decision, Declined)
    is_shown = mode is TillMode.BALANCE and view.customer is not None
    return is_declined and not is_shown and not view.status.staff


def _countdown_bar(countdown: CountdownView, settings: ScreenSettings) -> str:
    percent = 100 * countdown.seconds // countdown.of
    seconds = settings.texts.say("age.s", n=str(countdown.seconds))
    return f"{bar(Bar(percent), BAR_CELLS)} {seconds}"


def layout_of(view: TillView, settings: ScreenSettings, size: tuple[int, int]) -> Layout:
    """Return the layout of the sale: a customer who picks by keys sees no sales, but more goods.

    Fields to touch stay in their places, and so does the list of a customer's own purchases.
    """
    layout = lay_out(*size)
    picks_by_keys = settings.mode is TillMode.SELF_SERVICE and not settings.touch
    lists_purchases = settings.privacy.show_debt is not ShowDebt.NEVER
    is_wider = picks_by_keys and not view.status.staff and not lists_purchases
    return without_recent_sales(layout) if is_wider else layout


def balance_notes(settings: ScreenSettings, width: int, rows: int) -> list[Run]:
    """Return the lines in the place of the sale, where nothing is sold."""
    is_hidden = settings.privacy.show_debt is ShowDebt.NEVER
    lines = wrap(settings.texts.say("balance.how-hidden" if is_hidden else "balance.how"), width)
    if len(lines) > rows:
        lines = wrap(settings.texts.say("balance.how-short"), width)
    return [*map(Run, lines), *[Run("")] * (rows - len(lines))]
