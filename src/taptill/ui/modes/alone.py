"""The words for customers who are alone with the till."""

from typing import Protocol, TypedDict

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.pages.page import Bar
from taptill.checkout.session import Step
from taptill.checkout.view import CountdownView, TillView
from taptill.domain.decision import Declined
from taptill.ui.pages import BAR_CELLS, bar
from taptill.ui.rows import ColourRole, Run, wrap
from taptill.ui.screen_settings import ScreenSettings

_OWN_STEPS = {
    TillMode.SELF_SERVICE: frozenset({Step.READY, Step.RINGING, Step.CARD, Step.CONFIRM}),
    TillMode.BALANCE: frozenset({Step.READY}),
}
_DECLINED = frozenset({Step.DECLINED, Step.REFUSED})


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
    cashier: str


def alone_key(view: TillView, settings: ScreenSettings) -> tuple[str, ColourRole] | None:
    """Return the text and the colour of a step that has its own; None for any other."""
    mode = settings.mode
    if mode is TillMode.BALANCE and view.customer and view.step is not Step.CLOSED:
        if view.customer.blocked:
            return "balance.blocked", ColourRole.WARN
        return "balance.card", ColourRole.INFO
    is_too_low = view.step is Step.RINGING and len(view.basket.lines) > 1 and view.total.minor <= 0
    if view.step in _OWN_STEPS.get(mode, ()) and not is_too_low:
        return f"{mode}.{view.step}", ColourRole.INFO
    return None


def alone_words(view: TillView, text: CashierWords, settings: ScreenSettings) -> AloneWords:
    """Return what is said otherwise to a customer than to a cashier, who is not there.

    Why a card is refused is said to staff who have logged in, and to nobody else.
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
        words["cashier"] = say(f"{mode}.declined")
    if view.countdown and view.step is Step.CONFIRM:
        words["word"] = f"{text.word} {view.countdown.seconds}"
        words["cashier"] = _countdown_bar(view.countdown, settings)
    return words


def _is_refused(view: TillView, mode: TillMode) -> bool:
    """Return whether a refusal is said to a customer who is alone; a balance is no refusal."""
    is_declined = view.step in _DECLINED and isinstance(view.decision, Declined)
    is_shown = mode is TillMode.BALANCE and view.customer is not None
    return is_declined and not is_shown and not view.status.staff


def _countdown_bar(countdown: CountdownView, settings: ScreenSettings) -> str:
    percent = 100 * countdown.seconds // countdown.of
    seconds = settings.texts.say("age.s", n=str(countdown.seconds))
    return f"{bar(Bar(percent), BAR_CELLS)} {seconds}"


def balance_notes(settings: ScreenSettings, width: int, rows: int) -> list[Run]:
    """Return the lines in the place of the sale, where nothing is sold."""
    lines = wrap(settings.texts.say("balance.how"), width)
    if len(lines) > rows:
        lines = wrap(settings.texts.say("balance.how-short"), width)
    return [*map(Run, lines), *[Run("")] * (rows - len(lines))]
