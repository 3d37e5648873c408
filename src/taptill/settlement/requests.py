"""The requests that settling yields and the answers it is sent; it does no I/O itself.

The generators at the end yield one request each and return its answer with the right type.
"""

from collections.abc import Generator, Mapping, Sequence
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
    """Read the position and the entry at a mark together; answered with a JournalAnswer.

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

    `read` is the snapshot that the figures and the condition come from. `mark` is our new mark,
    None where no money moves. `debt_data` is sent as text where it was read as text.
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
    """The row cannot be read; only this customer waits."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The backend cannot be asked now.

    `retry_after_s`: what it said in `Retry-After`. `access_denied`: it answered 401 or 403.
    """

    reason: str
    retry_after_s: float | None = None
    access_denied: bool = False


@dataclass(frozen=True, slots=True)
class JournalAnswer:
    """The customer's position and the entry at the row's mark, of one committed state."""

    position: Position
    marked_entry: MarkedEntry | None


@dataclass(frozen=True, slots=True)
class Applied:
    """The update was answered 2xx; `row` is None where the answer does not show the row."""

    row: Snapshot | None


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """It is not known whether the update was applied.

    `version_conflict`: the backend answered 409 to the condition; `current_row`: the row as that
    answer shows it.
    """

    reason: str
    retry_after_s: float | None = None
    version_conflict: bool = False
    current_row: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The backend rejected this update for good; `detail` holds no personal data."""

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

    `amount`: the minor units in question when the person decided; None: any amount.
    `booked_minor`: with a retry, the minor units of this journal's money that the row holds
    already, as the person says; None: what the row's mark says.
    """

    choice: Choice
    staff: str
    reason: str
    amount: int | None = None
    booked_minor: int | None = None

    @property
    def relies_on_row(self) -> bool:
        """Whether the row's own mark says how much of our money is in it, and not the person."""
        return self.choice is Choice.RETRY and self.booked_minor is None

    def still_applies(self, position: Position) -> bool:
        """Return whether the amount in question is the one decided on, or was written off."""
        none_left = self.choice is Choice.WRITE_OFF and not position.in_question
        return none_left or self.amount in (None, position.in_question)

    def resolved(self, customer_id: int, *, without_mark: bool = False) -> Draft:
        """Return the entry that ends the case; `without_mark`: no row could take a mark."""
        body = {"choice": self.choice.value, "reason": self.reason}
        optional: dict[str, Any] = {"unwritten": True} if without_mark else {}
        if self.booked_minor is not None:
            optional["booked"] = self.booked_minor
        return Draft(EntryKind.RESOLVED, customer_id, body={**body, **optional}, staff=self.staff)


@dataclass(frozen=True, slots=True)
class Settled:
    """The row holds all money entries of this customer."""


class Doubt(StrEnum):
    """An answer that is believed only after several in a row, a while apart."""

    STALE = "stale"  # the row is an old copy: was the backend restored?
    NOT_APPLIED = "traceless"  # the row does not show an update answered 2xx: is it dropped?
    GONE = "gone"  # the customer is not in the answer: was he removed?


@dataclass(frozen=True, slots=True)
class Later:
    """Not settled yet; the schedule tries again.

    `transport`: the backend did not answer as it should, which may concern all customers.
    `doubt`: what it answered is not believed yet.
    """

    reason: str
    retry_after_s: float | None = None
    transport: bool = False
    access_denied: bool = False
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class OnDesk:
    """A case for the conflict desk: this customer waits, the others do not.

    `reason` is why, as the row is now: a value of `reconcile.ConflictReason`.
    """

    reason: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Stopped:
    """All settlement stops: a partial write, dropped updates, or a cloned journal."""

    reason: str


Outcome = Settled | Later | OnDesk | Stopped


Step = Generator[Request, Answer, Outcome | Snapshot | None]
"""A part of settling; returns an outcome, a row to go on with, or None: read the row again.

The step of a sale is another class, `checkout/session.py:Step`.
"""


def read_row(customer_id: int) -> Generator[Request, Answer, RowAnswer]:
    """Read a customer's row."""
    answer = yield ReadRow(customer_id)
    assert isinstance(answer, Snapshot | RowNotFound | RowUnreadable | NoAnswer)
    return answer


def read_journal(
    customer_id: int, mark_seq: int | None
) -> Generator[Request, Answer, JournalAnswer]:
    """Read a customer's position, and the entry at the number of the row's mark."""
    answer = yield ReadJournal(customer_id, mark_seq)
    assert isinstance(answer, JournalAnswer)
    return answer


def append(*drafts: Draft) -> Generator[Request, Answer, None]:
    """Make entries durable."""
    yield Append(drafts)


def send_update(update: Update) -> Generator[Request, Answer, UpdateAnswer]:
    """Send an update, once."""
    answer = yield update
    assert isinstance(answer, Applied | OutcomeUnknown | Rejected | NoAnswer)
    return answer
