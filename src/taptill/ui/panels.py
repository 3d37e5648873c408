"""A TillView in, the lines of the sale's and the customer's panel out."""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.renderables.digits import Digits

from taptill.checkout.view import CustomerView, TillView
from taptill.domain.basket import Good, Line
from taptill.domain.money import Money
from taptill.ui.band import unusable_reader
from taptill.ui.dress import Dress, ShowDebt
from taptill.ui.rows import Role, Run, fitting, fold, pad, spread

_TOTAL_ROWS = 3
_GOOD_WIDTH = 20
_LINES_MIN = 4
_GAP_CELLS = 2
_MONEY_WIDTH = 26
_LARGE_SIGNS = frozenset("$£€")

_THEN = "→"
_CHIP_CELLS = 2  # a coloured word has a blank on either side

# What is folded away last has the lowest rank; those from _GAP on are not missed.
_MONEY_RANKS = range(2, 9)
_COMPANY = 9
_GAP = 10


def sale(view: TillView, dress: Dress, width: int, rows: int) -> list[Run]:
    """Give the sale's lines above the total; goods fill the place while nothing is rung up."""
    room = rows - _TOTAL_ROWS
    columns = max(1, width // _GOOD_WIDTH)
    shelf_rows = -(-len(view.goods) // columns)
    total = [Run(line) for line in _total(view, dress, width)]
    lines = _lines(view, dress, width)
    if room >= shelf_rows + 1 + _LINES_MIN:  # the keys of the goods have their own place
        lines = _folded(lines, view, dress, room - shelf_rows - 1)
        gap = room - len(lines) - shelf_rows
        shelf = _goods(view.goods, dress, width, shelf_rows)
        return [Run(line) for line in [*lines, *[""] * gap, *shelf]] + total
    shown = _folded(lines, view, dress, room) if lines else _goods(view.goods, dress, width, room)
    return [Run(line) for line in [*shown, *[""] * (room - len(shown))]] + total


def customer(view: TillView, dress: Dress, width: int, rows: int) -> list[Run]:
    """Give who pays and what that leaves; without a card, the cards of the demo."""
    if view.customer is None:
        return _nobody(view, dress, rows)
    ranked = [*_who(view.customer, dress, width), *_money(view.customer, dress, width)]
    kept = fold(ranked, rows)
    above = [run for rank, run in kept if rank not in _MONEY_RANKS]
    below = [run for rank, run in kept if rank in _MONEY_RANKS]
    return [*above, *[Run("")] * (rows - len(kept)), *below]


def digit_rows(text: str) -> tuple[str, ...]:
    """Draw figures three rows high, as Textual's Digits does, with the mark on the line."""
    segments = (one for one in Digits(text).render(Style()) if isinstance(one, Segment))
    drawn = "".join(segment.text for segment in segments)
    return tuple(drawn.split("\n")[:_TOTAL_ROWS])


def _total(view: TillView, dress: Dress, width: int) -> list[str]:
    label = dress.texts.say("line.total")
    digits = _large(view.total, dress)
    if len(label) + 1 + max(map(len, digits)) > width:
        return ["", spread(label, dress.money(view.total), width), ""]
    return [spread(label if row == 1 else "", drawn, width) for row, drawn in enumerate(digits)]


def _large(total: Money, dress: Dress) -> list[str]:
    """Draw an amount with large figures; a sign that has no large form stands small on the line."""
    figures = digit_rows(dress.figure(total))
    large = dress.sign in _LARGE_SIGNS
    blank = " " * cell_len(dress.sign)
    sign = digit_rows(dress.sign) if large else (blank, blank, dress.sign)
    if dress.usage.sign_first:
        gap = "" if large else " "
        return [f"{left}{gap}{right}" for left, right in zip(sign, figures, strict=True)]
    return [f"{left} {right}" for left, right in zip(figures, sign, strict=True)]


def _lines(view: TillView, dress: Dress, width: int) -> list[str]:
    lines = [_line(line, dress, width) for line in view.basket.lines]
    return [*lines, _echo(view, dress, width)] if view.typed else lines


def _echo(view: TillView, dress: Dress, width: int) -> str:
    """Show the keys of an amount as they were pressed, and beside them what they mean."""
    means = view.total - view.basket.total
    keys = f"> {view.typed.replace('.', dress.usage.mark)}"
    return spread(keys, dress.money(means), width) if means else pad(keys, width)


def _line(line: Line, dress: Dress, width: int) -> str:
    name = dress.clean(line.name) if line.name else dress.texts.say("line.amount")
    return spread(f"{line.quantity} × {name}", dress.money(line.total), width)


def _folded(lines: list[str], view: TillView, dress: Dress, rows: int) -> list[str]:
    if len(lines) <= rows:
        return lines
    count = sum(line.quantity for line in view.basket.lines)
    newest = lines[len(lines) - rows + 1 :]
    return [dress.texts.say("line.items", count=str(count)), *newest]


def _goods(goods: tuple[Good, ...], dress: Dress, width: int, rows: int) -> list[str]:
    columns = max(1, width // _GOOD_WIDTH)
    room = rows * columns
    cell = width // columns
    cells = [_good(good, dress, cell) for good in goods]
    if len(cells) > room:
        rest = dress.texts.say("line.more", count=str(len(cells) - max(0, room - 1)))
        cells = [*cells[: max(0, room - 1)], pad(rest, cell)][:room]
    return ["".join(cells[at : at + columns]) for at in range(0, len(cells), columns)]


def _good(good: Good, dress: Dress, cell: int) -> str:
    named = f"{dress.clean(good.key)} {dress.clean(good.name)}"
    return pad(spread(named, dress.money(good.price), cell - _GAP_CELLS), cell)


def _nobody(view: TillView, dress: Dress, rows: int) -> list[Run]:
    reader = unusable_reader(view)
    runs = [Run(dress.texts.say("customer.no-reader" if reader else "customer.none"))]
    if dress.legend:
        cards = [Run(f"{letter} {dress.clean(text)}") for letter, text in dress.legend]
        head = [Run(""), Run(dress.texts.say("panel.cards"))]
        runs += [*head, *cards] if len(runs) + len(head) + len(cards) <= rows else cards
    if len(runs) > rows:
        rest = dress.texts.say("line.more", count=str(len(runs) - rows + 1))
        runs[rows - 1 :] = [Run(rest)]
    return runs


def _who(who: CustomerView, dress: Dress, width: int) -> list[tuple[int, Run]]:
    say = dress.texts.say
    company = Run(dress.clean(who.company)) if who.company.strip() else Run("")
    if who.is_default:
        company = Run(say("customer.system"), Role.WARN)
    credit = say("customer.credit" if who.credit_allowed else "customer.no-credit")
    if who.blocked:
        status = [(1, Run(say("customer.blocked"), Role.REFUSED)), (8, Run(credit))]
    elif len(both := f"{say('customer.not-blocked')}  {credit}") <= width:
        status = [(1, Run(both))]
    else:
        status = [(1, Run(say("customer.not-blocked"))), (8, Run(credit))]
    return [
        (0, Run(dress.name(who))),
        (_COMPANY, company),
        (_GAP, Run("")),
        *status,
        (_GAP, Run("")),
    ]


def _money(who: CustomerView, dress: Dress, width: int) -> list[tuple[int, Run]]:
    say = dress.texts.say
    rows: list[tuple[int, Run]] = []
    if dress.debt_shown:
        rows += _balance(who, dress, width)
    elif dress.privacy.show_debt is ShowDebt.ON_REQUEST:
        rows.append((2, Run(say("customer.debt-on-request"))))
    if who.asking:
        rows.append((7, Run(say("customer.asking"))))
    elif who.age_s is None:
        words = (say("customer.age-unknown"), say("customer.age-unknown-short"))
        rows.append((5, Run(fitting(width - _CHIP_CELLS, *words), Role.WARN)))
    elif not who.live:
        rows.append((5, Run(say("customer.age", age=dress.age(who.age_s)))))
    return rows


def _balance(who: CustomerView, dress: Dress, width: int) -> list[tuple[int, Run]]:
    rows = [(2, Run(_beside(_side(who.debt, dress), who.debt, dress, width)))]
    if who.debt_after is not None:
        rows.append((3, Run(_after(who.debt, who.debt_after, dress, width))))
    if who.in_question:
        words = _summed("in-question", who.pending, dress, width - _CHIP_CELLS)
        rows.append((6, Run(words, Role.WARN)))
    elif who.pending:
        rows.append((6, Run(_summed("pending", who.pending, dress, width))))
    rows.append((4, Run(_headroom(who, dress, width))))
    return rows


def _side(debt: Money, dress: Dress) -> str:
    side = "owes" if debt.minor > 0 else "advance" if debt.minor < 0 else "even"
    return dress.texts.say(f"customer.{side}")


def _after(before: Money, after: Money, dress: Dress, width: int) -> str:
    """Set what remains below what was; a word says which way it goes where that has changed."""
    say, side = dress.texts.say, _side(after, dress)
    if side == _side(before, dress):
        return _beside(say("customer.after"), after, dress, width)
    return _between(
        width,
        (say("customer.after"), f"{side} {dress.money(after)}"),
        (say("customer.after"), f"{side} {dress.figure(after)}"),
        (_THEN, f"{side} {dress.money(after)}"),
        (_THEN, f"{side} {dress.figure(after)}"),
    )


def _beside(label: str, money: Money, dress: Dress, width: int) -> str:
    return _between(width, (label, dress.money(money)), (label, dress.figure(money)))


def _between(width: int, *wordings: tuple[str, str]) -> str:
    """Set label and amount at the two edges of the column, in the first wording that fits."""
    fits = (one for one in wordings if cell_len(" ".join(one)) <= width)
    label, amount = next(fits, wordings[-1])
    return spread(label, amount, max(min(width, _MONEY_WIDTH), cell_len(f"{label} {amount}")))


def _summed(key: str, money: Money, dress: Dress, width: int) -> str:
    """Give the longest wording of a line with one amount that fits."""
    say = dress.texts.say
    return fitting(
        width,
        say(f"customer.{key}", sum=dress.money(money)),
        say(f"customer.{key}-short", sum=dress.money(money)),
        say(f"customer.{key}-short", sum=dress.figure(money)),
    )


def _headroom(who: CustomerView, dress: Dress, width: int) -> str:
    if who.headroom is None:
        return dress.texts.say("customer.no-limit")
    rest = who.headroom - (who.debt_after - who.debt) if who.debt_after is not None else None
    if rest is not None and rest.minor >= 0:
        return _summed("may-spend-after", rest, dress, width)
    return _summed("may-spend", who.headroom, dress, width)
