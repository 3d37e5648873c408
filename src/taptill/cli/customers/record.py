"""What staff did on a backend that keeps no record itself in, lines of a file out, and back."""

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
"""What moves money: the ledger keeps it, not the record of other deeds."""
LINES_READ_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Deed:
    """What a command does: to whom, and which fields it changes; never their values."""

    act: str
    customers: Sequence[int] = ()
    fields: Sequence[str] = ()


def path() -> Path:
    """Give the file, which lies in the state directory of whoever sits at this machine."""
    return configs.state_dir(None) / NAME


def keep(deed: Deed, staff: str) -> None:
    """Add a line for each customer; it is for its owner alone. Errors: OutputError."""
    at = SystemClock().now()
    done = [AuditRecord(at, one, deed.act, "", staff, list(deed.fields)) for one in deed.customers]
    lines = "".join(f"{json.dumps(asdict(one))}\n" for one in done)
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
    """Give what was kept, the newest first; of all customers, or of one."""
    try:
        lines = path().read_text("utf-8", "replace").splitlines()[-LINES_READ_MAX:]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise OutputError(path=path(), detail=fault.strerror) from fault
    found = [one for one in map(_parsed, reversed(lines)) if one is not None]
    return [one for one in found if customer in (None, one.customer)][:last]


def _parsed(line: str) -> AuditRecord | None:
    """Read a line; None where it makes no sense, as one that was cut short by a power cut."""
    with suppress(ValueError, TypeError):
        return AuditRecord(**json.loads(line))
    return None
