"""What is said of a sale: its verdict, the customer, what was rung up and typed."""

from dataclasses import replace

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.session import OVER, Step
from taptill.checkout.view import CustomerView, RecentSaleView, TillView
from taptill.domain.basket import Line
from taptill.domain.decision import Declined
from taptill.domain.money import ZERO
from taptill.ui.banner import BannerText, banner_text
from taptill.ui.modes.alone import panel_settings, shows_status
from taptill.ui.panels import balance, customer, sale_states
from taptill.ui.plain.lines import asked, listed, sentences
from taptill.ui.screen_settings import ScreenSettings, ShowDebt, identity

LINES_SAID = 8
"""So many lines of a basket that changes at once are said, and how many more there are."""

_WIDE = 200
_FACT = {Step.CARD, Step.CONFIRM, Step.PAID, Step.VOIDING, Step.VOIDED}
"""In these steps the customer's line says something that the cashier does not know."""

_CUSTOMERS = {Step.CARD, Step.CONFIRM, Step.DECLINED, Step.REFUSED}
_DECLINED = {Step.DECLINED, Step.REFUSED}


def verdict_key(view: TillView) -> object:
    """Return what makes a verdict another one."""
    decline = view.decision if isinstance(view.decision, Declined) else None
    told = (decline.reason, decline.missing) if decline and view.step in _DECLINED else None
    who = identity(view) if view.step in _CUSTOMERS else None
    total = view.total if view.step is Step.CONFIRM else None
    is_too_low = view.step is Step.RINGING and bool(view.basket.lines) and view.total <= ZERO
    return (view.step, told, view.trouble, who, total, is_too_low, view.countdown is not None)


def verdict(view: TillView, settings: ScreenSettings, *, with_customer: bool = True) -> str:
    """Return the word of a view, what it is about, and what to do next.

    `with_customer`: block status and balance are among it, as the customer has just come.
    """
    steady = replace(view, countdown=None, status=replace(view.status, readers=()))
    text = banner_text(steady, settings)
    word = text.word
    if view.countdown:
        word = f"{word} {seconds(view.countdown.seconds, settings)}"
    facts = _customer_facts(view, settings) if with_customer else ""
    said = sentences(_ordered(view, text, facts, settings))
    return settings.texts.labelled(word, said)


def _ordered(
    view: TillView, text: BannerText, facts: str, settings: ScreenSettings
) -> tuple[str, ...]:
    """Return the sentences behind the word, the one that matters first."""
    ask = asked(text.cashier)
    if settings.mode.is_unattended:
        second = "" if settings.mode is TillMode.BALANCE and facts else text.second
        return (listed([text.customer, facts]), second, ask)
    if view.step in _DECLINED:
        return (ask, facts)
    said = [text.customer] if view.step in _FACT else []
    if view.step is Step.VOIDING:
        said.append(text.second)
    return (listed([*said, facts]), ask)


def seconds(count: int, settings: ScreenSettings) -> str:
    """Return seconds in words."""
    return settings.texts.say("age.s", n=str(count))


def _customer_facts(view: TillView, settings: ScreenSettings) -> str:
    """Return what a card tells beside its name; the name only where nothing else says it."""
    if view.customer is None or view.step not in {*_CUSTOMERS, Step.PAID}:
        return ""
    if view.step is Step.PAID:
        return balance(view.customer.debt, settings) if settings.shows_debt else ""
    is_declined, with_status = view.step in _DECLINED, shows_status(view, settings)
    line = customer_line(view.customer, panel_settings(view, settings), with_status=with_status)
    if settings.mode.is_unattended:
        return "" if is_declined and settings.mode is TillMode.SELF_SERVICE else line
    return listed([settings.name(view.customer) if is_declined else "", line])


def customer_line(
    shown: CustomerView, settings: ScreenSettings, *, with_status: bool = True
) -> str:
    """Return block status and balance, as far as the site and the mode show them."""
    say = settings.texts.say
    status = say("customer.blocked" if shown.blocked else "customer.not-blocked")
    parts = [status] if with_status else []
    if settings.shows_debt:
        parts.append(balance(shown.debt, settings))
        if shown.debt_after is not None:
            parts.append(f"{say('customer.after')} {balance(shown.debt_after, settings)}")
        if shown.in_question:
            parts.append(say("customer.in-question", sum=settings.money(shown.pending)))
    elif settings.privacy.show_debt is ShowDebt.ON_REQUEST:
        parts.append(say("customer.debt-on-request"))
    if not shown.live and shown.age_s is not None:
        parts.append(say("customer.age", age=settings.age(shown.age_s)))
    return listed(parts)


