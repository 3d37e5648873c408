"""The items of the status line, the most needed of which stay where it is narrow."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from operator import itemgetter

from rich.cells import cell_len

from taptill.checkout.view import Link, StatusView
from taptill.domain.customer import initials
from taptill.domain.slips.printer import PrinterHealth, is_well
from taptill.domain.tap import ReaderHealth, ReaderState, reader_number
from taptill.ui.banner import broken_readers
from taptill.ui.rows import ColourRole, Run, clip
from taptill.ui.screen_settings import ScreenSettings

NAME_CELLS = 16
"""A name of a till, a reader or somebody of the staff takes no more."""

_LINK, _READERS, _CONFLICTS, _TO_SEND, _PRINTER, _STAFF, _AGE, _TIME, _TILL = range(9)
"""The items by rank: the first ones stay longest where room is short."""

_NONE_TO_SEND, _WELL = 9, 10
"""Ranks of *0 to send* where room is short, and of a printer that prints."""

_MARGIN, _DIVIDER = 1, 3
"""Cells before the first item, and between two."""

RankedItem = tuple[int, Run]


def status_items(status: StatusView, settings: ScreenSettings, width: int) -> list[RankedItem]:
    """Return the items that fit, each with its rank: by rank, each one that there is room for.

    What the office must clarify is left out after all but link and readers. Before that, these two
    are worded shorter, and *0 to send* is left out first. They are worded shorter, too, so that who
    is logged in stays, by name or by initials, and the cache's age beside it; and where there is
    no room for the printer, who is logged in.
    """
    needed = {_LINK, _READERS, _CONFLICTS} if status.conflicts else {_LINK, _READERS}
    with_staff = {*range(_STAFF + 1)}
    wanted = [
        (with_staff | {_AGE}, False),
        (with_staff, False),
        (with_staff, True),
        (with_staff - {_PRINTER}, False),
        (with_staff - {_PRINTER}, True),
    ]
    wordings = [
        {_LINK: link, _READERS: readers, _STAFF: staff}
        for link, readers in _wordings(status, settings)
        for staff in _staff_names(status, settings)
    ]
    others = _other_items(status, settings)

    @cache  # several wishes try the same ones
    def tried(number: int, *, is_brief: bool) -> tuple[list[RankedItem], set[int]]:
        items = _ranked_items(status, {**others, **wordings[number]}, is_brief=is_brief)
        return items, _fitting(items, width)

    for ranks, is_brief in (*(wanted if status.staff else ()), (needed, False)):
        for number in range(len(wordings)):
            items, fitting = tried(number, is_brief=is_brief)
            if all(rank in fitting for rank, _ in items if rank in ranks):
                return [item for item in items if item[0] in fitting]
    return [item for item in items if item[0] in fitting]


def _other_items(status: StatusView, settings: ScreenSettings) -> dict[int, Run | None]:
    """Return the items that have one wording, by rank."""
    return {
        _TILL: _clipped(status.till, settings),
        _CONFLICTS: _conflicts(status, settings),
        _TO_SEND: Run(settings.texts.say("status.to-send", count=str(status.to_send))),
        _AGE: _cache_age(status, settings),
        _PRINTER: printer_item(status.printer, settings),
        _TIME: Run(status.time) if status.time else None,
    }


def _ranked_items(
    status: StatusView, runs: Mapping[int, Run | None], *, is_brief: bool
) -> list[RankedItem]:
    """Return all items from the left, each with its rank; brief: *0 to send* is left out first."""
    is_less = (is_brief or bool(status.conflicts)) and not status.to_send
    ranks = {_TO_SEND: _NONE_TO_SEND if is_less else _TO_SEND}
    ranks[_PRINTER] = _printer_rank(status.printer)
    order = (_TILL, _STAFF, _LINK, _READERS, _CONFLICTS, _TO_SEND, _AGE, _PRINTER, _TIME)
    return [(ranks.get(rank, rank), run) for rank in order if (run := runs[rank])]


def _fitting(items: list[RankedItem], width: int) -> set[int]:
    """Return the first rank, and that of each further item that fits beside those before it."""
    room = width - _MARGIN + _DIVIDER
    fitting: set[int] = set()
    for rank, run in sorted(items, key=itemgetter(0)):
        cells = cell_len(run.text) + _DIVIDER
        if cells <= room or not fitting:
            fitting.add(rank)
            room -= cells
    return fitting


def _staff_names(status: StatusView, settings: ScreenSettings) -> list[Run | None]:
    """Return wordings of who is logged in, the longest first."""
    return [_clipped(name, settings) for name in (status.staff, initials(status.staff))]


def _clipped(name: str, settings: ScreenSettings) -> Run | None:
    return Run(clip(settings.clean(name), NAME_CELLS)) if name else None


def _wordings(status: StatusView, settings: ScreenSettings) -> list[tuple[Run, Run]]:
    """Return wordings of link and readers, the longest first."""
    say = settings.texts.say
    link, readers = link_item(status, settings), _readers(status.readers, settings)
    bare_link = link_item(replace(status, latency_ms=None, offline_since=""), settings)
    brief = bare_link
    if status.link is Link.OFFLINE and status.offline_since:
        brief = bare_link._replace(text=f" {say('status.offline', since=status.offline_since)} ")
    state = readers
    not_ok = [reader for reader in status.readers if reader.state is not ReaderState.OK]
    if worst := next(iter([*broken_readers(status.readers), *not_ok]), None):
        words = say(f"reader.{worst.state}.status")
        state = readers._replace(text=words if readers.role is ColourRole.TEXT else f" {words} ")
    return [(link, readers), (brief, readers), (brief, state), (bare_link, state)]


def link_item(status: StatusView, settings: ScreenSettings) -> Run:
    """Return whether the backend answers."""
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
    text = say("status.reader", state=state)
    if len(readers) > 1:
        text = named_reader(worst.reader, state, settings)
    return Run(f" {text} ", ColourRole.WARN)


def named_reader(name: str, state: str, settings: ScreenSettings) -> str:
    """Return which reader is how, where there are several: `READER 2 lost`."""
    which = reader_number(name) or clip(settings.clean(name), NAME_CELLS)
    return settings.texts.say("status.reader-named", reader=which, state=state)


def reader_words(name: str, settings: ScreenSettings) -> str:
    """Return a reader's name in the screen's language."""
    if number := reader_number(name):
        return settings.texts.say("status.reader-numbered", number=number)
    return clip(settings.clean(name), NAME_CELLS)


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
    return _WELL if printer is None or is_well(printer) else _PRINTER


def printer_item(printer: PrinterHealth | None, settings: ScreenSettings) -> Run | None:
    """Return how the printer is, and how many slips wait for it; None: there is none."""
    if printer is None:
        return None
    say = settings.texts.say
    text = say("status.printer", state=say(f"printer.{printer.state}"))
    if printer.waiting:
        text = f"{text}, {say('status.slips', count=str(printer.waiting))}"
    return Run(text) if is_well(printer) else Run(f" {text} ", ColourRole.WARN)
