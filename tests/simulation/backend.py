"""Updates and office acts in, rows with all their former versions out, and what is true of each.

The truth of a row version is whose money its total is made of: payments at the office, by number,
and each journal's. It follows from what an update says it was computed from, never from a mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from tests.settlement.harness import row

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Marks, Place, epoch_of, read_marks, with_mark
from taptill.settlement.requests import (
    Applied,
    OutcomeUnknown,
    Update,
    UpdateAnswer,
    UpdateCondition,
)


@dataclass(frozen=True, slots=True)
class Kin:
    """What kind of backend this is; one that only says so does not obey conditions."""

    conditional: bool = False
    obeys: bool = True
    versions: bool = False
    keeps_money: bool = True
    keeps_debt_data: bool = True
    echoes: bool = True
    enrolled: bool = False
    writes_a_second: int = 1

    @property
    def honest(self) -> bool:
        """Whether it keeps both halves of what it is sent."""
        return self.keeps_money and self.keeps_debt_data

    @property
    def guarded(self) -> bool:
        """Whether no till's update can overwrite what it has not read."""
        return self.conditional and self.obeys and (self.versions or self.writes_a_second == 1)


@dataclass(frozen=True, slots=True)
class Half(Update):
    """A broken protocol's update of one field alone."""

    writes_total: bool = True


@dataclass(frozen=True, slots=True)
class Truth:
    """Whose money one row version's total is made of, beside what it began with.

    `decided_sums` is what persons decided beyond that, by journal: so much more of its money
    counts as in the row, whether or not they were right.
    """

    payments: frozenset[int] = frozenset()
    own_sums: Mapping[str, int] = field(default_factory=dict)
    decided_sums: Mapping[str, int] = field(default_factory=dict)

    def counted(self, journal_id: str) -> int:
        """Return how much of a journal's money counts as in the row."""
        return self.own_sums.get(journal_id, 0) + self.decided_sums.get(journal_id, 0)

    def saying(self, journal_id: str, believed_total: int) -> "Truth":
        """Return the truth once a person has said how much of a journal's money is in the row."""
        beyond = believed_total - self.own_sums.get(journal_id, 0)
        return replace(self, decided_sums={**self.decided_sums, journal_id: beyond})


@dataclass(frozen=True, slots=True)
class Loss:
    """A payment that an update overwrote; `is_excused` if it is risk (a) of docs/charging.md."""

    payment: int
    is_excused: bool


