"""A seed in, some tills, a backend and a bad network between them out, step by step.

Nothing here waits or knows time: settling is a generator, so whoever drives it decides what
happens next. Rows and journals are checked at the end; each fault has its own likelihood.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from tests.settlement.bench import Bench, kept_row, row

from taptill.domain.customer import Snapshot, older
from taptill.domain.entry import Draft, Kind
from taptill.domain.mark import read_marks
from taptill.settlement.judgement import Halt, assess
from taptill.settlement.requests import (
    Answer,
    Append,
    Condition,
    Echo,
    Later,
    NoAnswer,
    Outcome,
    ReadJournal,
    ReadRow,
    Request,
    Stopped,
    Unheard,
    Update,
    UpdateAnswer,
)
from taptill.settlement.settle import Settling, settle
from taptill.settlement.writing import Task

HEALING_ROUNDS = 20


@dataclass(frozen=True)
class Faults:
    """How likely each fault is, per request; `crash` and `office` (a payment there) per step."""

    request_lost: float = 0.0
    reply_lost: float = 0.0
    lands_late: float = 0.0
    delivered_twice: float = 0.0
    repeated_by_proxy: float = 0.0
    read_lost: float = 0.0
    stale_read: float = 0.0
    crash: float = 0.0
    office: float = 0.0


BAD_DAY = Faults(0.1, 0.1, 0.1, 0.05, 0.05, 0.1, 0.15, 0.01)


@dataclass(frozen=True)
class Kin:
    """What kind of backend this is; one that only says so does not obey conditions."""

    conditional: bool = False
    obeys: bool = True
    keeps_money: bool = True
    keeps_debt_data: bool = True
    versions: bool = False
    echoes: bool = True
    enrolled: bool = False
    writes_a_second: int = 1


class ModelBackend:
    """Rows with all their former versions; an update takes effect whole and at once."""

    def __init__(self, kin: Kin, customers: dict[int, int]) -> None:
        self.kin = kin
        self.writes = 0
        held = read_marks({"taptill": {"e": "0000e90c", "t": {}}} if kin.enrolled else None)
        self.versions: dict[int, list[Snapshot]] = {
            one: [replace(row(total, customer=one, version=self._version(1)), marks=held)]
            for one, total in customers.items()
        }

    def read(self, customer: int, ago: int = 0) -> Snapshot:
        """Give a row as it is, or as it was `ago` writes before."""
        kept = self.versions[customer]
        return kept[max(0, len(kept) - 1 - ago)]

    def apply(self, update: Update) -> UpdateAnswer:
        """Change the row, where its condition holds, and say so."""
        customer = update.read.customer.id
        present = self.read(customer)
        obeyed = update.condition is not Condition.NONE and self.kin.obeys
        if obeyed and not self._meets(update, present):
            return Unheard("HTTP 409", clash=True, clash_row=present)
        self.writes += 1
        at = 1 + self.writes // self.kin.writes_a_second
        written = replace(kept_row(update, at), customer=present.customer)
        if self.kin.versions:
            written = replace(written, version=(present.version or 0) + 1)
        if not self.kin.keeps_money:
            written = replace(written, total=present.total)
        if not self.kin.keeps_debt_data:
            written = replace(written, marks=present.marks)
        self.versions[customer].append(written)
        return Echo(written if self.kin.echoes else None)

    def move(self, customer: int, amount: int) -> None:
        """Change a total as the office does: at once, and nothing else of the row."""
        present = self.read(customer)
        self.writes += 1
        at = row(at=1 + self.writes // self.kin.writes_a_second).updated_at
        version = None if present.version is None else present.version + 1
        moved = replace(present, total=present.total + amount, updated_at=at, version=version)
        self.versions[customer].append(moved)

    def _version(self, number: int) -> int | None:
        return number if self.kin.versions else None

    def _meets(self, update: Update, present: Snapshot) -> bool:
        if update.condition is Condition.NEVER:
            return False
        if self.kin.versions:
            return present.version == update.read.version
        read = update.read
        return (present.updated_at, present.total) == (read.updated_at, read.total)


class ModelTill:
    """A journal, and at most one settling of each customer under way."""

    def __init__(self, journal_id: str) -> None:
        self.bench = Bench(journal_id)
        self.under_way: dict[int, tuple[Task, Settling, Request]] = {}
        self.stale_reads: dict[int, int] = {}
        self.outcomes: list[Outcome] = []
        self.charges = 0
        self.conditional = True
        self.proven = False

    @property
    def stopped(self) -> bool:
        """Whether settlement was halted."""
        return any(isinstance(one, Stopped) for one in self.outcomes)

    def sell(self, customer: int, amount: int) -> None:
        """Write a charge, a repayment for a negative amount, or for zero a charge and its void."""
        self.charges += 1
        charge_id = str(self.charges)
        if amount > 0:
            self.bench.write(Draft(Kind.CHARGE, customer, amount, charge_id=charge_id))
        elif amount < 0:
            self.bench.write(Draft(Kind.REPAYMENT, customer, amount))
        else:
            self.bench.write(Draft(Kind.CHARGE, customer, 100, charge_id=charge_id))
            self.bench.write(Draft(Kind.VOID, customer, -100, charge_id=charge_id))

    def customers(self) -> list[int]:
        found = self.bench.file.connection.execute("SELECT customer_id FROM positions")
        return [one for (one,) in found]

    def begin(self, customer: int, kin: Kin) -> None:
        """Begin to settle a customer."""
        task = Task(
            customer,
            self.bench.journal_id,
            conditional=kin.conditional and self.conditional,
            share_debt_data=True,
            proven=self.proven,
            stale_reads=self.stale_reads.get(customer, 0),
        )
        settling = settle(task)
        self.under_way[customer] = (task, settling, next(settling))

    def go_on(self, customer: int, answer: Answer) -> None:
        """Send an answer to the settling of a customer."""
        task, settling, _ = self.under_way.pop(customer)
        try:
            self.under_way[customer] = (task, settling, settling.send(answer))
        except StopIteration as end:
            self.outcomes.append(end.value)
            self.conditional, self.proven = task.conditional, task.proven
            stale = isinstance(end.value, Later) and end.value.stale
            self.stale_reads[customer] = task.stale_reads + 1 if stale else 0

    def sight(self, snapshot: Snapshot) -> None:
        """Compare a row that came by, as a look-up or a sync does."""
        customer = snapshot.customer.id
        mark = snapshot.marks.table.get(self.bench.journal_id)
        look = self.bench.reads.look(customer, mark.seq if mark else None)
        if look is None or customer in self.under_way:
            return
        if older(snapshot.updated_at, look.position.updated_at):
            return
        verdict, drafts = assess(snapshot, look, self.bench.journal_id, may_share=True)
        if isinstance(verdict, Halt):
            drafts = [] if self.stopped else drafts
            self.outcomes.append(Stopped(verdict.reason))
        self.bench.write(*drafts)

    def crash(self) -> None:
        """Lose everything but the journal."""
        self.under_way.clear()
        self.stale_reads.clear()
        self.conditional, self.proven = True, False


class World:
    """Tills, a backend, and the seed that decides who does what next and what goes wrong."""

    def __init__(self, seed: int, kin: Kin, faults: Faults = BAD_DAY, *, tills: int = 2) -> None:
        self.luck = Random(seed)
        self.faults = faults
        self.bases = {1: 1000, 2: -250}
        self.backend = ModelBackend(kin, self.bases)
        self.tills = [ModelTill(f"aaaa{number:04d}") for number in range(tills)]
        self.late: list[Update] = []

    def run(self, sales: int = 8, steps: int = 150) -> None:
        """Let a bad day pass, then a quiet night in which everything is to heal."""
        sold = 0
        for _ in range(steps):
            till = self.luck.choice(self.tills)
            if sold < sales and self.luck.random() < 2 * sales / steps:
                sold += 1
                amount = self.luck.choice([320, 80, 1250, -500, 0])
                till.sell(self.luck.choice(list(self.bases)), amount)
            elif self.late and self._happens(0.1):
                self.backend.apply(self.late.pop(self.luck.randrange(len(self.late))))
            elif self._happens(self.faults.office):
                customer, amount = self.luck.choice(list(self.bases)), self.luck.choice([7, -113])
                self.backend.move(customer, amount)
                self.bases[customer] += amount
            elif self._happens(self.faults.crash):
                till.crash()
            else:
                self.step(till)
        for update in self.late:
            self.backend.apply(update)
        self.late.clear()
        self.heal()

    def step(self, till: ModelTill) -> None:
        """Let one till do one thing: begin to settle, go on with it, or see a row."""
        waiting = [one for one in till.customers() if one not in till.under_way]
        going = sorted(till.under_way)
        what = self.luck.random()
        if going and what < 0.7:
            customer = self.luck.choice(going)
            till.go_on(customer, self._answer(till, till.under_way[customer][2]))
        elif waiting and what < 0.9:
            due = sorted(set(self._waiting(till)) & set(waiting))
            if due:
                till.begin(self.luck.choice(due), self.backend.kin)
        elif waiting:
            till.sight(self._read(self.luck.choice(waiting)))

    def heal(self) -> None:
        """Let everybody look and settle, without a fault, until nobody writes any more."""
        self.faults = Faults()
        for _ in range(HEALING_ROUNDS):
            before = self._entries()
            for till in self.tills:
                for customer in sorted(till.under_way):
                    self._finish(till, customer)
                for customer in till.customers():
                    till.sight(self.backend.read(customer))
                for customer in self._waiting(till):
                    till.begin(customer, self.backend.kin)
                    self._finish(till, customer)
            if self._entries() == before and not any(map(self._waiting, self.tills)):
                return
        raise AssertionError("it never heals")

    def check(self) -> None:
        """Every entry is in the backend's total once; nobody has to decide anything."""
        stops = [one for till in self.tills for one in till.outcomes if isinstance(one, Stopped)]
        assert stops == []
        for customer, base in self.bases.items():
            sums = 0
            snapshot = self.backend.read(customer)
            for till in self.tills:
                position = till.bench.reads.position(customer)
                if position is None or position.last is None:
                    continue
                assert position.conflict is None
                assert not position.open
                assert snapshot.marks.table[till.bench.journal_id] == position.last
                sums += position.last.total
            assert snapshot.total == base + sums

    def close(self) -> None:
        for till in self.tills:
            till.bench.close()

    def _finish(self, till: ModelTill, customer: int) -> None:
        while customer in till.under_way:
            till.go_on(customer, self._answer(till, till.under_way[customer][2]))

    @staticmethod
    def _waiting(till: ModelTill) -> list[int]:
        return [] if till.stopped else till.bench.reads.open_customers(9)

    def _entries(self) -> int:
        query = "SELECT count(*) FROM entries"
        return sum(till.bench.file.connection.execute(query).fetchone()[0] for till in self.tills)

    def _answer(self, till: ModelTill, request: Request) -> Answer:
        match request:
            case ReadRow(customer):
                lost = self._happens(self.faults.read_lost)
                return NoAnswer("lost") if lost else self._read(customer)
            case ReadJournal(customer, mark_seq):
                return till.bench.reads.look(customer, mark_seq)
            case Append(drafts):
                till.bench.write(*drafts)
                return None
            case Update():
                return self._update(request)

    def _read(self, customer: int) -> Snapshot:
        stale = self._happens(self.faults.stale_read)
        return self.backend.read(customer, self.luck.randint(1, 3) if stale else 0)

    def _update(self, update: Update) -> UpdateAnswer:
        """Carry one update over the network, for better or worse."""
        faults, lost = self.faults, Unheard("lost")
        chances = iter(self._edges(faults))
        what = self.luck.random()
        if what < next(chances):
            return lost
        if what < next(chances):
            self.backend.apply(update)
            return lost
        if what < next(chances):
            self.late.append(update)
            return lost
        if what < next(chances):
            self.late.append(update)
            return self.backend.apply(update)
        if what < next(chances):
            self.backend.apply(update)
        return self.backend.apply(update)

    @staticmethod
    def _edges(faults: Faults) -> Iterator[float]:
        reached = 0.0
        for chance in (
            faults.request_lost,
            faults.reply_lost,
            faults.lands_late,
            faults.delivered_twice,
            faults.repeated_by_proxy,
        ):
            reached += chance
            yield reached

    def _happens(self, chance: float) -> bool:
        return self.luck.random() < chance
