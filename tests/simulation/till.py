"""Answers of a backend in, entries of a real journal and requests of the real settling out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.clock import FakeClock
from tests.settlement.harness import Image, SettlementHarness

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Entry, EntryKind, Position
from taptill.domain.money import Money
from taptill.domain.pending import pending
from taptill.settlement.reconcile import Halt, HaltReason, reconcile
from taptill.settlement.requests import (
    Answer,
    Applied,
    Doubt,
    JournalAnswer,
    Later,
    OnDesk,
    Outcome,
    Request,
    Resolution,
    Settled,
    Stopped,
    Update,
)
from taptill.settlement.settle import STALE_MAX, Settling, settle
from taptill.settlement.update_row import Task

CUSTOMERS_MAX = 9

Spectacles = Callable[[str, Snapshot, JournalAnswer], JournalAnswer]


def as_it_is(_: str, __: Snapshot, look: JournalAnswer) -> JournalAnswer:
    """See the journal as it is."""
    return look


@dataclass(frozen=True, slots=True)
class Protocol:
    """How tills settle; a broken one sees its journal at a sight through spectacles.

    `sights` off: a row that comes by is not compared; `doubts` off: one that looks old is not read
    again. `voids_written_off`: a journal takes a void of what was written off; `takes_any_void`:
    it takes each void of a charge. `pending` is what its screens count beyond a row.
    """

    settle: Callable[[Task], Settling] = settle
    seen_as: Spectacles = as_it_is
    sights: bool = True
    doubts: bool = True
    voids_written_off: bool = False
    takes_any_void: bool = False
    pending: Callable[..., tuple[Money, bool]] = pending


REAL = Protocol()


class Drawer:
    """Journals made once and filled anew: making the tables costs more than a whole day."""

    def __init__(self) -> None:
        self._spare: list[SettlementHarness] = []
        first = SettlementHarness()
        self.empty = first.image()
        self._spare.append(first)

    def take(self, journal_id: str, image: Image, clock: FakeClock) -> SettlementHarness:
        """Open a journal as it lies on the disk."""
        harness = self._spare.pop() if self._spare else SettlementHarness()
        harness.load(image, journal_id, clock)
        return harness

    def put_back(self, harness: SettlementHarness) -> None:
        self._spare.append(harness)


DRAWER = Drawer()


@dataclass(slots=True)
class UnderWay:
    """A settling that has asked something, and what its last look at the row is good for.

    `sends` counts what was sent on that look, `old`: it showed a copy known to be old. `row` is
    what it showed, `journal` what the journal did, `believed_total` what a person's decision, if
    any, says that it holds of our money, and `wrote_off` whether that wrote something off.
    """

    task: Task
    settling: Settling
    request: Request
    sends: int = 0
    old: bool = False
    resolution: Resolution | None = None
    row: Snapshot | None = None
    journal: JournalAnswer | None = None
    believed_total: int | None = None
    wrote_off: bool = False


@dataclass(slots=True)
class Backup:
    """A journal's file as it was once."""

    image: Image
    journal_id: str


@dataclass(slots=True)
class Memory:
    """All that a crash takes."""

    under_way: dict[int, UnderWay] = field(default_factory=dict)
    doubts: dict[int, tuple[Doubt, int]] = field(default_factory=dict)
    doubtful_customers: dict[int, None] = field(default_factory=dict)
    obeys_conditions: bool = True
    proven: bool = False
    stop: HaltReason | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """What a till that has forked left behind under its former id.

    `money` is what each row was known to hold, amounts by the entry's hash; `doubtful` what it
    may hold besides.
    """

    journal_id: str
    money: dict[int, dict[str, int]]
    doubtful: dict[int, int]


