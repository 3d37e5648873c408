"""The command `taptill status`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from taptill import config as configs
from taptill.cli.options import JSON, STATE
from taptill.cli.output import sanitised
from taptill.clock import SystemClock
from taptill.domain.clock import Clock
from taptill.domain.figures.condition import Condition
from taptill.domain.technical.counting import many
from taptill.journal.lock import is_held
from taptill.wiring.fleet.runs import STATUS
from taptill.wiring.fleet.status_file import read_status

LATE_TIMES = 3
"""A status that is older than so many times its interval comes from a till that stands still."""


class StatusExit(IntEnum):
    """The exit status, so that a script need not read anything; numbers as in sysexits.h."""

    WELL = 0
    NO_FIGURES = 66
    NOT_RUNNING = 69
    STANDS_STILL = 70
    STOPPED = 74
    CARE = 75


_BY_CONDITION = {
    Condition.WELL.value: StatusExit.WELL,
    Condition.CARE.value: StatusExit.CARE,
    Condition.STOPPED.value: StatusExit.STOPPED,
}
_WORDS = {
    StatusExit.WELL: "well",
    StatusExit.CARE: "it sells, somebody should look",
    StatusExit.STOPPED: "it needs somebody now",
    StatusExit.STANDS_STILL: "it holds its journal and says nothing: it stands still",
    StatusExit.NO_FIGURES: "it runs, and its figures cannot be read here",
    StatusExit.NOT_RUNNING: "not running",
}


@dataclass(frozen=True, slots=True)
class FoundStatus:
    """What is known of a till: does it run, its last figures, and their age in seconds.

    `folders` are the state directories that were looked at.
    """

    is_running: bool
    document: Mapping[str, Any] | None
    age_s: float | None
    folders: Sequence[Path]

    @property
    def exit_status(self) -> StatusExit:
        """Return how the till is."""
        if not self.is_running:
            return StatusExit.NOT_RUNNING
        if self.document is None:
            return StatusExit.NO_FIGURES
        if self.age_s is None or self.age_s > _late_s(self.document):
            return StatusExit.STANDS_STILL
        condition = str(self.document.get("condition"))
        return _BY_CONDITION.get(condition, StatusExit.NO_FIGURES)


@click.command()
@STATE
@JSON
def status(state_dir: Path | None, *, as_json: bool) -> int:
    """Say how the till on this machine is; it may run meanwhile, and is not disturbed.

    \b
    Exit status: 0 well. 75 it sells, somebody should look. 74 it cannot sell or send without
    somebody. 70 it runs and does not answer. 69 not running. 66 its figures cannot be read.

    \b
    Examples:
      taptill status
      taptill status --json
      taptill status --state-dir /var/lib/taptill
    """
    found = find_status(configs.running_dirs(state_dir), SystemClock())
    exit_status = found.exit_status
    if as_json:
        answer = {
            "running": found.is_running,
            "answers": exit_status is not StatusExit.STANDS_STILL and found.is_running,
            "age_s": None if found.age_s is None else round(found.age_s),
            "exit_status": int(exit_status),
            "status": found.document,
        }
        click.echo(json.dumps(answer, indent=1))
    else:
        for line in _lines(found):
            click.echo(sanitised(line))
    return int(exit_status)


def find_status(places: list[tuple[Path, Path]], clock: Clock) -> FoundStatus:
    """Return what is known of the till in the first of these places where there is anything."""
    for state, runtime in places:
        held = is_held(configs.journal_path(state)) if _may_see(state) else None
        document, age_s = _document(runtime / STATUS, clock)
        if held or document is not None:
            is_fresh = age_s is not None and document is not None and age_s <= _late_s(document)
            return FoundStatus(is_fresh if held is None else held, document, age_s, [state])
    folders = list(dict.fromkeys(state for state, _ in places))
    return FoundStatus(is_running=False, document=None, age_s=None, folders=folders)


def _may_see(state: Path) -> bool:
    try:
        return (state / configs.journal_path(state).name).exists()
    except OSError:
        return False


def _document(path: Path, clock: Clock) -> tuple[Mapping[str, Any] | None, float | None]:
    """Return a status file and its age; the age is None where it is of an earlier boot."""
    try:
        document = read_status(path)
    except OSError:
        return None, None
    if document is None:
        return None, None
    boot_id, uptime_ms = clock.boot()
    written = document.get("written")
    if not isinstance(written, dict) or written.get("boot_id") != boot_id:
        return document, None
    written_ms = written.get("uptime_ms")
    return document, (uptime_ms - written_ms) / 1000 if isinstance(written_ms, int) else None


def _late_s(document: Mapping[str, Any]) -> float:
    written = document.get("written")
    every_s = written.get("every_s") if isinstance(written, dict) else None
    return LATE_TIMES * (every_s if isinstance(every_s, int | float) else 0.0)


def _lines(found: FoundStatus) -> Iterator[str]:
    document = found.document
    name = document["program"]["till"] if document else "taptill"
    yield f"{name}: {_WORDS[found.exit_status]}"
    if document is None:
        looked_at = ", ".join(map(str, found.folders))
        yield f"  looked at {looked_at}; name another by --state-dir"
        return
    if found.age_s is not None:
        yield f"  written  {_age(round(found.age_s))} ago"
    if document["findings"]:
        yield f"  look at  {', '.join(map(str, document['findings']))}"
    yield from _figures(document)


def _figures(document: Mapping[str, Any]) -> Iterator[str]:
    program, sending, times = document["program"], document["sending"], document["times"]
    yield (
        f"  program  {program['version']}, up {_age(program['uptime_s'])}, "
        f"{_start(program)}{many(program['starts'] or 0, 'start')}, "
        f"{program['unclean_ends']} of them ended badly"
    )
    if crash := program["last_crash"]:
        yield f"  crash    {crash['fault']} at {crash['place']}, {crash['at']}"
    for reader in document["readers"]:
        care = "" if reader["care"] == "none" else f", needs: {reader['care']}"
        yield (
            f"  {reader['name']:8} {reader['state']}, {many(reader['frames'], 'frame')}, "
            f"{reader['bad_frames']} bad, opened anew {many(reader['reopened'], 'time')}{care}"
        )
    backend = document["backend"]
    link = {None: "not asked yet", True: "online", False: "offline"}[backend["online"]]
    since = f" since {backend['offline_since']}" if backend["offline_since"] else ""
    error = f" ({backend['error']})" if backend["error"] else ""
    yield f"  server   {link}{since}{error}"
    yield (
        f"  sending  {sending['state']}, {many(sending['to_send'], 'customer')} to send, "
        f"{sending['to_clarify']} to clarify"
    )
    if printer := document.get("printer"):
        yield f"  printer  {printer['state']}, {many(printer['waiting'], 'slip')} to print"
    for label, key in _TIMES.items():
        figures = times[key]
        if figures["count"]:
            yield f"  {label:22} p50 {figures['p50_ms']} ms, p95 {figures['p95_ms']} ms"


def _start(program: Mapping[str, Any]) -> str:
    """Return how long the last start took; nothing where a release without this wrote the file."""
    ready_ms = program.get("ready_ms")
    return f"ready in {ready_ms / 1000:.1f} s, " if isinstance(ready_ms, int | float) else ""


_TIMES = {
    "tap to verdict": "tap_to_verdict",
    "Enter to disk": "confirm_to_durable",
    "commit": "commit",
    "look-up": "lookup",
}
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400


def _age(seconds: int) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds} s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S} min"
    return f"{seconds // _DAY_S} d {seconds % _DAY_S // _HOUR_S} h"
