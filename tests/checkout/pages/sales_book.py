"""Past sales over the entries of the journal in memory."""

from tests.fakes.journal import FakeBooks

from taptill.domain.entry import Entry, EntryKind
from taptill.domain.errors import JournalError
from taptill.domain.sales.past import PAGE_ROWS, HistoryPage, HistoryRow, PastSale, SalesPage
from taptill.domain.sales.repaying import repayment_id, takes_back
from taptill.domain.sales.search import HistorySearch

STEP = 5


class FakeSalesBook:
    """Finds what `books` holds, STEP entries a step; raises while `unreadable`."""

    def __init__(self, books: FakeBooks) -> None:
        self._books = books
        self.unreadable = False
        self.closed_seq = 0

    def of_shift(self, before_seq: int | None = None, limit: int = PAGE_ROWS) -> SalesPage:
        """Return the charges after `closed_seq`, all of them up to the limit."""
        del before_seq
        charges = [entry for entry in self._sales() if self.is_of_shift(entry.seq)]
        return SalesPage(tuple(map(self._with_voids, charges[::-1][:limit])), None)

    def sale(self, charge_id: str) -> PastSale | None:
        """Return a charge by its id."""
        found = [entry for entry in self._sales() if entry.charge_id == charge_id]
        return self._with_voids(found[0]) if found else None

    def is_of_shift(self, seq: int) -> bool:
        """Return whether an entry came after the last close."""
        return seq > self.closed_seq

    def find(
        self, search: HistorySearch, before_seq: int | None = None, limit: int = PAGE_ROWS
    ) -> HistoryPage:
        """Return what fits among the STEP entries before one."""
        kinds = (EntryKind.CHARGE, EntryKind.VOID, EntryKind.REPAYMENT, EntryKind.DECLINED)
        found = sorted((e for kind in kinds for e in self._entries(kind)), key=lambda e: -e.seq)
        older = [e for e in found if before_seq is None or e.seq < before_seq]
        step = older[:STEP]
        rows = [row for row in map(self._row, step) if search.fits(row)][:limit]
        next_seq = step[-1].seq if len(older) > STEP else None
        return HistoryPage(tuple(rows), next_seq, len(step))

    def _row(self, entry: Entry) -> HistoryRow:
        charge = entry if entry.kind in {EntryKind.CHARGE, EntryKind.REPAYMENT} else None
        if entry.kind is EntryKind.VOID and (sale := self.sale(entry.charge_id or "")):
            charge = sale.charge
        return HistoryRow(entry, charge)

    def _sales(self) -> list[Entry]:
        repayments = [e for e in self._entries(EntryKind.REPAYMENT) if not takes_back(e)]
        return sorted([*self._entries(EntryKind.CHARGE), *repayments], key=lambda e: e.seq)

    def _entries(self, kind: EntryKind) -> list[Entry]:
        if self.unreadable:
            raise JournalError(path="fake", detail="cannot be read")
        return self._books.of_kind(kind)

    def _with_voids(self, charge: Entry) -> PastSale:
        voids = [e for e in self._entries(EntryKind.VOID) if e.charge_id == charge.charge_id]
        taken = [e for e in self._entries(EntryKind.REPAYMENT) if takes_back(e)]
        taken = [e for e in taken if repayment_id(e) == charge.charge_id]
        return PastSale(charge, (*voids, *taken))
