"""The lines of the customer panel, of the recent sales and of the keys."""

from rich.cells import cell_len

from taptill.checkout.view import CustomerView, RecentSaleView, SaleState
from taptill.domain.decision import Reason
from taptill.domain.money import Money
from taptill.ui.modes.keys import in_place
from taptill.ui.rows import (
    ColourRole,
    Rows,
    Run,
    clip,
    drop_least_important,
    first_fitting,
    justify,
    pad,
)
from taptill.ui.screen_settings import ScreenSettings, ShowDebt

_MONEY_WIDTH = 26

_AMOUNT_CELLS = 9
_INITIALS_CELLS = 6
_GOODS_CELLS = 32
_STATE_CELLS = 36
"""So many cells of a row are for time, amount and how far it has come, where goods are named."""
_MISSING = frozenset({Reason.NO_CREDIT, Reason.OFFLINE_CAP})
_ARROW = "→"

# Where rows are few, lines of the highest rank are dropped first.
_MONEY_RANKS = range(2, 9)
_COMPANY = 9
_GAP = 10


def customer(
    view: CustomerView,
    settings: ScreenSettings,
    width: int,
    rows: int,
    *,
    with_status: bool = True,
) -> list[Run]:
    """Return the customer and their balance; `with_status`: block and credit stand there, too."""
    status = _status_rows(view, settings, width) if with_status else []
    ranked_rows = [
        *_identity_rows(view, settings),
        *status,
        (_GAP, Run("")),
        *_money_rows(view, settings, width),
    ]
    kept_rows = drop_least_important(ranked_rows, rows)
    above = [run for rank, run in kept_rows if rank not in _MONEY_RANKS]
    below = [run for rank, run in kept_rows if rank in _MONEY_RANKS]
    return [*above, *[Run("")] * (rows - len(kept_rows)), *below]


def no_customer(settings: ScreenSettings, rows: int, *, can_read: bool) -> list[Run]:
    """Return what stands there without a card: the legend of the demo's cards."""
    runs = [Run(settings.texts.say("customer.none" if can_read else "customer.no-reader"))]
    if settings.legend:
        cards = [Run(f"{letter} {settings.clean(text)}") for letter, text in settings.legend]
        head = [Run(""), Run(settings.texts.say("panel.cards"))]
        runs += [*head, *cards] if len(runs) + len(head) + len(cards) <= rows else cards
    if len(runs) > rows:
        more_text = settings.texts.say("line.more", count=str(len(runs) - rows + 1))
        runs[rows - 1 :] = [Run(more_text)]
    return runs


def sale_row(row: RecentSaleView, settings: ScreenSettings, width: int) -> str:
    """Return the line of a recent sale, with how far it has come."""
    amount = settings.money(row.amount).rjust(_AMOUNT_CELLS)
    who = pad(settings.clean(row.initials), _INITIALS_CELLS)
    if not row.initials:
        cells = max(_INITIALS_CELLS, min(_GOODS_CELLS, width - _STATE_CELLS))
        typed = "" if row.repaid else settings.texts.say("line.amount")
        who = pad(_goods(row.goods, settings, cells) if row.goods else clip(typed, cells), cells)
    place = f"{row.time:>5} {amount}  {who}  "
    text = place + first_fitting(width - cell_len(place), *sale_states(row, settings))
    hint = settings.texts.say("sale.hint") if row.can_void else ""
    return justify(text, hint, width) if cell_len(f"{text} {hint}") < width else pad(text, width)


def _goods(goods: str, settings: ScreenSettings, cells: int) -> str:
    """Return as many of the goods as fit, and how many more there are."""
    names = settings.clean(goods).split(", ")
    shorter = (
        f"{', '.join(names[:count])} +{len(names) - count}" for count in range(len(names))[:0:-1]
    )
    wordings = (", ".join(names), *shorter, names[0])
    fits = (wording for wording in wordings if cell_len(wording) <= cells)
    return next(fits, clip(wordings[-1], cells))


def keys_line(
    names: tuple[str, ...], settings: ScreenSettings, width: int, *, is_sale: bool
) -> Rows:
    """Return the last line of the screen: the keys that fit, the first ones before others.

    `is_sale`: they are those of a sale, and have their places.
    """
    texts: dict[str, str] = {}
    for name in names:
        text = settings.texts.say(f"key.{name}")
        if cell_len(" " + "  ".join([*texts.values(), text])) <= width:
            texts[name] = text
    shown = in_place(tuple(texts)) if is_sale else tuple(texts)
    return ((Run(pad(" " + "  ".join(texts[name] for name in shown), width)),),)


def _identity_rows(customer: CustomerView, settings: ScreenSettings) -> list[tuple[int, Run]]:
    company = Run(settings.clean(customer.company)) if customer.company.strip() else Run("")
    if customer.is_default:
        company = Run(settings.texts.say("customer.system"), ColourRole.WARN)
    return [(0, Run(settings.name(customer))), (_COMPANY, company), (_GAP, Run(""))]


def _status_rows(
    customer: CustomerView, settings: ScreenSettings, width: int
) -> list[tuple[int, Run]]:
    say = settings.texts.say
    credit = say("customer.credit" if customer.credit_allowed else "customer.no-credit")
    if customer.blocked:
        return [(1, Run(say("customer.blocked"), ColourRole.REFUSED)), (8, Run(credit))]
    if len(status_line := f"{say('customer.not-blocked')}  {credit}") <= width:
        return [(1, Run(status_line))]
    return [(1, Run(say("customer.not-blocked"))), (8, Run(credit))]


