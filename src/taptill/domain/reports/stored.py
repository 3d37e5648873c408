"""A Z in, the body of its entry `shift-closed` out, and back; and what two bodies differ in."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import tzinfo
from typing import Any

from taptill.domain.reports.business_days import BusinessDays
from taptill.domain.reports.plain_values import from_plain, read_plain, to_plain
from taptill.domain.reports.report import Report
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.shift_report import ShiftReport, identities
from taptill.domain.technical.wall_time import parse_wall_time

FORM = 1
"""The form of the bodies; one that an older reader would misread gets another number."""

_NOT_STORED = ("scope", "customers")
"""Parts of a report that the body has elsewhere, or that name people and can be counted anew."""

_CASH_SUMS = ("expected_minor", "difference_minor")
"""What follows from the rest, stored for other programs: it is computed when read, and verified."""

_SEQS = ("number", "from_seq", "to_seq")

ZoneNamed = Callable[[str], tzinfo | None]
"""Returns the time zone of a name; None, the machine's, where that is empty or not known."""


def to_body(report: ShiftReport) -> dict[str, Any]:
    """Return a shift's report as JSON has it: objects, lists, texts and whole numbers."""
    shift, figures = report.shift, to_plain_figures(report.figures)
    parts = {
        field.name: to_plain(getattr(report, field.name))
        for field in fields(report)
        if field.name != "figures"
    }
    parts["cash"] |= {name: getattr(report.cash, name) for name in _CASH_SUMS}
    parts["identities"] = to_plain(identities(report))
    seqs = {name: getattr(shift, name) for name in _SEQS}
    ends_at = shift.days.ends_at.isoformat("minutes")
    return {"form": FORM, **seqs, "day_ends_at": ends_at, **parts, "figures": figures}


def to_plain_figures(figures: Report) -> dict[str, Any]:
    """Return the figures as JSON has them, without what is not stored."""
    names = [field.name for field in fields(figures) if field.name not in _NOT_STORED]
    return {name: to_plain(getattr(figures, name)) for name in names}


def from_body(body: Mapping[str, Any], zone_named: ZoneNamed) -> ShiftReport:
    """Return the report of a body; raise ValueError, which names the place, for any other."""
    if body.get("form") != FORM:
        raise ValueError(f"form is {body.get('form')!r}, this version knows {FORM}")
    number, from_seq, to_seq = (read_plain(int, body.get(name), name) for name in _SEQS)
    ends_at = parse_wall_time(read_plain(str, body.get("day_ends_at"), "day_ends_at"))
    days = BusinessDays(ends_at, zone_named(read_plain(str, body.get("zone"), "zone")))
    shift = ShiftRange(number, from_seq, to_seq, days)
    figures = from_plain(Report, body.get("figures"), scope=shift, customers=())
    return from_plain(ShiftReport, dict(body), figures=figures)


def differences(stored: Mapping[str, Any], counted: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each figure of a stored body that is another when counted anew.

    Keys that only one of them has are of another version: `from_body` refuses a body without those
    that must be there.
    """
    was, now = dict(_leaves(stored, "")), dict(_leaves(counted, ""))
    for place, value in was.items():
        if place in now and now[place] != value:
            yield f"{place} is {value!r}, counted anew {now[place]!r}"


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        yield f"{place}.length".lstrip("."), len(value)
        for index, part in enumerate(value):
            yield from _leaves(part, f"{place}[{index}]")
    else:
        yield place, value
