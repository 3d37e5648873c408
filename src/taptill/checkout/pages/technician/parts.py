"""The parts of the technician's page: figures in, rows out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import log10

from taptill.checkout.pages.page import Bar, BarScale, Cell, PageRow, Phrase, Tone, phrase
from taptill.domain.figures.durations import BOUNDS_S, DurationSummary
from taptill.domain.figures.reader import Care, LastRead, ReaderFigures
from taptill.domain.figures.till import TillFigures
from taptill.domain.slips.printer import PrinterHealth, is_well
from taptill.domain.tap import ReaderState, reader_number


class PartName(StrEnum):
    """The parts in their order; each is a key of the screen texts."""

    READERS = "readers"
    TIMES = "times"
    TAPS = "taps"
    SALES = "sales"
    SERVER = "server"
    SENDING = "sending"
    TILL = "till"


Rows = tuple[PageRow, ...]
Shown = tuple[Rows, Rows]
"""The rows that always stay, and those that scroll."""


@dataclass(frozen=True, slots=True)
class FigurePart:
    """One part: what it shows of the figures, and of what was read last."""

    name: PartName
    shows: Callable[[TillFigures, Sequence[LastRead]], Shown]


_OCTETS_A_ROW = 10
_MS, _LONG_S = 1000, 10.0
_AGES = (("d", 86_400), ("h", 3_600), ("min", 60))
_PLOTTED_S = (0.005, 0.01, 0.05, 0.1, 0.25)
"""The plot has fewer classes than the histogram: it fits seven rows."""

_SLOWEST_S, _QUICKEST_S = 10.0, 0.001
"""The ends of the scale on which a duration is drawn, by its logarithm."""


def _readers(figures: TillFigures, last_reads: Sequence[LastRead]) -> Shown:
    """Return how each reader is, what it needs, and what it has read last."""
    last = {read.reader: read for read in last_reads}
    rows = [
        row
        for reader in figures.readers
        for row in _reader(reader, last.get(reader.name) or LastRead(reader=reader.name))
    ]
    return (), tuple(rows)


def _reader(reader: ReaderFigures, last: LastRead) -> Iterator[PageRow]:
    tone = Tone.PLAIN if reader.state is ReaderState.OK else Tone.CAREFUL
    number = reader_number(reader.name)
    name: Cell = phrase("status.reader-numbered", number=number) if number else reader.name
    yield PageRow((name, phrase(f"reader.{reader.state}.status")), tone)
    if reader.care is not Care.NONE:
        yield PageRow((phrase("row.needs"), phrase(f"care.{reader.care}")), Tone.CAREFUL)
    if last.card:
        yield PageRow((phrase("row.last-card"), last.card))
    for at in range(0, len(last.octets), _OCTETS_A_ROW):
        label: Cell = "" if at else phrase("row.last-bytes")
        yield PageRow((label, last.octets[at : at + _OCTETS_A_ROW].hex(" ").upper()))
    counts = phrase("row.good-bad", good=reader.frames, bad=reader.bad_frames)
    yield PageRow((phrase("row.frames"), counts))
    if reader.faults:
        faults = ", ".join(f"{fault} {count}" for fault, count in reader.faults)
        yield PageRow((phrase("row.faults"), faults))
    heard = phrase("row.never") if reader.silent_s is None else _age(reader.silent_s)
    yield PageRow((phrase("row.heard"), heard))
    yield PageRow((phrase("row.reopened"), phrase("row.times", count=reader.reopened)))


def row_of_newest(figures: TillFigures, last_reads: Sequence[LastRead]) -> int:
    """Return at which row of the readers the one begins that has read something last."""
    newest = min(last_reads, key=lambda read: read.ago_s, default=LastRead(reader=""))
    names = [reader.name for reader in figures.readers]
    before = figures.readers[: names.index(newest.reader)] if newest.reader in names else ()
    _, rows = _readers(replace(figures, readers=before), last_reads)
    return len(rows)


def _times(figures: TillFigures, _: Sequence[LastRead]) -> Shown:
    """Return the percentiles of all that is timed, 95 % as a bar on a scale of 1 ms to 10 s."""
    timed = {
        "row.verdicts": figures.verdicts,
        "row.confirms": figures.confirms,
        "row.commits": figures.journal.commits,
        "row.lookups": figures.backend.lookups,
    }
    head = PageRow(("", "p50", "p95", "p99", BarScale("1ms-10s")))
    rows = [
        PageRow(
            (
                phrase(label),
                _duration(times.p50_s),
                _duration(times.p95_s),
                _duration(times.p99_s),
                Bar(_place(times.p95_s)),
            )
        )
        for label, times in timed.items()
    ]
    return (), (head, *rows)


def _taps(figures: TillFigures, _: Sequence[LastRead]) -> Shown:
    """Return how the last taps are spread."""
    return _plot(figures.verdicts)


def _sales(figures: TillFigures, _: Sequence[LastRead]) -> Shown:
    """Return how the last sales are spread."""
    return _plot(figures.confirms)


def _plot(times: DurationSummary) -> Shown:
    values = (_duration(times.p50_s), _duration(times.p95_s), _duration(times.p99_s))
    p50, p95, p99 = values
    head = PageRow((phrase("row.newest", count=times.recent, p50=p50, p95=p95, p99=p99),))
    counts = [0] * (len(_PLOTTED_S) + 1)
    for bound_s, count in zip((*BOUNDS_S, None), times.recent_classes, strict=True):
        counts[_class_of(bound_s)] += count
    most = max(counts)
    labels: list[Cell] = [f"≤ {_duration(bound_s)}" for bound_s in _PLOTTED_S]
    labels.append(phrase("row.longer"))
    rows = [
        PageRow((label, str(count), Bar(-(-count * 100 // most) if most else 0)))
        for label, count in zip(labels, counts, strict=True)
    ]
    return (head,), tuple(rows)


def _class_of(bound_s: float | None) -> int:
    if bound_s is None:
        return len(_PLOTTED_S)
    return sum(plotted_s < bound_s for plotted_s in _PLOTTED_S)


def _server(figures: TillFigures, _: Sequence[LastRead]) -> Shown:
    """Return how the backend answers."""
    backend = figures.backend
    link = {None: "link.unknown", True: "link.online-bare", False: "link.offline-bare"}
    tone = Tone.CAREFUL if backend.online is False else Tone.PLAIN
    rows = [
        PageRow((phrase("row.server"), phrase(link[backend.online])), tone),
        PageRow((phrase("row.lookups"), str(backend.lookups.count))),
        PageRow(("p50, p95", _two(backend.lookups))),
        PageRow((phrase("row.failed"), str(backend.lookups_failed))),
    ]
    if backend.error_code:
        rows.append(PageRow((phrase("row.error"), backend.error_code), Tone.CAREFUL))
    if backend.update_error:
        rows.append(PageRow((phrase("row.update-error"), backend.update_error), Tone.CAREFUL))
    if backend.certificate_days is not None:
        days = phrase("age.d", n=backend.certificate_days)
        rows.append(PageRow((phrase("row.certificate"), days)))
    return (), (*rows, *_cache(figures))


def _cache(figures: TillFigures) -> Iterator[PageRow]:
    cache = figures.cache
    if cache.rows is not None:
        yield PageRow((phrase("row.cached"), str(cache.rows)))
    age: Cell = phrase("customer.age-unknown-short") if cache.age_s is None else _age(cache.age_s)
    yield PageRow((phrase("row.cache-age"), age))


def _sending(figures: TillFigures, _: Sequence[LastRead]) -> Shown:
    """Return what waits to be sent, and how sending has gone."""
    sending = figures.sending
    tone = Tone.PLAIN if sending.state == "running" else Tone.BAD
    desk_tone = Tone.CAREFUL if sending.conflicts else Tone.PLAIN
    waits = (phrase("row.customers-to-send"), str(sending.to_send), sending.to_send_sum)
    desk = (phrase("row.in-question"), str(sending.conflicts), sending.in_question)
    rows = [
        PageRow((phrase(f"sending.{sending.state}"),), tone),
        PageRow(waits),
        PageRow(desk, desk_tone),
    ]
    rows += [
        PageRow((phrase(f"outcome.{word}"), str(count), "")) for word, count in sending.outcomes
    ]
    return (), tuple(rows)


def _till(figures: TillFigures, _: Sequence[LastRead]) -> Shown:
    """Return the program, its starts, the clock and the journal."""
    program, journal = figures.program, figures.journal
    is_doubtful = program.clock_doubtful
    clock = "clock.trusted" if program.clock_trusted else "clock.kept"
    starts = phrase("row.ended-badly", count=program.starts or 0, bad=program.unclean_ends or 0)
    rows = [
        PageRow((phrase("row.version"), program.version)),
        PageRow((phrase("row.up"), _age(program.uptime_s))),
        PageRow((phrase("row.starts"), starts)),
        PageRow(
            (phrase("row.clock"), phrase("clock.doubtful" if is_doubtful else clock)),
            Tone.CAREFUL if is_doubtful else Tone.PLAIN,
        ),
        PageRow((phrase("row.entries"), str(journal.entries))),
        PageRow((phrase("row.commits"), _two(journal.commits))),
    ]
    if figures.printer:
        rows.append(_printer(figures.printer))
    if crash := program.last_crash:
        rows.append(PageRow((phrase("row.crash"), crash.fault), Tone.CAREFUL))
        rows.append(PageRow(("", crash.place), Tone.CAREFUL))
    if journal.closed_by:
        rows.insert(0, PageRow((phrase("step.closed.word"), journal.closed_by), Tone.BAD))
    return (), tuple(rows)


def _printer(printer: PrinterHealth) -> PageRow:
    words = phrase(f"printer.{printer.state}")
    if printer.waiting:
        words = phrase("row.slips-waiting", count=printer.waiting)
    return PageRow((phrase("row.printer"), words), Tone.PLAIN if is_well(printer) else Tone.CAREFUL)


PARTS = (
    FigurePart(PartName.READERS, _readers),
    FigurePart(PartName.TIMES, _times),
    FigurePart(PartName.TAPS, _taps),
    FigurePart(PartName.SALES, _sales),
    FigurePart(PartName.SERVER, _server),
    FigurePart(PartName.SENDING, _sending),
    FigurePart(PartName.TILL, _till),
)
"""All parts, each of which has a number and its key."""


def _duration(seconds: float | None) -> str:
    """Return a duration for people, `12 ms`; a dash before the first one."""
    if seconds is None:
        return "-"
    if seconds >= _LONG_S:
        return f"{round(seconds)} s"
    milliseconds = round(seconds * _MS)
    return f"{milliseconds} ms" if milliseconds else "< 1 ms"


def _two(times: DurationSummary) -> str:
    return f"{_duration(times.p50_s)}, {_duration(times.p95_s)}"


def _place(seconds: float | None) -> int:
    """Return where on the scale a duration is, in percent; 0 before the first one."""
    if seconds is None:
        return 0
    within_s = min(max(seconds, _QUICKEST_S), _SLOWEST_S)
    return round(100 * log10(within_s / _QUICKEST_S) / log10(_SLOWEST_S / _QUICKEST_S))


def _age(seconds: float) -> Phrase:
    """Return an age in the largest unit of which it has at least one."""
    unit, of_s = next((age for age in _AGES if seconds >= age[1]), ("s", 1))
    return phrase(f"age.{unit}", n=int(seconds) // of_s)
