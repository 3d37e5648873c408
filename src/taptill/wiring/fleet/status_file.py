"""The status file: the figures as JSON with stable keys, for `taptill status` and for scripts.

It names no customer, no card and no token, so everybody on this machine may read it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from taptill.domain.clock import Clock
from taptill.domain.figures.condition import condition_of, findings
from taptill.domain.figures.durations import DurationSummary
from taptill.domain.figures.reader import ReaderFigures
from taptill.domain.figures.till import TillFigures
from taptill.domain.slips.printer import PrinterHealth

FORM = 1
BYTES_MAX = 65_536


@dataclass(frozen=True, slots=True)
class Written:
    """When a status is written: which boot, how long after it began, and the next one when."""

    boot_id: str
    uptime_ms: int
    every_s: float
    pid: int

    @classmethod
    def now(cls, clock: Clock, every_s: float) -> "Written":
        """Return that of this moment and this process."""
        return cls(*clock.boot(), every_s, os.getpid())


def status_text(figures: TillFigures, written: Written) -> str:
    """Return the content of the status file."""
    return json.dumps(status_document(figures, written), indent=1) + "\n"


def status_document(figures: TillFigures, written: Written) -> dict[str, Any]:
    """Return all keys with their values; times in seconds or milliseconds, money in minor units."""
    program, backend, sending = figures.program, figures.backend, figures.sending
    return {
        "form": FORM,
        "written_at": program.at,
        "written": asdict(written),
        "condition": condition_of(figures).value,
        "findings": [rule.word for rule in findings(figures)],
        "program": {
            "till": program.till,
            "version": program.version,
            "uptime_s": round(program.uptime_s),
            "ready_ms": _ms(program.ready_s),
            "starts": program.starts,
            "unclean_ends": program.unclean_ends,
            "crashes": program.crashes,
            "last_crash": asdict(program.last_crash) if program.last_crash else None,
            "clock_trusted": program.clock_trusted,
            "clock_doubtful": program.clock_doubtful,
        },
        "readers": [_reader(reader) for reader in figures.readers],
        "times": {
            "tap_to_verdict": _times(figures.verdicts),
            "confirm_to_durable": _times(figures.confirms),
            "commit": _times(figures.journal.commits),
            "lookup": _times(backend.lookups),
        },
        "backend": {
            "online": backend.online,
            "slow": backend.slow,
            "offline_since": backend.offline_since or None,
            "error": backend.error_code or None,
            "update_error": backend.update_error or None,
            "lookups_failed": backend.lookups_failed,
            "certificate_days": backend.certificate_days,
        },
        "sending": {
            "state": sending.state,
            "to_send": sending.to_send,
            "to_send_minor": sending.to_send_sum.minor,
            "to_clarify": sending.conflicts,
            "to_clarify_minor": sending.in_question.minor,
            "currency": figures.currency.code,
            "outcomes": dict(sending.outcomes),
        },
        "cache": {"age_s": _whole(figures.cache.age_s), "customers": figures.cache.rows},
        "journal": {
            "entries": figures.journal.entries,
            "closed_by": figures.journal.closed_by or None,
        },
        "printer": _printer(figures.printer),
        "alarms": list(figures.alarms),
        "warnings": figures.warnings,
    }


def read_status(path: Path) -> Mapping[str, Any] | None:
    """Return what a status file holds; None where it is not there or is none of ours.

    Errors: OSError where it is there and cannot be read.
    """
    try:
        with path.open("rb") as file:
            document: Any = json.loads(file.read(BYTES_MAX))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    is_ours = isinstance(document, dict) and document.get("form") == FORM
    return document if is_ours else None


def _reader(reader: ReaderFigures) -> dict[str, Any]:
    return {
        "name": reader.name,
        "state": reader.state.value,
        "for": "goods" if reader.for_goods else "cards",
        "frames": reader.frames,
        "bad_frames": reader.bad_frames,
        "faults": dict(reader.faults),
        "reopened": reader.reopened,
        "silent_s": _whole(reader.silent_s),
        "care": reader.care.value,
    }


def _printer(printer: PrinterHealth | None) -> dict[str, Any] | None:
    if printer is None:
        return None
    return {
        "state": printer.state.value,
        "waiting": printer.waiting,
        "dropped": printer.dropped,
    }


def _times(summary: DurationSummary) -> dict[str, float | int | None]:
    return {
        "count": summary.count,
        "p50_ms": _ms(summary.p50_s),
        "p95_ms": _ms(summary.p95_s),
        "p99_ms": _ms(summary.p99_s),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
