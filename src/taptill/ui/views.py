"""A TillView in, a Screen out: every cell of the till screen, computed and never queried."""

from dataclasses import dataclass, replace
from enum import StrEnum

from rich.cells import cell_len

from taptill.checkout.session import Step
from taptill.checkout.view import Link, SaleState, SaleView, StatusView, TillView
from taptill.domain.decision import Reason
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui.band import Verdict, band, broken_readers, unusable_reader, verdict
from taptill.ui.dress import Dress
from taptill.ui.layout import Box, Plan, plan, too_small
from taptill.ui.panels import customer, sale
from taptill.ui.rows import (
    Role,
    Row,
    Rows,
    Run,
    bare,
    block,
    clip,
    fitting,
    frame,
    pad,
    spread,
    wrap,
)

_NAME_CELLS = 16
_AMOUNT_CELLS = 9
_INITIALS_CELLS = 6
_MISSING = frozenset({Reason.NO_CREDIT, Reason.OFFLINE_CAP})

HELP = (
    "confirm", "cancel", "digits", "back", "letters", "add",
    "void", "leave", "repeat", "pick", "repaint", "help",
)  # fmt: skip


class Aside(StrEnum):
    """What the cashier has asked of the screen itself, not of the till."""

    NONE = "none"
    HELP = "help"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Screen:
    """The rows of each region, as wide as its box; regions that are not shown are empty."""

    status: Rows
    sale: Rows
    customer: Rows
    band: Rows
    strip: Rows
    keys: Rows
    verdict: Verdict


def screen(
    view: TillView | None, dress: Dress, size: tuple[int, int], aside: Aside = Aside.NONE
) -> Screen:
    """Draw a view for a terminal of (columns, rows); None: the till has not spoken yet."""
    width, height = size
    said = verdict(view, dress)
    if too_small(width, height):
        lines = [Run(line) for line in wrap(dress.texts.say("small.sentence"), width)]
        return Screen((), (), (), bare(lines, width, height), (), (), said)
    places = plan(width, height)
    shown = view or TillView(Step.READY, StatusView(""))
    if aside is Aside.LEAVE:
        said = replace(said, cashier=_leave(view, dress))
    return Screen(
        status=(_status(view, dress, width),),
        sale=_left(shown, dress, places, aside),
        customer=_right(shown, dress, places, aside),
        band=band(said, places),
        strip=_strip(shown, dress, places),
        keys=(_keys(shown, dress, width, aside),),
        verdict=said,
    )


def _leave(view: TillView | None, dress: Dress) -> str:
    if view is None:
        return dress.texts.say("leave.starting")
    say, status = dress.texts.say, view.status
    count, total = str(status.to_send), dress.sum(status.to_send_sum)
    if status.conflicts:
        lost = dress.sum(status.in_question)
        figures = {"conflicts": str(status.conflicts), "lost": lost, "count": count, "sum": total}
        return say("leave.desk", **figures)
    return say("leave.kept", count=count, sum=total) if status.to_send else say("leave.clean")


def _boxed(title: str, runs: list[Run], box: Box, places: Plan) -> Rows:
    if places.framed:
        return frame(title, runs, box.width, box.height)
    return bare([replace(run, text=f" {run.text}") for run in runs], box.width, box.height)


def _inside(box: Box, places: Plan) -> tuple[int, int]:
    return (box.width - 4, box.height - 2) if places.framed else (box.width - 2, box.height)


def _left(view: TillView, dress: Dress, places: Plan, aside: Aside) -> Rows:
    width, rows = _inside(places.sale, places)
    if aside is Aside.HELP:
        helps = [Run(dress.texts.say(f"help.{key}")) for key in HELP[:rows]]
        return _boxed(dress.texts.say("panel.help"), helps, places.sale, places)
    runs = sale(view, dress, width, rows)
    return _boxed(dress.texts.say("panel.sale"), runs, places.sale, places)


def _right(view: TillView, dress: Dress, places: Plan, aside: Aside) -> Rows:
    width, rows = _inside(places.customer, places)
    if aside is Aside.HELP:
        helps = [Run(dress.texts.say(f"help.{key}")) for key in HELP[rows : 2 * rows]]
        return _boxed(dress.texts.say("panel.help"), helps, places.customer, places)
    runs = customer(view, dress, width, rows)
    return _boxed(dress.texts.say("panel.customer"), runs, places.customer, places)


