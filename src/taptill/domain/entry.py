"""The journal's entries, and where the journal stands with one customer."""

from collections.abc import Mapping, Sequence
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
    LOGGED_IN = "logged-in"
    LOCKED = "locked"
    WRONG_PIN = "wrong-pin"
    CARD_ATTEMPT = "card-attempt"
    CARD_OUTCOME = "card-outcome"
    CLOCK = "clock"
    CARRIED = "carried"


MONEY_KINDS = frozenset(
    {EntryKind.CHARGE, EntryKind.VOID, EntryKind.REPAYMENT, EntryKind.WRITE_OFF}
)
"""The only entries that change `totalDebt`, by their `amount_minor`."""


ENROLMENTS_MAX = 8
"""At most this many own enrolments of a row are remembered; most rows have one."""


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


ChargedLine = tuple[str, int, int]
"""Name (empty for a typed amount), price in minor units, quantity."""


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

    @property
    def lines(self) -> Sequence[ChargedLine]:
        """The lines of a charge; none where one of them is not as `charge_draft` writes it."""
        lines = self.body.get("lines")
        if not isinstance(lines, list) or not all(map(_is_line, lines)):
            return ()
        return [(name, price, quantity) for name, price, quantity, *_ in lines]

    @property
    def tax_codes(self) -> Sequence[str]:
        """The tax code of each of the `lines`, empty where none was recorded."""
        return ["".join(line[3:]) for line in self.body["lines"]] if self.lines else ()


def _is_line(line: object) -> bool:
    # The fourth is the code of a tax rate, which stands only where the good has one.
    forms = ([str, int, int], [str, int, int, str])
    return isinstance(line, list) and [*map(type, line)] in forms


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The last update that this journal sent for a customer, as its entry `attempt` has it.

    Totals are exact, in minor units; `others_total` is the sum of all other marks in the row as
    read, None where one was unreadable. `open` until a receipt, refusal or conflict follows.
    `origin`: up to which mark a row of this epoch holds our money although it has no mark of ours
    (None: it holds none); `origin_is_decided`: a person decided that, the row does not tell.
    """

    epoch: str
    sent_mark: Mark
    total_read: Decimal
    total_sent: Decimal
    others_total: int | None
    open: bool
    origin: Mark | None = None
    origin_is_decided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where this journal stands with one customer; computed from the entries.

    - `last`: the mark that the row should hold; None without a money entry.
    - `row_mark`: the row's mark as the last receipt, attempt or taken-back entry read it.
    - `receipted_seq`: the highest entry number that ever had a receipt.
    - `updated_at`, `row_total`: stamp and total of the row as last journaled, in minor units.
    - `base`: the office's part of that total.
    - `attempt`: the last update sent. `conflict`: the reason of an open case, None without one.
    - `certain_mark`: of an open case, the mark up to which the row certainly holds our money;
      None: nothing is certain.
    - `start_seq`: money entries up to it belong to the journal id before a fork.
    - `closed_seq`: the last money entry when a person wrote the money off although the row could
      take no mark; 0: nobody did.
    - `first_stamp`: `updatedAt` of the row as read before the first attempt; an older version of
      the row holds none of our money.
    - `enrolments`: epochs of our own enrolments before the first attempt, at most ENROLMENTS_MAX.
    """

    customer_id: int
    last: Mark | None = None
    row_mark: Mark | None = None
    receipted_seq: int = 0
    updated_at: str = ""
    base: Decimal | None = None
    attempt: Attempt | None = None
    conflict: str | None = None
    row_total: Decimal | None = None
    start_seq: int = 0
    closed_seq: int = 0
    certain_mark: Mark | None = None
    first_stamp: str = ""
    enrolments: tuple[str, ...] = ()

    @property
    def in_question(self) -> int:
        """The minor units that may be missing in the row.

        Of an open case that is all that the row does not certainly hold; otherwise what the
        row's last known mark does not cover.
        """
        last, in_row = self.last, self.certain_mark if self.conflict else self.row_mark
        return (last.total if last else 0) - (in_row.total if in_row else 0)

    @property
    def arrived_seq(self) -> int:
        """The entry up to which the customer's money is certainly in the backend's row.

        Entries that are on the conflict desk come after it. So do those that the journal has begun
        under a new id.
        """
        arrived_mark = self.certain_mark if self.conflict else self.row_mark
        return max(arrived_mark.seq if arrived_mark else 0, self.start_seq)

    @property
    def open(self) -> bool:
        """Whether money of this customer is not known to be in the backend's books."""
        if self.last is None:
            return False
        behind = self.row_mark is None or self.row_mark.seq != self.last.seq
        return behind or (self.attempt is not None and self.attempt.open)


@dataclass(frozen=True, slots=True)
class MarkedEntry:
    """The journal's money entry at a mark's number: whose it is, and the mark that it makes."""

    customer_id: int
    mark: Mark