class ModelBackend:
    """The Customers API's rows; an update takes effect whole and at once, or not at all."""

    def __init__(self, kin: Kin, totals: Mapping[int, int | str]) -> None:
        self.kin = kin
        self.writes = 0
        self.payments: list[int] = []
        self.losses: list[Loss] = []
        self.undone: set[int] = set()
        self.backup: dict[int, Snapshot] = {}
        self.start = {customer: Decimal(total) for customer, total in totals.items()}
        self.versions: dict[int, list[Snapshot]] = {}
        self._truths: dict[int, Truth] = {}
        self._oldest = dict.fromkeys(totals, 0)
        for customer, total in totals.items():
            first = row(total, customer=customer)
            if kin.enrolled:
                epoch = epoch_of(first.updated_at, first.total)
                first = replace(first, marks=read_marks(with_mark(first.marks, epoch)))
            self.versions[customer] = []
            self._keep(replace(first, version=1 if kin.versions else None), Truth())

    def read(self, customer: int, ago: int = 0) -> Snapshot:
        """Return a row as it is, or an old copy of `ago` writes before."""
        kept_versions = self.versions[customer]
        return kept_versions[max(self._oldest[customer], len(kept_versions) - 1 - ago)]

    def truth(self, version: Snapshot) -> Truth:
        """Tell whose money a version's total is made of; `version` is one that was read here."""
        return self._truths[id(version)]

    def office_part(self, customer: int) -> Decimal:
        """Return the present total without any till's money."""
        counted_payments = self.truth(self.read(customer)).payments
        return self.start[customer] + sum(self.payments[number] for number in counted_payments)

    def moved(self) -> bool:
        """Return whether any till's money is in any total."""
        return any(
            any(self.truth(self.read(customer)).own_sums.values()) for customer in self.versions
        )

    def face(self, version: Snapshot, journal_id: str) -> tuple[object, ...]:
        """Return all of a version that a journal could count by: others look the same to it."""
        truth, table = self.truth(version), version.marks.table
        own_sum, decided_sum = (
            truth.own_sums.get(journal_id, 0),
            truth.decided_sums.get(journal_id, 0),
        )
        return own_sum, decided_sum, table.get(journal_id), journal_id in table, version.marks.epoch

    def believe(self, version: Snapshot, journal_id: str, believed_total: int) -> None:
        """Take a person's word for how much of a journal's money a row, and its like, holds."""
        *face, epoch = self.face(version, journal_id)
        for old_version in self.versions[version.customer.id]:
            *its_face, its_epoch = self.face(old_version, journal_id)
            if old_version.marks.place is Place.EMPTY:  # another till may enrol it, in this epoch
                its_epoch = epoch_of(old_version.updated_at, old_version.total)
            if (its_face, its_epoch) == (face, epoch):
                self._truths[id(old_version)] = self.truth(old_version).saying(
                    journal_id, believed_total
                )

    def apply(
        self,
        update: Update,
        sender: str = "",
        *,
        first: bool = True,
        believed_total: int | None = None,
    ) -> UpdateAnswer:
        """Change the row, where its condition holds, and say so.

        `sender` is a journal's id; `first` tells that it is the first on a fresh look;
        `believed_total`: what a person said that the row read held of the sender's money.
        """
        present = self.read(update.read.customer.id)
        condition_obeyed = update.condition is not UpdateCondition.NONE and self.kin.obeys
        if condition_obeyed and not self._meets(update, present):
            return OutcomeUnknown("HTTP 409", version_conflict=True, current_row=present)
        total_kept, marks_kept = self.kin.keeps_money, self.kin.keeps_debt_data
        if isinstance(update, Half):
            total_kept, marks_kept = update.writes_total, not update.writes_total
        written_row = replace(
            present,
            total=update.total if total_kept else present.total,
            marks=read_marks(update.debt_data) if marks_kept else present.marks,
        )
        truth = self.truth(present)
        if total_kept:
            truth = self._truth_of(update, sender, believed_total)
            is_excused = first and not self.kin.guarded
            lost_numbers = self.truth(present).payments - truth.payments
            self.losses += [Loss(payment, is_excused) for payment in sorted(lost_numbers)]
        echo = self._write(written_row, truth)
        return Applied(echo if self.kin.echoes else None)

    # --- the office -----------------------------------------------------------------------------

    def pay(self, customer: int, amount: int) -> Snapshot:
        """Move a total as the office does: nothing else of the row."""
        return self.set_total(customer, self.read(customer).total + amount)

    def set_total(self, customer: int, total: Decimal) -> Snapshot:
        """Write a total, however old the read is that it was computed from."""
        present = self.read(customer)
        truth = self.truth(present)
        self.payments.append(int(total - present.total))
        counted_payments = truth.payments | {len(self.payments) - 1}
        return self._write(replace(present, total=total), replace(truth, payments=counted_payments))

    def write_back(self, customer: int, old: Snapshot, amount: int | None = None) -> Snapshot:
        """Write an old version's total, with a payment or not, and debtData back, together."""
        present, truth = self.read(customer), self.truth(old)
        self.undone |= self.truth(present).payments - self.truth(old).payments
        if amount is not None:
            self.payments.append(amount)
            truth = replace(truth, payments=truth.payments | {len(self.payments) - 1})
        written_row = replace(present, total=old.total + (amount or 0), marks=old.marks)
        return self._write(written_row, truth)

    def copy_books(self) -> None:
        """Keep a backup of all rows."""
        self.backup = {customer: self.read(customer) for customer in self.versions}

    def restore_books(self) -> None:
        """Put the backup in place: all rows are as they were then, stamps and versions, too."""
        for customer, old in self.backup.items():
            present = self.read(customer)
            self.undone |= self.truth(present).payments - self.truth(old).payments
            self.versions[customer].append(old)
        self.forget_old_copies()

    def set_marks(self, customer: int, marks: Marks) -> Snapshot:
        """Replace debtData, nothing else."""
        present = self.read(customer)
        return self._write(replace(present, marks=marks), self.truth(present))

    def block(self, customer: int) -> Snapshot:
        """Block a customer, or let him in again."""
        present = self.read(customer)
        changed_customer = replace(present.customer, blocked=not present.customer.blocked)
        return self._write(replace(present, customer=changed_customer), self.truth(present))

    def forget_old_copies(self) -> None:
        """Let enough time pass that nobody gets an older copy than the present one any more."""
        self._oldest = {
            customer: len(kept_versions) - 1 for customer, kept_versions in self.versions.items()
        }

    # --- inside ---------------------------------------------------------------------------------

    def _write(self, written_row: Snapshot, truth: Truth) -> Snapshot:
        self.writes += 1
        at = row(at=1 + self.writes // self.kin.writes_a_second).updated_at
        version = None if written_row.version is None else written_row.version + 1
        return self._keep(replace(written_row, updated_at=at, version=version), truth)

    def _keep(self, version: Snapshot, truth: Truth) -> Snapshot:
        self.versions[version.customer.id].append(version)
        self._truths[id(version)] = truth
        return version

    def _truth_of(self, update: Update, sender: str, believed_total: int | None) -> Truth:
        """Say whose money the total sent is: all of the row read, and the rest is the sender's."""
        read = self.truth(update.read)
        customer = update.read.customer.id
        office = self.start[customer] + sum(self.payments[number] for number in read.payments)
        others_total = sum(money for journal, money in read.own_sums.items() if journal != sender)
        decided_sums = (
            read.decided_sums
            if believed_total is None
            else read.saying(sender, believed_total).decided_sums
        )
        own_sums = {**read.own_sums, sender: int(update.total - office - others_total)}
        return Truth(read.payments, own_sums, decided_sums)

    def _meets(self, update: Update, present: Snapshot) -> bool:
        if update.condition is UpdateCondition.NEVER:
            return False
        read = update.read
        if self.kin.versions:
            return present.version == read.version
        return (present.updated_at, present.total) == (read.updated_at, read.total)