def _status(view: TillView | None, dress: Dress, width: int) -> Row:
    """Name link, readers and what waits; age, till and time give way, never half of one."""
    say = dress.texts.say
    if view is None:  # what waits is not known before the journal is open
        return (Run(pad(f" {say('link.unknown')}", width)),)
    row: list[Run] = [Run(" ")]
    items = _status_items(view, dress, width)
    for _, run in items:
        divider = [Run(" │ ")] if len(row) > 1 else []
        row += [*divider, run]
    used = sum(cell_len(run.text) for run in row)
    return (*row, Run(" " * (width - used)))


def _status_items(view: TillView, dress: Dress, width: int) -> list[tuple[int, Run]]:
    """Choose what has room; what the office must clarify outlasts all but link and readers.

    These say it shorter before that gives way, and *0 to send* is the first to go beside it.
    """
    status = view.status
    to_send = Run(dress.texts.say("status.to-send", count=str(status.to_send)))
    is_less = bool(status.conflicts) and not status.to_send
    needed = {0, 1, 2} if status.conflicts else {0, 1}
    for link, readers in _wordings(view, dress):
        ranked = [
            (6, Run(clip(dress.clean(status.till), _NAME_CELLS)) if status.till else None),
            (0, link),
            (1, readers),
            (2, _conflicts(status, dress)),
            (7 if is_less else 3, to_send),
            (4, _cache_age(status, dress)),
            (5, Run(status.time) if status.time else None),
        ]
        items = [(rank, run) for rank, run in ranked if run is not None]
        while len(items) > 1 and _status_cells(items) > width:
            items.remove(max(items, key=lambda item: item[0]))
        if needed <= {rank for rank, _ in items}:
            break
    return items


def _wordings(view: TillView, dress: Dress) -> list[tuple[Run, Run]]:
    """Word link and readers ever shorter."""
    say, status = dress.texts.say, view.status
    link, readers = _link(status, dress), _readers(view, dress)
    bare_link = _link(replace(status, latency_ms=None, offline_since=""), dress)
    brief = bare_link
    if status.link is Link.OFFLINE and status.offline_since:
        brief = replace(bare_link, text=f" {say('status.offline', since=status.offline_since)} ")
    state = readers
    not_ok = [one for one in status.readers if one.state is not ReaderState.OK]
    if worst := next(iter([*broken_readers(view), *not_ok]), None):
        words = say(f"reader.{worst.state}.status")
        state = replace(readers, text=words if readers.role is Role.TEXT else f" {words} ")
    return [(link, readers), (brief, readers), (brief, state), (bare_link, state)]


def _status_cells(items: list[tuple[int, Run]]) -> int:
    return 1 + sum(cell_len(run.text) for _, run in items) + 3 * (len(items) - 1)


def _link(status: StatusView, dress: Dress) -> Run:
    known = {"since": status.offline_since} if status.offline_since else {}
    if status.latency_ms is not None:
        known["ms"] = str(status.latency_ms)
    text = dress.texts.say_if_known(f"link.{status.link}", known)
    calm = status.link in {Link.ONLINE, Link.UNKNOWN}
    return Run(text) if calm else Run(f" {text} ", Role.WARN)


def _readers(view: TillView, dress: Dress) -> Run:
    say, readers = dress.texts.say, view.status.readers
    if not readers:
        return Run(say("status.reader", state=say("status.no-reader")))
    worst = next(iter(broken_readers(view)), None)
    if worst is None:
        opening = next((one for one in readers if one.state is ReaderState.OPENING), readers[0])
        return Run(say("status.reader", state=say(f"reader.{opening.state}.status")))
    state = say(f"reader.{worst.state}.status")
    name = clip(dress.clean(worst.reader), _NAME_CELLS)
    many = len(readers) > 1
    text = (
        say("status.reader-named", reader=name, state=state)
        if many
        else say("status.reader", state=state)
    )
    return Run(f" {text} ", Role.WARN)