class ModelTill:
    """A journal, a cache of stamps, and at most one settling of each customer under way.

    `off`: it was retired for good. `doubtful`: its journal is or was not the only one of its name.
    `sums` are all sums that a customer's money entries here ever had, whatever was restored since.
    `last_void` is the last void that the journal has taken.
    """

    def __init__(self, number: int, journal_id: str, protocol: Protocol) -> None:
        self.number = number
        self.protocol = protocol
        self.clock = FakeClock()
        self.harness = self._take(DRAWER.empty, journal_id)
        self.stamps: dict[int, str] = {}
        self.memory = Memory()
        self.backup: Backup | None = None
        self.written = 0
        self.kinds: Counter[str] = Counter()
        self.off = False
        self.last_void: Draft | None = None
        self.doubtful = False
        self.sums: dict[int, set[int]] = {}
        self.dirty: set[int] = set()
        self._positions: dict[int, Position | None] = {}

    def __str__(self) -> str:
        return str(self.number)

    @property
    def journal_id(self) -> str:
        return self.harness.journal_id

    @property
    def working(self) -> bool:
        """Whether it may send money at all."""
        return not self.off and self.memory.stop is None

    def position(self, customer: int) -> Position | None:
        """Return where the journal stands with a customer."""
        if customer not in self._positions:
            self._positions[customer] = self.harness.queries.position(customer)
        return self._positions[customer]

    def customers(self) -> list[int]:
        """Return whoever this journal has an entry of."""
        rows = self.harness.file.connection.execute("SELECT customer_id FROM positions")
        return [customer for (customer,) in rows]

    def money(self, customer: int) -> dict[str, int]:
        """Return a customer's money entries under this id, each amount by the entry's hash."""
        return self._money(customer, "seq > start_seq")

    def _money(self, customer: int, kinds_sql: str) -> dict[str, int]:
        query = (
            "SELECT hash, amount_minor FROM entries JOIN positions USING (customer_id) "
            f"WHERE customer_id = ? AND amount_minor AND {kinds_sql}"
        )
        return dict(self.harness.file.connection.execute(query, (customer,)).fetchall())

    def voidable(self, customer: int) -> tuple[str, int] | None:
        """Return id and amount of the last charge that was not voided."""
        query = (
            "SELECT charge_id, amount_minor FROM entries c WHERE kind = 'charge' "
            "AND customer_id = ? AND NOT EXISTS (SELECT 1 FROM entries v "
            "WHERE v.kind = 'void' AND v.charge_id = c.charge_id) ORDER BY seq DESC LIMIT 1"
        )
        row = self.harness.file.connection.execute(query, (customer,)).fetchone()
        return (row[0], row[1]) if row else None

    def voided_twice(self) -> bool:
        """Return whether what was written off was voided as well."""
        query = (
            "SELECT 1 FROM entries v JOIN entries c USING (charge_id) JOIN entries w "
            "ON w.customer_id = v.customer_id AND w.seq BETWEEN c.seq AND v.seq "
            "WHERE v.kind = 'void' AND c.kind = 'charge' AND w.kind = 'write-off'"
        )
        return self.harness.file.connection.execute(query).fetchone() is not None

    def waiting(self) -> list[int]:
        """Return whom the schedule would settle."""
        open_ones = dict.fromkeys(self.harness.queries.open_customers(CUSTOMERS_MAX))
        return list(open_ones | self.memory.doubtful_customers) if self.working else []

    def cases(self) -> list[int]:
        """Return whom a person is to decide about."""
        query = "SELECT customer_id FROM positions WHERE conflict IS NOT NULL"
        rows = self.harness.file.connection.execute(query) if self.working else []
        return [customer for (customer,) in rows]

    def write(self, *drafts: Draft) -> list[Entry]:
        """Make entries durable; one that halts stops all settling before the disk is asked."""
        for draft in drafts:
            if draft.kind is EntryKind.HALTED:
                self.memory.stop = HaltReason(draft.body["reason"])
        new_entries = self.harness.write(*drafts)
        self.written += len(new_entries)
        self.kinds.update(entry.kind.value for entry in new_entries)
        for entry in new_entries:
            if entry.customer_id is not None:
                self._positions.pop(entry.customer_id, None)
                self.dirty.add(entry.customer_id)
            if entry.customer_id is not None and entry.amount_minor is not None:
                position = self.position(entry.customer_id)
                assert position
                assert position.last
                self.sums.setdefault(entry.customer_id, {0}).add(position.last.total)
        return new_entries

    # --- settling -------------------------------------------------------------------------------

    def begin(self, customer: int, *, offered: bool, resolution: Resolution | None = None) -> None:
        """Begin to settle a customer; `offered`: the backend says that it obeys conditions."""
        memory = self.memory
        doubt, times = memory.doubts.get(customer, (None, 0))
        task = Task(
            customer_id=customer,
            journal_id=self.journal_id,
            conditional=offered and memory.obeys_conditions,
            share_debt_data=True,
            proven=memory.proven,
            known_stamp=self.stamps.get(customer, ""),
            doubt=doubt,
            doubt_count=times,
            resolution=resolution,
        )
        settling = self.protocol.settle(task)
        memory.under_way[customer] = UnderWay(task, settling, next(settling), resolution=resolution)

    def break_off(self) -> None:
        """End all settling without an answer; the count of doubts about its customers ends, too."""
        for customer in self.memory.under_way:
            self.memory.doubts.pop(customer, None)
        self.memory.under_way.clear()

    def go_on(self, customer: int, answer: Answer) -> Outcome | None:
        """Send an answer to the settling of a customer; return the outcome if that ends it."""
        running = self.memory.under_way[customer]
        if isinstance(running.request, Update):
            running.sends += running.request.mark is not None
        if isinstance(answer, Snapshot):
            running.sends, running.old = 0, self._is_old(running.task, answer)
        if isinstance(answer, Snapshot | Applied):
            running.row, running.believed_total = (
                answer.row if isinstance(answer, Applied) else answer,
                None,
            )
        if isinstance(answer, JournalAnswer):
            running.journal = answer
        try:
            running.request = running.settling.send(answer)
        except StopIteration as end:
            del self.memory.under_way[customer]
            outcome: Outcome = end.value
            self._note(running.task, outcome)
            return outcome
        return None

    def query(self, customer: int, mark_seq: int | None) -> JournalAnswer | None:
        """Look into the journal once."""
        return self.harness.queries.query(customer, mark_seq)

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a row's stamp in the cache, unless a newer one is there."""
        customer = snapshot.customer.id
        if not older(snapshot.updated_at, self.stamps.get(customer, "")):
            self.stamps[customer] = snapshot.updated_at

    def sight(self, snapshot: Snapshot) -> None:
        """Compare a row that came by, as a look-up or a sync does."""
        self.keep(snapshot)
        if not self.protocol.sights:
            return
        customer = snapshot.customer.id
        mark = snapshot.marks.table.get(self.journal_id)
        look = self.query(customer, mark.seq if mark else None)
        if look is None or customer in self.memory.under_way:
            return
        if older(snapshot.updated_at, look.position.updated_at):
            if self.protocol.doubts:
                self.memory.doubtful_customers[customer] = None
            return
        look = self.protocol.seen_as(self.journal_id, snapshot, look)
        verdict, drafts = reconcile(snapshot, look, self.journal_id, may_share=True)
        if isinstance(verdict, Halt):
            drafts = [] if self.memory.stop else drafts
            self.memory.stop = self.memory.stop or verdict.reason
        self.write(*drafts)

    def _is_old(self, task: Task, row: Snapshot) -> bool:
        position = self.position(task.customer_id)
        newest_stamps = (task.known_stamp, position.updated_at if position else "")
        is_believed = task.times(Doubt.STALE) + 1 >= STALE_MAX
        return not is_believed and any(older(row.updated_at, stamp) for stamp in newest_stamps)

    def _note(self, task: Task, outcome: Outcome) -> None:
        memory = self.memory
        has_failed = isinstance(outcome, Later) and outcome.transport
        memory.obeys_conditions = (
            task.conditional or has_failed
        )  # then the backend is asked anew what it offers
        memory.proven = memory.proven or (task.conditional and task.proven)
        memory.doubts.pop(task.customer_id, None)
        if isinstance(outcome, Later) and outcome.doubt:
            memory.doubts[task.customer_id] = (outcome.doubt, task.times(outcome.doubt) + 1)
        if isinstance(outcome, Settled | OnDesk):
            memory.doubtful_customers.pop(task.customer_id, None)
        if isinstance(outcome, Stopped):
            memory.stop = HaltReason(outcome.reason)

    # --- what may happen to a till --------------------------------------------------------------

    def crash(self) -> None:
        """Lose all but the disk, and start again from it."""
        self.open(self.harness.image(), self.journal_id)
        self.clock.reboot()

    def open(self, image: Image, journal_id: str) -> None:
        """Start with a journal as it lies on a disk."""
        DRAWER.put_back(self.harness)
        self.harness = self._take(image, journal_id)
        self._positions.clear()
        self.dirty |= set(self.customers())
        self.memory = Memory(
            stop=HaltReason.PARTIAL_WRITE if self.harness.queries.halted() else None
        )

    def _take(self, image: Image, journal_id: str) -> SettlementHarness:
        harness = DRAWER.take(journal_id, image, self.clock)
        if self.protocol.voids_written_off or self.protocol.takes_any_void:
            harness.file.connection.execute("DROP TRIGGER IF EXISTS entries_void")
        if self.protocol.takes_any_void:
            harness.file.connection.execute("DROP INDEX IF EXISTS entries_charge")
        return harness

    def fork(self, journal_id: str) -> Former:
        """Go on under another journal id; give what is left behind under the former one."""
        was, positions_before = (
            self.journal_id,
            {customer_id: self.position(customer_id) for customer_id in self.customers()},
        )
        self.write(Draft(EntryKind.FORKED, body={"journal_id": journal_id, "was": was}))
        self.open(self.harness.image(), journal_id)
        self.doubtful = False
        left = {
            customer: self._money(customer, "seq <= start_seq") for customer in positions_before
        }
        last = {
            customer_id: position.last if (position := self.position(customer_id)) else None
            for customer_id in positions_before
        }
        doubtful = {customer_id: mark.total if mark else 0 for customer_id, mark in last.items()}
        self.sums = {customer: {0, total} for customer, total in doubtful.items()}
        return Former(was, left, doubtful)

    def close(self) -> None:
        DRAWER.put_back(self.harness)


@dataclass(frozen=True, slots=True)
class Packet:
    """An update under way; `first` where it is the first on a look that was not known to be old.

    `believed_total`: what a person's ruling says that the row read held of the sender's money.
    """

    update: Update
    till: ModelTill
    journal_id: str
    first: bool
    believed_total: int | None = None
