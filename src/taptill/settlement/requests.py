"""The questions that settling asks and the answers it takes: IO is somebody else's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from taptill.domain.customer import Snapshot
from taptill.domain.entry import Draft, EntryKind, MarkedEntry, Position
from taptill.domain.mark import Mark


@dataclass(frozen=True, slots=True)
class ReadRow:
    """Read the customer's row in one select; answered with a RowAnswer."""

    customer_id: int


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """Read position and footing in one look; answered with a JournalAnswer.

    `mark_seq` is the seq of our mark in the row, None where the row has none.
    """

    customer_id: int
    mark_seq: int | None


@dataclass(frozen=True, slots=True)
class Append:
    """Make these entries durable; answered with None."""

    drafts: Sequence[Draft]


class UpdateCondition(StrEnum):
    """Which row an update may change."""

    NONE = "none"  # whatever is there: the plain API
    AS_READ = "as-read"
    NEVER = "never"  # no row: a backend that obeys conditions answers 409


@dataclass(frozen=True, slots=True)
class Update:
    """Write total and marks in one update; answered with an UpdateAnswer.

    `read` is the snapshot that the figures, and the condition, come from; `mark` is the one set
    anew, None where no money moves. `debt_data` goes out as text where it was found as text.
    """

    read: Snapshot
    total: Decimal
    debt_data: Mapping[str, Any]
    condition: UpdateCondition
    mark: Mark | None = None


Request = ReadRow | ReadJournal | Append | Update


@dataclass(frozen=True, slots=True)
class RowNotFound:
    """No such row, while the same token sees another known row."""


@dataclass(frozen=True, slots=True)
class RowUnreadable:
    """The row came and makes no sense: this customer waits, nobody else."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The backend cannot be asked now; `retry_after_s` where it said when."""

    reason: str
    retry_after_s: float | None = None
    denied: bool = False


@dataclass(frozen=True, slots=True)
class JournalAnswer:
    """One look at the journal: where it stands, and what it has at the row's mark."""

    position: Position
    marked_entry: MarkedEntry | None


@dataclass(frozen=True, slots=True)
class Applied:
    """A 2xx; `row` is None where the answer does not show the row."""

    row: Snapshot | None


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The outcome of the update is unknown; `version_conflict` where the backend says 409."""

    reason: str
    retry_after_s: float | None = None
    version_conflict: bool = False
    current_row: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The backend's final no to this update; `detail` without personal data."""

    status: int
    detail: str


RowAnswer = Snapshot | RowNotFound | RowUnreadable | NoAnswer
UpdateAnswer = Applied | OutcomeUnknown | Rejected | NoAnswer
Answer = RowAnswer | JournalAnswer | UpdateAnswer | None


class Choice(StrEnum):
    """What a person may decide about a case on the conflict desk."""

    RETRY = "retry"  # send what is not booked yet
    ACCEPT = "accept"  # all of it is booked already: write the mark alone
    WRITE_OFF = "write-off"  # nobody will pay it: take it out of these books


@dataclass(frozen=True, slots=True)
class Resolution:
    """A person's decision about one case, with a reason in their words.

    `amount`: the minor units in question that the person was told; None where that is no matter.
    `booked`: with a retry, the minor units of this journal's money that the row holds already, as
    the person says; None: what the row's mark says.
    """

    choice: Choice
    staff: str
    reason: str
    amount: int | None = None
    booked: int | None = None

    def still_applies(self, position: Position) -> bool:
        """Tell whether what is in question now is what the person was told, or written off."""
        none_left = self.choice is Choice.WRITE_OFF and not position.in_question
        return none_left or self.amount in (None, position.in_question)

    def resolved(self, customer_id: int, *, without_mark: bool = False) -> Draft:
        """Write that the case is over; `without_mark`: without a mark, as no row takes one."""
        body = {"choice": self.choice.value, "reason": self.reason}
        more: dict[str, Any] = {"unwritten": True} if without_mark else {}
        if self.booked is not None:
            more["booked"] = self.booked
        return Draft(EntryKind.RESOLVED, customer_id, body={**body, **more}, staff=self.staff)


@dataclass(frozen=True, slots=True)
class Settled:
    """The row holds all money entries of this customer."""


class Doubt(StrEnum):
    """What is believed only after several looks in a row, a while apart."""

    STALE = "stale"  # the row is an old copy: was the backend restored?
    NOT_APPLIED = "traceless"  # the row does not show what was taken: does the backend drop it?
    GONE = "gone"  # the customer is not in the answer: was he removed?


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; the schedule comes back.

    `transport` where the backend did not answer as it should, which may concern everybody;
    `doubt` where what it answered is not believed yet.
    """

    reason: str
    retry_after_s: float | None = None
    transport: bool = False
    denied: bool = False
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class OnDesk:
    """A case for the conflict desk: this customer waits, the others do not.

    `reason` is what the row is like now, a word of `judgement.ConflictReason`.
    """

    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Stopped:
    """All settlement stops: the backend keeps half a pair, or the journal was cloned."""

    reason: str


Outcome = Settled | Later | OnDesk | Stopped