def customer_facts_key(view: TillView, settings: ScreenSettings) -> object:
    """Return what is said anew of a customer who stays on the screen."""
    shown = view.customer
    if shown is None or view.step not in _CUSTOMERS:
        return None
    money = (shown.debt, shown.in_question) if settings.shows_debt else None
    return (shown.blocked, money)


def customer_rows(shown: CustomerView, settings: ScreenSettings, *, with_status: bool) -> list[str]:
    """Return all that the screen shows of a customer."""
    known = replace(shown, looking_up=False)
    rows = customer(known, settings, _WIDE, _WIDE, with_status=with_status)
    return [run.text for run in rows if run.text.strip()]


def good_line(line: Line, settings: ScreenSettings) -> str:
    """Return a line of the basket with its price."""
    name = settings.clean(line.name) if line.name else settings.texts.say("line.amount")
    return f"{line.quantity} × {name} {settings.price(line.total)}"


def total_line(view: TillView, settings: ScreenSettings) -> str:
    """Return what the basket and what is being typed come to."""
    return settings.texts.say("plain.total", sum=settings.price(view.total))


def basket_change(before: TillView, after: TillView, settings: ScreenSettings) -> str:
    """Return what has changed in the basket; nothing where it was emptied as a whole."""
    old, new = before.basket.lines, after.basket.lines
    if old == new:
        return _choice_change(before, after, settings)
    if not new:
        return ""
    if len(new) < len(old):
        gone = next((one for one, two in zip(old, new, strict=False) if one != two), old[-1])
        said = [settings.texts.say("plain.taken-back", what=good_line(gone, settings))]
    else:
        changed = [line for at, line in enumerate(new) if at >= len(old) or old[at] != line]
        said = [good_line(line, settings) for line in changed[:LINES_SAID]]
        if len(changed) > LINES_SAID:
            said.append(settings.texts.say("line.more", count=str(len(changed) - LINES_SAID)))
    return listed([*said, "" if after.step is Step.CONFIRM else total_line(after, settings)])


def _choice_change(before: TillView, after: TillView, settings: ScreenSettings) -> str:
    """Return the line that was chosen; the total where none is any more, as the sale goes on."""
    if after.chosen == before.chosen:
        return ""
    if after.chosen is not None:
        return good_line(after.basket.lines[after.chosen], settings)
    return total_line(after, settings) if after.step is before.step else ""


def typed(before: TillView, after: TillView, settings: ScreenSettings) -> str:
    """Return what was typed so far; nothing where a verdict says it, or where it is a line now."""
    if after.step is Step.CONFIRM:
        return ""
    if not after.keystrokes:
        is_taken_back = before.basket == after.basket and bool(after.basket.lines)
        return total_line(after, settings) if is_taken_back else ""
    amount = after.total - after.basket.total
    if not amount:
        return after.keystrokes.replace(".", settings.usage.mark).replace("*", " × ")
    total = total_line(after, settings) if after.basket.lines else ""
    return listed([settings.price(amount), total])


def sent(before: TillView, after: TillView, settings: ScreenSettings) -> str:
    """Return how far the sale has come that was just paid, where that has changed.

    Of one that was voided the verdict has said so.
    """
    if after.step not in OVER or not (before.recent_sales and after.recent_sales):
        return ""
    old, new = before.recent_sales[0], after.recent_sales[0]
    if old.charge_id != new.charge_id or old.state is new.state or new.is_voided:
        return ""
    return sale_states(new, settings)[0]


def sale_line(row: RecentSaleView, settings: ScreenSettings) -> str:
    """Return a recent sale, with how far it has come."""
    who = settings.clean(row.initials or row.goods or settings.texts.say("line.amount"))
    state = sale_states(row, settings)[0]
    return listed([row.time, settings.money(row.amount), who, state.removeprefix("× ")])
