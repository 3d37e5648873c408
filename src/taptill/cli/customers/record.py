"""The local log of what staff did on a backend that keeps no record of it."""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from taptill import config as configs
from taptill.backend.staff.ledger import AuditRecord
from taptill.clock import SystemClock
from taptill.domain.errors import OutputError

NAME = "customers-log.jsonl"
BOOKINGS = frozenset({"pay", "pay-out"})
"""Actions that move money: the backend's ledger keeps them, apart from other actions."""
LINES_READ_MAX = 100_000


@dataclass(frozen=True, slots=True)
class StaffAction:
    """What a command does, to which customers, and which fields it changes; never their values."""

    act: str
    customers: Sequence[int] = ()
    fields: Sequence[str] = ()


def path() -> Path:
    """Return the path of the log, in the state directory of the account that runs this program."""
    return configs.state_dir(None) / NAME


def keep(action: StaffAction, staff: str) -> None:
    """Append a line for each customer; only the file's owner may read it. Errors: OutputError."""
    at = SystemClock().now()
    records = [
        AuditRecord(at, customer, act=action.act, who="", staff=staff, fields=list(action.fields))
        for customer in action.customers
    ]
    lines = "".join(f"{json.dumps(asdict(record))}\n" for record in records)
    place = path()
    try:
        number = os.open(place, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o600)
        with os.fdopen(number, "ab+") as file:
            size = file.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(number, 1, size - 1) != b"\n"
            file.write(("\n" + lines if torn else lines).encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        raise OutputError(path=place, detail=fault.strerror) from fault


def read(customer: int | None, last: int) -> list[AuditRecord]:
    """Return at most `last` records, the newest first, of one customer or (None) of all.

    Errors: OutputError.
    """
    try:
        lines = path().read_text("utf-8", "replace").splitlines()[-LINES_READ_MAX:]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise OutputError(path=path(), detail=fault.strerror) from fault
    records = [record for record in map(_parsed, reversed(lines)) if record is not None]
    return [record for record in records if customer in (None, record.customer)][:last]


def _parsed(line: str) -> AuditRecord | None:
    """Read a line; None where it makes no sense, as record that was cut short by a power cut."""
    with suppress(ValueError, TypeError):
        return AuditRecord(**json.loads(line))
    return None
