"""What staff did on a backend that keeps no record itself in, lines of a file out, and back."""

import json
import os
from collections.abc import Sequence
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
        number = os.open(place, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        with os.fdopen(number, "a", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        raise OutputError(path=place, detail=fault.strerror) from fault


def read(customer: int | None, last: int) -> list[AuditRecord]:
    """Give what was kept, the newest first; of all customers, or of one."""
    try:
        lines = path().read_text("utf-8").splitlines()[-LINES_READ_MAX:]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise OutputError(path=path(), detail=fault.strerror) from fault
    found = [AuditRecord(**json.loads(line)) for line in reversed(lines)]
    return [one for one in found if customer in (None, one.customer)][:last]
