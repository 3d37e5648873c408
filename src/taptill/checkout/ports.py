"""The ports of the till: what it needs from journal, look-up and settlement."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from taptill.checkout.view import StatusView
from taptill.domain.card_id import CardId
from taptill.domain.clock import Clock
from taptill.domain.decision import Found, LookupResult, OfflineExposure
from taptill.domain.entry import Draft, Entry, Position
from taptill.domain.money import Money
from taptill.domain.sales.past import PAGE_ROWS, HistoryPage, PastSale, SalesPage
from taptill.domain.slips.printer import PrinterHealth

if TYPE_CHECKING:  # what pages need is imported with the pages
    from taptill.domain.cards.change import CardChange, CardRefusal, FreeCard
    from taptill.domain.conflicts.case import CaseDecision, CaseOutcome, DeskCase
    from taptill.domain.customer import Customer
    from taptill.domain.figures.reader import LastRead
    from taptill.domain.figures.till import TillFigures
    from taptill.domain.people.names import NameIndex
    from taptill.domain.reports.shift_report import Closing, ShiftReport
    from taptill.domain.sales.search import HistorySearch


class Finder(Protocol):
    """Looks up whose card it is; neither method raises."""

    async def cached(self, card_id: CardId) -> LookupResult:
        """Return what the cache knows, at once."""

    async def live(self, card_id: CardId) -> LookupResult:
        """Return what the backend answers, however long that takes."""


class PeopleFinder(Protocol):
    """Finds customers by name; no method raises."""

    async def names(self) -> "NameIndex":
        """Return the names of all customers that the cache knows."""

    def by_ids(self, customer_ids: Sequence[int]) -> list[Found]:
        """Return the customers of these ids whom the cache knows, in their order."""

    async def live(self, customer_id: int) -> LookupResult:
        """Return what the backend says of a customer, however long that takes."""


class ChargeJournal(Protocol):
    """The journal as the till needs it."""

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Commit entries; raise JournalError if none of them is committed."""

    def position(self, customer_id: int) -> Position | None:
        """Return the customer's position in the journal; None without any entry."""

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Return the sums of offline charges that the newest snapshots do not contain."""

    def closed_by(self) -> str:
        """Return why the journal cannot be written; empty while it can be."""


class ShiftBook(Protocol):
    """The shifts of the till's journal; a report is counted beside the till, which goes on.

    Each method raises JournalError, also where an archive that a shift began in is gone.
    """

    async def open(self, counted: Money | None, staff: str | None) -> None:
        """Open the running shift with what is in the drawer, None: not counted.

        Errors: ShiftError where it is open already.
        """

    async def running(self) -> "ShiftReport":
        """Return the report of the running shift, an X; nothing is stored."""

    async def close(self, closing: "Closing") -> "ShiftReport":
        """Close the running shift and return its Z, which the journal holds then.

        Errors: ShiftError where somebody else has closed it meanwhile.
        """

    async def closed(self, count: int) -> "list[ShiftReport]":
        """Return the Zs of the shifts that were closed last, newest first, at most `count`."""


class SalesBook(Protocol):
    """The sales of this journal, newest first; each call takes some milliseconds at most.

    Each method raises JournalError. `before_seq` is the entry before which a page begins, None:
    the newest.
    """

    def of_shift(self, before_seq: int | None = None, limit: int = PAGE_ROWS) -> SalesPage:
        """Return sales of the running shift."""

    def sale(self, charge_id: str) -> PastSale | None:
        """Return a sale by its id; None: this journal does not have it."""

    def is_of_shift(self, seq: int) -> bool:
        """Return whether an entry belongs to the running shift."""

    def find(
        self, search: "HistorySearch", before_seq: int | None = None, limit: int = PAGE_ROWS
    ) -> HistoryPage:
        """Return what fits a search, of the entries that one step looks at."""


class ConflictDesk(Protocol):
    """The cases that wait for a person's decision."""

    async def cases(self) -> "tuple[DeskCase, ...]":
        """Return the open cases, oldest first. Errors: JournalError."""

    async def decide(self, decision: "CaseDecision") -> "CaseOutcome":
        """Carry out a decision. Errors: JournalError, BackendError."""


class CardOffice(Protocol):
    """The cards of customers at the backend, with a token that may change them.

    No method raises an error of the backend: where there is no answer, the refusal says so.
    """

    async def customer(self, customer_id: int) -> "Customer | CardRefusal":
        """Return a customer as the backend has them now."""

    async def owner(self, card_id: CardId) -> "Customer | FreeCard | CardRefusal":
        """Return who has this card, or that it can be bound."""

    async def change(self, change: "CardChange") -> "CardRefusal | None":
        """Carry out a change, and return why it was not done; None: it was. Errors: JournalError.

        Both that it is about to be sent and what came of it are in the journal then.
        """


class FiguresPort(Protocol):
    """What the technician's page shows."""

    def figures(self) -> "TillFigures":
        """Return the till's figures as they are now. Errors: JournalError."""

    def last_reads(self) -> "tuple[LastRead, ...]":
        """Return what the readers have read last, with the numbers of cards."""


class SlipDesk(Protocol):
    """Prints slips beside the till; each call returns at once, whatever the printer does."""

    def health(self) -> PrinterHealth:
        """Return what is known of the printer, and how many slips wait."""

    def print_slip(self, seq: int, *, once: bool = False) -> bool:
        """Print the slip of an entry, as a copy where it was printed before; `once`: no copy.

        Return whether it was printed before, or is being printed for an earlier request.
        """

    def print_waiting(self) -> None:
        """Print all that wait, however long they have."""

    def drop_waiting(self) -> None:
        """Let nothing wait any more."""


class ReportPrinter(Protocol):
    """Prints reports of shifts beside the till; each call returns at once."""

    def print_report(self, report: "ShiftReport") -> bool:
        """Print a report once, and return whether the printer is ready; else nothing waits."""

    def print_closed(self, report: "ShiftReport") -> None:
        """Print the report of a shift that was closed, where the site wants that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Everything that the till calls; `status` returns the facts that other rooms own.

    `pin_matches` says whether a hash is that of a PIN, while the till goes on. `past_sales`,
    `shifts`, `conflicts`, `people`, `cards` and `technician` return what the pages about these
    need, which is imported for the first of them, not for the start; None: there are no such pages.
    `purchases` returns a customer's last money entries, at most so many, oldest first, and raises
    JournalError. `slips` and `report_printer` None: there is no printer.
    """

    finder: Finder
    journal: ChargeJournal
    clock: Clock
    new_id: Callable[[], str]
    status: Callable[[], StatusView]
    settle: Callable[[], None]
    pin_matches: Callable[[str, str], Awaitable[bool]]
    past_sales: Callable[[], SalesBook] | None = None
    shifts: Callable[[], ShiftBook] | None = None
    conflicts: Callable[[], ConflictDesk] | None = None
    people: Callable[[], PeopleFinder] | None = None
    cards: Callable[[], CardOffice] | None = None
    purchases: Callable[[int, int], Sequence[Entry]] | None = None
    technician: "Callable[[], FiguresPort] | None" = None
    slips: SlipDesk | None = None
    report_printer: ReportPrinter | None = None
