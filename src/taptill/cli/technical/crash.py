"""Notes how a till ended: cleanly, or by a fault that nobody had foreseen."""

import faulthandler
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from taptill import __version__
from taptill.domain.clock import Clock
from taptill.domain.errors import ScreenError, TaptillError
from taptill.wiring.fleet.crash_files import DUMP, DUMP_BEFORE
from taptill.wiring.fleet.runs import Runs

log = logging.getLogger("taptill")


@contextmanager
def dumping(state: Path) -> Iterator[None]:
    """Let Python write into the state directory where it is, if it is aborted meanwhile.

    The next start makes a crash file of that. Nothing is left after any other end.
    """
    path = state / DUMP
    with suppress(OSError):  # mostly there is none
        path.replace(state / DUMP_BEFORE)
    try:
        dump = open(path, "wb", opener=_for_owner)  # noqa: SIM115 - closed below
    except OSError:  # a disk that takes nothing: the till sells without
        yield
        return
    with dump:
        faulthandler.enable(dump)
        try:
            yield
        finally:
            faulthandler.disable()
            with suppress(OSError):
                path.unlink()


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


@contextmanager
def noting_end(state: Path, runs: Runs, clock: Clock, status_file: Path) -> Iterator[None]:
    """Record a clean end, or write a crash file into the state directory; raise what was raised."""
    try:
        yield
    except ScreenError as fault:
        _write(state, fault.__cause__ or fault, runs, clock, status_file)
        raise
    except (TaptillError, KeyboardInterrupt):
        runs.end()  # said in a line: nothing is broken
        raise
    except Exception as fault:  # cli top: noted, and raised again
        _write(state, fault, runs, clock, status_file)
        raise
    else:
        runs.end()
        with suppress(OSError):
            status_file.unlink(missing_ok=True)


def _write(state: Path, fault: BaseException, runs: Runs, clock: Clock, status_file: Path) -> None:
    from taptill.wiring.fleet.crash_files import write_crash  # noqa: PLC0415 - only for a crash
    from taptill.wiring.fleet.status_file import read_status  # noqa: PLC0415

    last = None
    with suppress(OSError):
        last = read_status(status_file)
    facts = {"at": clock.now(), "version": __version__, "uptime_s": round(runs.uptime_s())}
    if path := write_crash(state, fault, facts, last):
        log.error("crash.noted", extra={"file": path.name})
