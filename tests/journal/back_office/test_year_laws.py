"""However often a year is closed, the journal answers settlement as if it never had been."""

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.examples import about
from tests.fakes.clock import FakeClock
from tests.journal.drafts import ADA, BEN, attempt, charge, part_void, receipt

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, Entry, EntryKind, MarkedEntry
from taptill.domain.mark import HASH_DIGITS, Mark
from taptill.domain.money import Money
from taptill.journal.back_office.close_year import close_year
from taptill.journal.identity import fork
from taptill.journal.lock import LoneJournal, alone
from taptill.journal.queries import JournalQueries
from taptill.journal.verify import verify

HERE = {"journal_id": "aaaa0001", "backend": "here", "strategy": "debt"}
FORK, CLOSE = "fork", "close"
CUSTOMERS = (ADA, BEN, 99)

sales = st.tuples(st.sampled_from(CUSTOMERS), st.integers(-500, 500).filter(bool))
days = st.lists(st.one_of(sales, st.sampled_from([FORK, CLOSE, CLOSE])), max_size=10)


def parts_of(amount: int) -> list[int]:
    """Return what is taken back of a charge: nothing, a part, or all of it in two parts."""
    return {0: [1], 1: [1, amount - 1]}.get(amount % 5, []) if amount > 1 else []


class Ledger:
    """What a journal must answer of each seq: the money entries since the last fork."""

    def __init__(self) -> None:
        self.footings: dict[int, MarkedEntry] = {}
        self.last: dict[int, Mark] = {}
        self.offline: list[tuple[Entry, int]] = []  # with what is left
        self.sales = 0

    def sell(self, journal: LoneJournal, customer: int, amount: int) -> None:
        """Charge, take back what `parts_of` says, and settle: nothing is open at a year's end."""
        self.sales += 1
        charge_id, row_mark = f"sale {self.sales}", self.last.get(customer)
        draft = charge(customer, amount, charge_id, offline=amount % 2 == 1)
        if amount < 0:
            draft = Draft(EntryKind.REPAYMENT, customer, amount)
        voids = [
            part_void(customer, part, charge_id, number)
            for number, part in enumerate(parts_of(amount), 1)
        ]
        money_entries = journal.append(draft, *voids)
        if money_entries[0].body.get("offline"):
            self.offline.append((money_entries[0], amount - sum(parts_of(amount))))
        for entry in money_entries:
            before = self.last.get(customer)
            total = (before.total if before else 0) + (entry.amount_minor or 0)
            self.last[customer] = mark = Mark(entry.seq, total, entry.hash[:HASH_DIGITS])
            self.footings[mark.seq] = MarkedEntry(customer, mark)
        journal.append(attempt(customer, mark, row_mark), receipt(customer, mark))

    def fork(self) -> None:
        self.footings.clear()
        self.last.clear()
        self.offline.clear()

    def check(self, path: Path) -> None:
        with closing(JournalQueries(path)) as queries:
            end = queries.newest()
            assert end is not None
            for seq in range(1, end.seq + 3):
                assert queries.entry_at_mark(seq) == self.footings.get(seq), seq
            for customer in CUSTOMERS:
                position = queries.position(customer)
                assert (position.last if position else None) == self.last.get(customer)
                self.check_spend(queries, customer, position.start_seq if position else 0)
            assert verify(queries.connection).sound

    def check_spend(self, queries: JournalQueries, customer: int, start_seq: int) -> None:
        """Whatever mark a row is set back to, the offline charges beyond it count."""
        held_mark = [
            seq
            for seq, marked_entry in self.footings.items()
            if marked_entry.customer_id == customer
        ]
        for above in (start_seq, *held_mark):
            own_sum = sum(
                left
                for entry, left in self.offline
                if entry.seq > above and entry.customer_id == customer
            )
            assert queries.offline_exposure(customer, above) == OfflineExposure(
                Money(own_sum), Money(own_sum)
            )


@about(20)
@given(days)
def test_each_seq_stands_for_what_it_stood_for(acts: list[tuple[int, int] | str]) -> None:
    ledger, clock = Ledger(), FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        with alone(path, clock) as journal:
            journal.append(Draft(EntryKind.OPENED, body=HERE))
        for act in acts:
            if act == CLOSE:
                close_year(path, clock, late_max_s=0)
            else:
                with alone(path, clock) as journal:
                    if isinstance(act, tuple):
                        ledger.sell(journal, *act)
                    else:
                        fork(journal, clock, late_max_s=0)
                        ledger.fork()
            ledger.check(path)
