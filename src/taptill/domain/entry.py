"""What the journal keeps: entries of a kind, each with the facts of one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from taptill.domain.mark import Mark


class EntryKind(StrEnum):
    """The kinds of entry; each is a word of the journal's file and of `taptill journal list`."""

    OPENED = "opened"
    CHARGE = "charge"
    VOID = "void"
    REPAYMENT = "repayment"
    WRITE_OFF = "write-off"
    DECLINED = "declined"
    ENROLLED = "enrolled"
    ATTEMPT = "attempt"
    RECEIPT = "receipt"
    TAKEN_BACK = "taken-back"
    REFUSAL = "refusal"
    HALTED = "halted"
    RESUMED = "resumed"
    CONFLICT = "conflict"
    RESOLVED = "resolved"
    OFFICE_MOVED = "office-moved"
    EXPORTED = "exported"
    BOOKED = "booked"
    ADOPTED = "adopted"
    FORKED = "forked"
    RETIRED = "retired"
    SHIFT_OPENED = "shift-opened"
    SHIFT_CLOSED = "shift-closed"
    CLOCK = "clock"
    CARRIED = "carried"


MONEY_KINDS = frozenset(
    {EntryKind.CHARGE, EntryKind.VOID, EntryKind.REPAYMENT, EntryKind.WRITE_OFF}
)
"""The only entries that change `totalDebt`, by their `amount_minor`."""


ENROLMENTS_MAX = 8
"""So many own enrolments of one row are remembered; most rows have one."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before the journal gives it a number, a time and a place in the chain.

    `amount_minor` is the change of `totalDebt` of a money entry, None for every other kind.
    """

    kind: EntryKind
    customer_id: int | None = None
    amount_minor: int | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    charge_id: str | None = None
    staff: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it stands in the journal; `at` is UTC ISO 8601, an annotation only."""

    seq: int
    kind: EntryKind
    charge_id: str | None
    customer_id: int | None
    amount_minor: int | None
    body: Mapping[str, Any]
    at: str
    boot_id: str
    uptime_ms: int
    clock_trusted: bool
    staff: str | None
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last update that this journal sent for a customer, as its entry tells it.

    Totals are exact, in minor units. `open` while no receipt, refusal or conflict follows.
    `origin`: what a row of this epoch without a mark of ours holds (None: nothing of ours);
    `said`: that is a person's word at the conflict desk, and nothing that the row tells.
    """

    epoch: str
    sent: Mark
    total_read: Decimal
    total_sent: Decimal
    others: int | None
    open: bool
    origin: Mark | None = None
    said: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """Where this journal stands with one customer, from one look at the projection.

    `last` is the mark that the row should hold (None: no money entry yet); `seen` the mark that
    the last receipt, attempt or taken-back read; `receipted_seq` the highest seq that ever had a
    receipt; `base` the office's part of the total as last seen; `conflict` the open reason for
    the conflict desk. `row_total` is the whole total of the row as last journaled; money entries
    up to `start_seq` belong to the journal id before a fork; `closed_seq` is the last money entry
    when the desk wrote off what no row can take.

    `held` is, of a case on the desk, the mark up to which the row surely holds our money (None:
    nothing is sure). `first_stamp` is the `updatedAt` of the row as read before the first attempt:
    an older row version holds none of our money. `enrolments` are the epochs, at most
    ENROLMENTS_MAX, of the enrolments that this journal sent before its first attempt.
    """

    customer_id: int
    last: Mark | None
    seen: Mark | None
    receipted_seq: int
    updated_at: str
    base: Decimal | None
    attempt: Attempt | None
    conflict: str | None
    row_total: Decimal | None = None
    start_seq: int = 0
    closed_seq: int = 0
    held: Mark | None = None
    first_stamp: str = ""
    enrolments: tuple[str, ...] = ()

    @property
    def in_question(self) -> int:
        """Return the minor units that may be missing in the row.

        Of a case on the desk that is all that the row does not surely hold, else what the last
        mark seen does not cover.
        """
        last, sure = self.last, self.held if self.conflict else self.seen
        return (last.total if last else 0) - (sure.total if sure else 0)

    @property
    def open(self) -> bool:
        """Whether money of this customer is not known to be in the backend's books."""
        if self.last is None:
            return False
        behind = self.seen is None or self.seen.seq != self.last.seq
        return behind or (self.attempt is not None and self.attempt.open)


@dataclass(frozen=True, slots=True)
class MarkedEntry:
    """What a journal has at a mark's seq: whose money entry it is, and the mark it makes."""

    customer_id: int
    mark: Mark
