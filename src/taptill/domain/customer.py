"""Who a card belongs to, and one answer's picture of that row."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from taptill.domain.card_id import CardId
from taptill.domain.mark import Marks, epoch_of
from taptill.domain.money import Money, round_against_customer


@dataclass(frozen=True, slots=True)
class Customer:
    """A row of the Customers entity as far as the till needs it for deciding and showing."""

    id: int
    name: str
    company: str
    card_id: CardId
    blocked: bool
    credit_allowed: bool
    is_default: bool
    external_id: str = ""  # the office's own key


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One answer's picture of a customer; money, stamp and marks are all from that answer.

    `total` is `totalDebt` exactly as received, in minor units, positive = the customer owes.
    """

    customer: Customer
    total: Decimal
    updated_at: str
    version: int | None
    marks: Marks

    @property
    def debt(self) -> Money:
        """Return the debt for decision and screen, rounded against the customer's headroom."""
        return round_against_customer(self.total)[0]

    @property
    def epoch(self) -> str:
        """Return the row's epoch or, where it has none, the one that enrolling it would give."""
        return self.marks.epoch or epoch_of(self.updated_at, self.total)


def stamp(updated_at: str) -> datetime | None:
    """Read an `updatedAt` as an instant; None where it is not ISO 8601."""
    try:
        read = datetime.fromisoformat(updated_at)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def older(updated_at: str, than: str) -> bool:
    """Return whether a stamp is surely older than another; unreadable stamps prove nothing."""
    left, right = stamp(updated_at), stamp(than)
    return left is not None and right is not None and left < right


def initials(name: str) -> str:
    """Return what journal and recent sales may show of a name: `Ada Byron` is `A. B.`."""
    letters = [word[0].upper() for word in name.split()]
    return " ".join(f"{letter}." for letter in letters[:2]) or "?"
