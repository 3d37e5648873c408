"""Crash files: what a till broke on, without a value or a message, so without anybody's name.

An exception's message may quote what it was about, a customer's row for example. So a crash file
holds the type of the fault, and the file, line and function of each call that led there.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from traceback import walk_tb
from types import TracebackType
from typing import Any

from taptill.domain.errors import OutputError, TaptillError
from taptill.domain.figures.till import CrashNote
from taptill.durable_files import atomic_write

DUMP, DUMP_BEFORE = "abort.txt", "abort-before.txt"
"""What Python itself writes into the state directory when the program is aborted, and the same of
the run before, until a crash file is made of it."""

_CALL = re.compile(r'^  File "([^"]*)", line (\d+) in (\S+)$', re.MULTILINE)
FILES_MAX = 5
FRAMES_MAX, _FRAMES_MIN = 40, 8
FAULTS_MAX = 8
BYTES_MAX = 32_768
_WORD_MAX = 120
_PLACE_PARTS = 3


def write_crash(
    state: Path, fault: BaseException, facts: Mapping[str, object], last: object = None
) -> Path | None:
    """Write a crash file into the state directory, and drop the oldest beyond `FILES_MAX`.

    `facts` are at least `at` and `version`; `last` is the last status, which goes where the file
    would be larger than `BYTES_MAX`. Return its path; None where the disk takes none.
    """
    faults = [_document(one) for one in _faults(fault)][:FAULTS_MAX]
    document = {**facts, "faults": faults, "last_status": last}
    if len(json.dumps(document)) > BYTES_MAX:
        shorter = [{**one, "frames": one["frames"][-_FRAMES_MIN:]} for one in faults]
        document = {**facts, "faults": shorter}
    return _write(state, document)


def _write(state: Path, document: Mapping[str, object]) -> Path | None:
    numbers = [*map(_number, crash_paths(state))]
    path = state / f"crash-{max(numbers, default=0) + 1:06}.json"
    try:
        with atomic_write(path) as file:
            file.write(json.dumps(document, indent=1))
    except OutputError:
        return None
    for old in crash_paths(state)[:-FILES_MAX]:
        with suppress(OSError):
            old.unlink()
    return path


def crash_paths(state: Path) -> list[Path]:
    """Return the crash files, the oldest first."""
    try:
        return sorted(path for path in state.glob("crash-*.json") if _number(path))
    except OSError:
        return []


def adopt_dump(state: Path, facts: Mapping[str, object]) -> Path | None:
    """Make a crash file of what Python wrote when the program was aborted; None where it was not.

    A watchdog aborts a program that stands still, and a fault in a C library ends it at once.
    Source: https://docs.python.org/3/library/faulthandler.html.
    """
    try:
        with (state / DUMP_BEFORE).open("rb") as file:
            text = file.read(BYTES_MAX).decode("utf-8", "replace")
        (state / DUMP_BEFORE).unlink()
    except OSError:
        return None
    fault, _, threads = text.partition("\n")
    newest = threads.partition("Current thread")[2] or threads
    calls = _CALL.findall(newest.partition("\n\n")[0])[:FRAMES_MAX]
    if not calls:
        return None
    places = [f"{_short(file)}:{line} {function}" for file, line, function in reversed(calls)]
    name = fault.removeprefix("Fatal Python error: ")[:_WORD_MAX]
    return _write(state, {**facts, "faults": [{"fault": name, "frames": places}]})


def crash_notes(state: Path) -> tuple[CrashNote, ...]:
    """Return what the crash files say, the oldest first; one that cannot be read is left out."""
    notes = (_note(path) for path in crash_paths(state)[-FILES_MAX:])
    return tuple(note for note in notes if note)


def frames(traceback: TracebackType | None) -> list[str]:
    """Return file, line and function of the innermost calls, the innermost last."""
    places = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in walk_tb(traceback)
    ]
    return places[-FRAMES_MAX:]


def fault_lines(fault: BaseException) -> list[str]:
    """Return the types of a fault and of what led to it, each with its calls."""
    faults = list(_faults(fault))
    return [line for one in faults for line in (fault_name(one), *_indented(one))]


def fault_name(fault: BaseException) -> str:
    """Return the type of a fault, with the code of one of ours."""
    name = type(fault).__name__[:_WORD_MAX]
    return f"{name} [{fault.code}]" if isinstance(fault, TaptillError) else name


def _faults(fault: BaseException) -> Iterator[BaseException]:
    """Yield a fault, those in its group, and what each was raised from, at most `FAULTS_MAX`."""
    waiting, seen = [fault], set[int]()
    while waiting and len(seen) < FAULTS_MAX:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        if cause := one.__cause__ or (None if one.__suppress_context__ else one.__context__):
            waiting.append(cause)


def _indented(fault: BaseException) -> list[str]:
    return [f"  {place}" for place in frames(fault.__traceback__)]


def _document(fault: BaseException) -> dict[str, Any]:
    return {"fault": fault_name(fault), "frames": frames(fault.__traceback__)}


def _short(file: str) -> str:
    """Return a module's path below the folder that it was imported from, which may name a home."""
    inside = [
        file[len(place) + 1 :] for place in sys.path if place and file.startswith(f"{place}/")
    ]
    return min(inside, key=len, default="/".join(Path(file).parts[-_PLACE_PARTS:]))[-_WORD_MAX:]


def _number(path: Path) -> int:
    number = path.stem.removeprefix("crash-")
    return int(number) if number.isascii() and number.isdecimal() else 0


def _note(path: Path) -> CrashNote | None:
    try:
        with path.open("rb") as file:
            stored: Any = json.loads(file.read(BYTES_MAX + 1))
        deepest = next(one for one in reversed(stored["faults"]) if one["frames"])
        words = (deepest["fault"], deepest["frames"][-1], stored["at"], stored["version"])
    except (OSError, ValueError, KeyError, TypeError, IndexError, StopIteration):
        return None
    fault, place, at, version = (str(word)[:_WORD_MAX] for word in words)
    return CrashNote(fault=fault, place=place, at=at, version=version)