def _money_rows(
    customer: CustomerView, settings: ScreenSettings, width: int
) -> list[tuple[int, Run]]:
    say = settings.texts.say
    rows: list[tuple[int, Run]] = []
    if settings.shows_debt:
        rows += _balance_rows(customer, settings, width)
    elif settings.privacy.show_debt is ShowDebt.ON_REQUEST:
        rows.append((2, Run(say("customer.debt-on-request"))))
    if customer.looking_up:
        rows.append((7, Run(say("customer.asking"))))
    elif customer.age_s is None:
        words = (say("customer.age-unknown"), say("customer.age-unknown-short"))
        rows.append((5, Run(first_fitting(width, *words), ColourRole.WARN)))
    elif not customer.live:
        rows.append((5, Run(say("customer.age", age=settings.age(customer.age_s)))))
    return rows


def _balance_rows(
    customer: CustomerView, settings: ScreenSettings, width: int
) -> list[tuple[int, Run]]:
    rows = [
        (
            2,
            Run(
                _label_and_amount(
                    _balance_word(customer.debt, settings), customer.debt, settings, width
                )
            ),
        )
    ]
    if customer.debt_after is not None:
        rows.append((3, Run(_after(customer.debt, customer.debt_after, settings, width))))
    if customer.in_question:
        words = _amount_line("in-question", customer.pending, settings, width)
        rows.append((6, Run(words, ColourRole.WARN)))
    elif customer.pending:
        rows.append((6, Run(_amount_line("pending", customer.pending, settings, width))))
    if customer.blocked or customer.is_default:
        return rows  # who may spend nothing is not told how much it would be
    rows.append((4, Run(_headroom(customer, settings, width))))
    if customer.cap:
        rows.append((8, Run(settings.texts.say(f"customer.cap-{customer.cap}"))))
    return rows


def _balance_word(debt: Money, settings: ScreenSettings) -> str:
    side = "owes" if debt.minor > 0 else "advance" if debt.minor < 0 else "even"
    return settings.texts.say(f"customer.{side}")


def balance(debt: Money, settings: ScreenSettings) -> str:
    """Return what a customer owes in words, or that it is not shown."""
    if not settings.shows_debt:
        return settings.texts.say("customer.hidden")
    word = _balance_word(debt, settings)
    return f"{word} {settings.money(debt)}" if debt else word


def _after(before: Money, after: Money, settings: ScreenSettings, width: int) -> str:
    """Return the balance after this sale, with *owes* or *in advance* where that changes."""
    say, side = settings.texts.say, _balance_word(after, settings)
    if side == _balance_word(before, settings):
        return _label_and_amount(say("customer.after"), after, settings, width)
    return _first_fitting_pair(
        width,
        (say("customer.after"), f"{side} {settings.money(after)}"),
        (say("customer.after"), f"{side} {settings.figure(after)}"),
        (_ARROW, f"{side} {settings.money(after)}"),
        (_ARROW, f"{side} {settings.figure(after)}"),
    )


def _label_and_amount(label: str, money: Money, settings: ScreenSettings, width: int) -> str:
    return _first_fitting_pair(
        width, (label, settings.money(money)), (label, settings.figure(money))
    )


def _first_fitting_pair(width: int, *wordings: tuple[str, str]) -> str:
    """Return label and amount at the edges of the column, in the first wording that fits."""
    fits = (wording for wording in wordings if cell_len(" ".join(wording)) <= width)
    label, amount = next(fits, wordings[-1])
    return justify(label, amount, max(min(width, _MONEY_WIDTH), cell_len(f"{label} {amount}")))


def _amount_line(key: str, money: Money, settings: ScreenSettings, width: int) -> str:
    """Return the longest wording that fits of a line with one amount."""
    say = settings.texts.say
    return first_fitting(
        width,
        say(f"customer.{key}", sum=settings.money(money)),
        say(f"customer.{key}-short", sum=settings.money(money)),
        say(f"customer.{key}-short", sum=settings.figure(money)),
    )


def _headroom(customer: CustomerView, settings: ScreenSettings, width: int) -> str:
    if customer.headroom is None:
        return settings.texts.say("customer.no-limit")
    remaining = (
        customer.headroom - (customer.debt_after - customer.debt)
        if customer.debt_after is not None
        else None
    )
    if remaining is not None and remaining.minor >= 0:
        return _amount_line("may-spend-after", remaining, settings, width)
    return _amount_line("may-spend", customer.headroom, settings, width)


def sale_states(row: RecentSaleView, settings: ScreenSettings) -> list[str]:
    """Return wordings of how far a sale has come, the longest first."""
    say = settings.texts.say
    if row.is_voided:
        return [say("sale.voided")]
    if row.repaid:
        key = f"sale.{row.repaid}-{row.state}"
        return [say(key), say(f"{key}-short")]
    key = f"sale.void-{row.state}" if row.amount.minor < 0 else f"sale.{row.state}"
    if row.state is not SaleState.REFUSED:
        return [say(key), say(f"{key}-short")]
    reason = say(f"reason.{row.reason}.short") if row.reason else "?"
    words = [say("sale.refused", why=reason), say("sale.refused-short")]
    if row.missing is not None and row.reason in _MISSING and settings.shows_debt:
        missing = say("sale.missing", why=reason, missing=settings.money(row.missing))
        words.insert(0, say("sale.refused", why=missing))
    return words