def _conflicts(status: StatusView, dress: Dress) -> Run | None:
    if not status.conflicts:
        return None
    text = dress.texts.say("status.conflicts", count=str(status.conflicts))
    return Run(f" {text} ", Role.WARN)


def _cache_age(status: StatusView, dress: Dress) -> Run | None:
    if status.cache_age_s is None:
        return None
    return Run(dress.texts.say("status.age", age=dress.age(status.cache_age_s)))


def _strip(view: TillView, dress: Dress, places: Plan) -> Rows:
    """Show what calls for somebody first, then the last sales, newest on top."""
    box = places.strip
    folded = box.height == 1
    rows = 1 if folded else box.height - 2
    width = box.width - (2 if folded else 4)
    sales = [Run(_sale(one, dress, width)) for one in view.strip]
    calls = _calls(view, dress) + ([] if folded else _reader_hints(view, dress))
    kept = max(1, rows - 1) if sales else rows
    if len(calls) > kept:
        rest, last = f" +{len(calls) - kept}", calls[kept - 1]
        calls = [
            *calls[: kept - 1],
            replace(last, text=clip(last.text, width - 2 - len(rest)) + rest),
        ]
    runs = block([*calls, *sales], rows)
    if folded:
        return bare([replace(run, text=f" {run.text}") for run in runs], box.width, 1)
    return frame(dress.texts.say("panel.strip"), runs, box.width, box.height)


def _calls(view: TillView, dress: Dress) -> list[Run]:
    status = view.status
    alarms = [Run(dress.texts.say(f"alarm.{alarm}"), Role.REFUSED) for alarm in status.alarms]
    warnings = [Run(dress.clean(warning), Role.WARN) for warning in status.warnings]
    return [*alarms, *warnings]


def _reader_hints(view: TillView, dress: Dress) -> list[Run]:
    """Say what to do about a reader that fails beside others; the status line has its state."""
    if unusable_reader(view):
        return []
    return [
        Run(f"{clip(dress.clean(one.reader), _NAME_CELLS)}: {_hint(one, dress)}", Role.WARN)
        for one in broken_readers(view)
    ]


def _hint(reader: ReaderHealth, dress: Dress) -> str:
    return dress.texts.say_if_known(f"reader.{reader.state}.cashier", {})


def _sale(one: SaleView, dress: Dress, width: int) -> str:
    amount = dress.money(one.amount).rjust(_AMOUNT_CELLS)
    who = pad(dress.clean(one.initials), _INITIALS_CELLS)
    place = f"{one.time:>5} {amount}  {who}  "
    said = place + fitting(width - cell_len(place), *_sale_states(one, dress))
    hint = dress.texts.say("sale.hint") if one.can_void else ""
    return spread(said, hint, width) if cell_len(f"{said} {hint}") < width else pad(said, width)


def _sale_states(one: SaleView, dress: Dress) -> list[str]:
    """Give the words for how far a sale has come, the longest first."""
    say = dress.texts.say
    if one.voided:
        return [say("sale.voided")]
    key = f"sale.void-{one.state}" if one.amount.minor < 0 else f"sale.{one.state}"
    if one.state is not SaleState.REFUSED:
        return [say(key), say(f"{key}-short")]
    why = say(f"reason.{one.reason}.short") if one.reason else "?"
    words = [say("sale.refused", why=why), say("sale.refused-short")]
    if one.missing is not None and one.reason in _MISSING and dress.debt_shown:
        missing = say("sale.missing", why=why, missing=dress.money(one.missing))
        words.insert(0, say("sale.refused", why=missing))
    return words


def _keys(view: TillView, dress: Dress, width: int, aside: Aside) -> Row:
    names = ("back", "leave") if aside is Aside.HELP else ("confirm", "cancel", "help", "void")
    shown: list[str] = []
    for name in names:
        text = dress.texts.say(f"key.{name}")
        if cell_len(" " + "  ".join([*shown, text])) <= width:
            shown.append(text)
    if view.step is Step.CLOSED:
        shown = [dress.texts.say("key.help")]
    return (Run(pad(" " + "  ".join(shown), width)),)
