"""The figures in the Prometheus text format 0.0.4, for node-exporter's textfile collector.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/. Each metric has one HELP and
one TYPE, and no label names a person, a card or a customer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from taptill.domain.figures.condition import CONDITION_RULES, Condition, condition_of, findings
from taptill.domain.figures.durations import BOUNDS_S, DurationSummary
from taptill.domain.figures.reader import Care
from taptill.domain.figures.till import TillFigures
from taptill.domain.slips.printer import PrinterState
from taptill.domain.tap import ReaderState


class MetricType(StrEnum):
    """What a metric is."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


Number = int | float | str
"""A sample's value; an amount of money is written exactly, as a text."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value with its labels; `suffix` is that of a histogram's parts."""

    value: Number
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with its samples; one without samples is not known now and is not written."""

    name: str
    type: MetricType
    help: str
    samples: tuple[Sample, ...]


def metrics_text(figures: TillFigures) -> str:
    """Return the content of the text file."""
    return "".join(f"{line}\n" for metric in metrics(figures) for line in _lines(metric))


def metrics(figures: TillFigures) -> list[Metric]:
    """Return all metrics that are known."""
    groups = (_program, _readers, _times, _backend, _sending, _stores, _printer)
    return [metric for group in groups for metric in group(figures) if metric.samples]


def _program(figures: TillFigures) -> Iterator[Metric]:
    program = figures.program
    about = {"till": program.till, "version": program.version, "currency": figures.currency.code}
    now, found = condition_of(figures), {rule.word for rule in findings(figures)}
    yield _gauge("info", "Till, version and currency, as labels of 1.", 1, about)
    yield _gauge("uptime_seconds", "Seconds since the program was started.", program.uptime_s)
    yield _gauge("start_seconds", "From this start until the till was READY.", program.ready_s)
    yield _counter("starts_total", "Starts of this till.", program.starts)
    yield _counter("unclean_ends_total", "Runs that were killed or broke.", program.unclean_ends)
    yield _gauge("crash_files", "Crash files in the state directory.", program.crashes)
    yield _gauge("clock_trusted", "1 while wall time is known to be set.", program.clock_trusted)
    yield _one_of("condition", "1 for how the till is now.", now.value, "condition", Condition)
    yield Metric(
        "taptill_finding",
        MetricType.GAUGE,
        "1 for each thing that somebody should look at.",
        tuple(Sample(int(rule.word in found), {"finding": rule.word}) for rule in CONDITION_RULES),
    )
    yield _gauge("warnings", "Warnings above the recent sales.", figures.warnings)


def _readers(figures: TillFigures) -> Iterator[Metric]:
    readers = figures.readers
    named = [({"reader": reader.name}, reader) for reader in readers]

    def each(name: str, says: str, kind: MetricType, values: Iterable[Number | None]) -> Metric:
        pairs = zip(named, values, strict=True)
        samples = (Sample(value, labels) for (labels, _), value in pairs if value is not None)
        return Metric(f"taptill_reader_{name}", kind, says, tuple(samples))

    yield Metric(
        "taptill_reader_state",
        MetricType.GAUGE,
        "1 for the state that a reader has now.",
        tuple(
            Sample(int(reader.state is state), {**labels, "state": state.value})
            for labels, reader in named
            for state in ReaderState
        ),
    )
    yield each(
        "frames_total",
        "Good frames of a reader.",
        MetricType.COUNTER,
        (reader.frames for reader in readers),
    )
    yield Metric(
        "taptill_reader_bad_frames_total",
        MetricType.COUNTER,
        "Bad frames of a reader, by what was wrong.",
        tuple(
            Sample(count, {**labels, "fault": fault})
            for labels, reader in named
            for fault, count in reader.faults
        ),
    )
    yield each(
        "reopened_total",
        "How often a reader was opened anew.",
        MetricType.COUNTER,
        (reader.reopened for reader in readers),
    )
    yield each(
        "silent_seconds",
        "Seconds since a reader last said something.",
        MetricType.GAUGE,
        (reader.silent_s for reader in readers),
    )
    yield each(
        "needs_care",
        "1 where a reader should be cleaned, re-plugged or replaced.",
        MetricType.GAUGE,
        (int(reader.care is not Care.NONE) for reader in readers),
    )


def _times(figures: TillFigures) -> Iterator[Metric]:
    times = {
        "tap_to_verdict": ("From a tap to its verdict on the screen.", figures.verdicts),
        "confirm_to_durable": ("From Enter until the charge is on the disk.", figures.confirms),
        "journal_commit": ("Commits of the journal.", figures.journal.commits),
        "backend_lookup": ("Look-ups that the backend answered.", figures.backend.lookups),
    }
    for name, (says, summary) in times.items():
        samples = tuple(_histogram(summary))
        yield Metric(f"taptill_{name}_seconds", MetricType.HISTOGRAM, says, samples)


def _backend(figures: TillFigures) -> Iterator[Metric]:
    backend = figures.backend
    online = None if backend.online is None else int(backend.online)
    yield _gauge("backend_online", "1 while look-ups succeed, 0 while they fail.", online)
    yield _counter("backend_lookups_failed_total", "Look-ups that failed.", backend.lookups_failed)
    yield _gauge(
        "backend_certificate_days",
        "Days until the backend's certificate ends.",
        backend.certificate_days,
    )


def _sending(figures: TillFigures) -> Iterator[Metric]:
    sending, write = figures.sending, figures.currency.text
    units, question = write(sending.to_send_sum), write(sending.in_question)
    yield _gauge("to_send_customers", "Customers whose money is still to be sent.", sending.to_send)
    yield _gauge("to_send_units", "Money still to be sent, in units of the currency.", units)
    yield _gauge("to_clarify_cases", "Cases on the conflict desk.", sending.conflicts)
    yield _gauge("to_clarify_units", "Money of these cases, in units of the currency.", question)
    yield Metric(
        "taptill_settlements_total",
        MetricType.COUNTER,
        "How settling a customer ended.",
        tuple(Sample(count, {"outcome": word}) for word, count in sending.outcomes),
    )


def _stores(figures: TillFigures) -> Iterator[Metric]:
    cache, journal = figures.cache, figures.journal
    yield _gauge("cache_age_seconds", "Seconds since the last sync of the cache.", cache.age_s)
    yield _gauge("cache_customers", "Customers in the cache.", cache.rows)
    yield _counter("journal_entries_total", "Entries of the journal.", journal.entries)
    yield _gauge("journal_closed", "1 while the journal takes nothing.", bool(journal.closed_by))


def _printer(figures: TillFigures) -> Iterator[Metric]:
    printer = figures.printer
    if printer is None:
        return
    says = "1 for how the receipt printer was when it was last asked."
    yield _one_of("printer_state", says, printer.state.value, "state", PrinterState)
    yield _gauge("printer_slips_waiting", "Slips that wait for the printer.", printer.waiting)
    yield _counter("printer_slips_dropped_total", "Slips asked for in vain.", printer.dropped)


def _gauge(
    name: str, says: str, value: Number | None, labels: Mapping[str, str] | None = None
) -> Metric:
    samples = () if value is None else (Sample(_number(value), labels or {}),)
    return Metric(f"taptill_{name}", MetricType.GAUGE, says, samples)


def _counter(name: str, says: str, value: int | None) -> Metric:
    samples = () if value is None else (Sample(value),)
    return Metric(f"taptill_{name}", MetricType.COUNTER, says, samples)


def _one_of(name: str, says: str, now: str, label: str, words: Iterable[StrEnum]) -> Metric:
    samples = tuple(Sample(int(word.value == now), {label: word.value}) for word in words)
    return Metric(f"taptill_{name}", MetricType.GAUGE, says, samples)


def _histogram(summary: DurationSummary) -> Iterator[Sample]:
    below = 0
    for bound_s, count in zip((*BOUNDS_S, "+Inf"), summary.classes, strict=True):
        below += count
        yield Sample(below, {"le": str(bound_s)}, "_bucket")
    yield Sample(summary.sum_s, suffix="_sum")
    yield Sample(summary.count, suffix="_count")


def _number(value: Number) -> Number:
    return int(value) if isinstance(value, bool) else value


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help}"
    yield f"# TYPE {metric.name} {metric.type.value}"
    for sample in metric.samples:
        pairs = ",".join(f'{name}="{_escaped(text)}"' for name, text in sample.labels.items())
        braces = f"{{{pairs}}}" if pairs else ""
        yield f"{metric.name}{sample.suffix}{braces} {sample.value}"


def _escaped(text: str) -> str:
    """Return a label's value as the format wants it: no end of a line and no quote is left."""
    printable = "".join(letter if letter.isprintable() else "?" for letter in text)
    return printable.replace("\\", "\\\\").replace('"', '\\"')
