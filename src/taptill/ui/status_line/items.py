"""The items of the status line, the most needed of which stay where it is narrow."""

from dataclasses import replace

from rich.cells import cell_len

from taptill.checkout.view import Link, StatusView
from taptill.domain.slips.printer import PrinterHealth, is_well
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.ui.banner import broken_readers
from taptill.ui.rows import ColourRole, Run, clip
from taptill.ui.screen_settings import ScreenSettings

NAME_CELLS = 16
"""A name of a till, a reader or somebody of the staff takes no more."""

_RANK_WELL = 8


def status_items(status: StatusView, settings: ScreenSettings, width: int) -> list[tuple[int, Run]]:
    """Return the items that fit, each with its rank; those of the highest rank are left out first.

    What the office must clarify is left out after all but link and readers. Before that, these two
    are worded shorter, and *0 to send* is left out first.
    """
    to_send = Run(settings.texts.say("status.to-send", count=str(status.to_send)))
    is_less = bool(status.conflicts) and not status.to_send
    needed_ranks = {0, 1, 2} if status.conflicts else {0, 1}
    for link, readers in _wordings(status, settings):
        ranked_items = [
            (6, _clipped(status.till, settings)),
            (6, _clipped(status.staff, settings)),
            (0, link),
            (1, readers),
            (2, _conflicts(status, settings)),
            (7 if is_less else 3, to_send),
            (4, _cache_age(status, settings)),
            (_printer_rank(status.printer), _printer(status.printer, settings)),
            (5, Run(status.time) if status.time else None),
        ]
        items = [(rank, run) for rank, run in ranked_items if run is not None]
        while len(items) > 1 and _status_cells(items) > width:
            items.remove(max(items, key=lambda item: item[0]))
        if needed_ranks <= {rank for rank, _ in items}:
            break
    return items


def _clipped(name: str, settings: ScreenSettings) -> Run | None:
    return Run(clip(settings.clean(name), NAME_CELLS)) if name else None


def _wordings(status: StatusView, settings: ScreenSettings) -> list[tuple[Run, Run]]:
    """Return wordings of link and readers, the longest first."""
    say = settings.texts.say
    link, readers = _link(status, settings), _readers(status.readers, settings)
    bare_link = _link(replace(status, latency_ms=None, offline_since=""), settings)
    brief = bare_link
    if status.link is Link.OFFLINE and status.offline_since:
        brief = bare_link._replace(text=f" {say('status.offline', since=status.offline_since)} ")
    state = readers
    not_ok = [reader for reader in status.readers if reader.state is not ReaderState.OK]
    if worst := next(iter([*broken_readers(status.readers), *not_ok]), None):
        words = say(f"reader.{worst.state}.status")
        state = readers._replace(text=words if readers.role is ColourRole.TEXT else f" {words} ")
    return [(link, readers), (brief, readers), (brief, state), (bare_link, state)]


def _status_cells(items: list[tuple[int, Run]]) -> int:
    return 1 + sum(cell_len(run.text) for _, run in items) + 3 * (len(items) - 1)


def _link(status: StatusView, settings: ScreenSettings) -> Run:
    values = {"since": status.offline_since} if status.offline_since else {}
    if status.latency_ms is not None:
        values["ms"] = str(status.latency_ms)
    text = settings.texts.say_if_known(f"link.{status.link}", values)
    is_normal = status.link in {Link.ONLINE, Link.UNKNOWN}
    return Run(text) if is_normal else Run(f" {text} ", ColourRole.WARN)


def _readers(readers: tuple[ReaderHealth, ...], settings: ScreenSettings) -> Run:
    say = settings.texts.say
    if not readers:
        return Run(say("status.reader", state=say("status.no-reader")))
    worst = next(iter(broken_readers(readers)), None)
    if worst is None:
        opening = next(
            (reader for reader in readers if reader.state is ReaderState.OPENING), readers[0]
        )
        return Run(say("status.reader", state=say(f"reader.{opening.state}.status")))
    state = say(f"reader.{worst.state}.status")
    name = clip(settings.clean(worst.reader), NAME_CELLS)
    has_several = len(readers) > 1
    text = (
        say("status.reader-named", reader=name, state=state)
        if has_several
        else say("status.reader", state=state)
    )
    return Run(f" {text} ", ColourRole.WARN)


def _conflicts(status: StatusView, settings: ScreenSettings) -> Run | None:
    if not status.conflicts:
        return None
    text = settings.texts.say("status.conflicts", count=str(status.conflicts))
    return Run(f" {text} ", ColourRole.WARN)


def _cache_age(status: StatusView, settings: ScreenSettings) -> Run | None:
    if status.cache_age_s is None:
        return None
    return Run(settings.texts.say("status.age", age=settings.age(status.cache_age_s)))


def _printer_rank(printer: PrinterHealth | None) -> int:
    """Return that a printer which prints may be left out first, and another one late."""
    return _RANK_WELL if printer is None or is_well(printer) else 4


def _printer(printer: PrinterHealth | None, settings: ScreenSettings) -> Run | None:
    if printer is None:
        return None
    say = settings.texts.say
    text = say("status.printer", state=say(f"printer.{printer.state}"))
    if printer.waiting:
        text = f"{text}, {say('status.slips', count=str(printer.waiting))}"
    return Run(text) if is_well(printer) else Run(f" {text} ", ColourRole.WARN)
