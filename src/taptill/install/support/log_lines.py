"""The newest lines of the till's log: the event, the fields named here, no text of others."""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taptill.install.checks.site import UNIT, CheckedSite
from taptill.install.support.wording import REMOVED, known_words_only

LINES_MAX = 500
LOG_FILES = ("taptill.log.1", "taptill.log")
JOURNALCTL = ("journalctl", "--unit", UNIT, "--lines", str(LINES_MAX), "--output", "json")
SAID_S_MAX = 20

KEPT_FIELDS = frozenset(
    {"advice", "bad", "changed", "check", "code", "count", "detail", "fault", "field", "full"}
    | {"jumped_ms", "list", "ms", "next", "outcome", "place", "reader", "reason", "rows", "state"}
    | {"taken_over", "words"}
)
"""Fields of records whose values may stay, as far as the program knows their words."""

CUSTOMER = "customer"
NO_LOG = "no log that this account may read: root may read the system's, sudo taptill support\n"
_EVENT = re.compile(r"[a-z_]+\.[a-z_]+")
_RECORD = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),\d+ ([A-Z]+) (.*)")
_FIELD = re.compile(r"(?:^| )([a-z_]+)=")
_PLACE = re.compile(r'(?:^|[\s/])(taptill/[\w/]+\.py)(?:", line |:)(\d+)')
"""In a traceback as Python writes it, and as `cli/technical/log.py` does, without source lines."""
_LEVELS = {"7": "DEBUG", "6": "INFO", "4": "WARNING", "3": "ERROR"}
_PREFIX = "TAPTILL_"


class LogWording:
    """Writes records without people; a customer is a number of this bundle alone."""

    def __init__(self) -> None:
        self._customers: dict[str, int] = {}

    def line(self, at: str, level: str, message: str, values: Mapping[str, str]) -> str:
        """Return one record as a line; where an error was raised follows it."""
        event, *trace = message.split("\n")
        words = [at, level, event if _EVENT.fullmatch(event) else known_words_only(event)]
        words += [f"{name}={self._value(name, value)}" for name, value in values.items()]
        words += [f"at {file}:{line}" for file, line in _PLACE.findall("\n".join(trace))]
        return " ".join(words)

    def _value(self, name: str, value: str) -> str:
        if name == CUSTOMER:
            return f"#{self._customers.setdefault(value, len(self._customers) + 1)}"
        return known_words_only(value) if name in KEPT_FIELDS else REMOVED


def log_text(site: CheckedSite) -> str:
    """Return the newest records, of the system's journal or else of the till's file."""
    wording = LogWording()
    lines = [*from_journal(_journalctl(site), wording)] or [*_from_files(site.state, wording)]
    return "\n".join([*lines[-LINES_MAX:], ""]) if lines else NO_LOG


def _journalctl(site: CheckedSite) -> str:
    if not site.runs_systemd() or site.root != Path("/"):
        return ""
    try:
        told = subprocess.run(  # noqa: S603 - fixed words
            JOURNALCTL, capture_output=True, timeout=SAID_S_MAX, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return told.stdout.decode("utf-8", "replace")


def from_journal(text: str, wording: LogWording) -> Iterator[str]:
    """Yield a line for each record of the system's journal, which are JSON, one a line."""
    for line in text.splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("MESSAGE"), str):
            yield _from_record(record, wording)


def _from_record(record: Mapping[str, Any], wording: LogWording) -> str:
    values = {
        name.removeprefix(_PREFIX).lower(): str(value)
        for name, value in sorted(record.items())
        if name.startswith(_PREFIX)
    }
    microseconds = str(record.get("__REALTIME_TIMESTAMP", "0"))
    seconds = int(microseconds) / 1_000_000 if microseconds.isdecimal() else 0
    at = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
    level = _LEVELS.get(str(record.get("PRIORITY")), "INFO")
    return wording.line(at, level, record["MESSAGE"], values)


def _from_files(state: Path, wording: LogWording) -> Iterator[str]:
    for name in LOG_FILES:
        try:
            text = (state / name).read_text("utf-8", "replace")
        except OSError:
            continue
        yield from from_file(text.splitlines(), wording)


def from_file(lines: Iterable[str], wording: LogWording) -> Iterator[str]:
    """Yield a line for each record of the till's own file; of a traceback only the places."""
    for line in lines:
        if record := _RECORD.fullmatch(line):
            at, level, rest = record.groups()
            event, *pairs = _FIELD.split(rest)
            values = dict(zip(pairs[::2], pairs[1::2], strict=True))
            yield wording.line(at, level, event.strip(), values)
        elif place := _PLACE.search(line):
            yield f"    at {place[1]}:{place[2]}"
