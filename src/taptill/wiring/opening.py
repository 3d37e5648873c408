"""Everything that may refuse a start: it comes before the screen and imports no other room."""

import logging
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from taptill.clock import SystemClock
from taptill.config import Config, journal_path
from taptill.domain.errors import JournalError
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.journal.identity import UNKNOWN_MACHINE
from taptill.journal.journal import Journal
from taptill.journal.queries import JournalQueries
from taptill.wiring.machine import machine

log = logging.getLogger("taptill.wiring")


@dataclass(frozen=True, slots=True)
class OpenJournal:
    """The open journal of a state directory, and the clock that it was written by."""

    journal: Journal
    clock: SystemClock


def open_journal(config: Config, state: Path) -> OpenJournal:
    """Open the journal for a running till.

    Errors: JournalError and its subclasses.
    """
    clock = SystemClock()
    journal = journal_of(config, state, clock)
    belongs = identity(config)
    if belongs["machine"] == UNKNOWN_MACHINE:
        log.warning("machine.unknown", extra={"advice": "sudo systemd-machine-id-setup"})
    journal.open(belongs)
    clock.remember(journal.newest_found)
    return OpenJournal(journal, clock)


def is_known_backend(config: Config, state: Path) -> bool:
    """Return whether a till has run on this journal for the same backend and form of money."""
    belongs = identity(config)
    try:
        with closing(JournalQueries(journal_path(state))) as queries:
            last_identity = queries.last_opened() or {}
    except JournalError:  # there is none yet; whatever else is wrong with it refuses the start
        return False
    return all(last_identity.get(key) == belongs[key] for key in ("backend", "money"))


def journal_of(config: Config, state: Path, clock: SystemClock) -> Journal:
    """Return the journal of a state directory, not opened yet."""
    keeping = config.journal
    path = journal_path(state)
    return Journal(path, clock, min_free_mb=keeping.min_free_mb, mirror=keeping.mirror)


def identity(config: Config) -> dict[str, str]:
    """Return what the journal's open entries depend on: backend, strategy, money, machine, till."""
    backend = config.backend
    return {
        "backend": f"{backend.base_url}{backend.path_prefix}",
        "strategy": config.settlement.strategy,
        "money": f"{config.till.currency.code}, {backend.money}, {backend.owed_is}",
        "machine": machine(),
        "till": config.till.name,
    }


def unbuilt(config: Config) -> list[TillWarning]:
    """Return a warning for each setting of the config that this version ignores."""
    unbuilt_settings = {
        "[cache] fields": set(config.cache.fields) - {"name", "company"},
    }
    return [
        till_warning(WarningCode.DOES_NOTHING, key=key)
        for key, value in unbuilt_settings.items()
        if value
    ]
