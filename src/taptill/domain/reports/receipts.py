"""Charges, voids and receipts in, what reached the books too late for its report out."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from taptill.domain.entry import Entry, EntryKind
from taptill.domain.reports.report import CountAndSum
from taptill.domain.reports.scopes import ScopeTest


@dataclass(frozen=True, slots=True)
class _Awaited:
    seq: int
    day: date
    amount_minor: int


class AwaitedReceipts:
    """The entries whose receipt has not come by yet; add them and the receipts in their order."""

    def __init__(self, scope: ScopeTest) -> None:
        self._scope = scope
        self._by_customer: defaultdict[int, list[_Awaited]] = defaultdict(list)
        self.late = CountAndSum()

    @property
    def first_seq(self) -> int | None:
        """The number of the oldest entry that still awaits its receipt; None: none does."""
        return min((rows[0].seq for rows in self._by_customer.values()), default=None)

    def expect(self, entry: Entry, day: date) -> None:
        """Await the receipt of a charge or a void that is in the books by now."""
        awaited = _Awaited(entry.seq, day, entry.amount_minor or 0)
        self._by_customer[entry.customer_id or 0].append(awaited)

    def take(self, entry: Entry) -> None:
        """Take a receipt, or a file that the office has booked; other entries change nothing."""
        if entry.kind is EntryKind.RECEIPT:
            self._cover(entry.customer_id or 0, int(entry.body["mark"][0]), entry)
        elif entry.kind is EntryKind.BOOKED:
            for customer_id in list(self._by_customer):
                self._cover(customer_id, int(entry.body["last_seq"]), entry)

    def _cover(self, customer_id: int, covered_seq: int, receipt: Entry) -> None:
        rows = self._by_customer.pop(customer_id, [])
        for row in rows:
            if row.seq > covered_seq:
                self._by_customer[customer_id].append(row)
            elif self._scope.is_late(row.day, receipt):
                self.late = self.late.add(row.amount_minor)
