"""Entries in, the report of a period out.

How it counts: a charge and a void each belong to the day and the hour of their own time, so a day
that is over never changes its gross or its net. A void takes back the lines that it names, or all
of its charge, whenever that was made. What a charge holds beyond its lines goes to a row of its
own, so that the goods add up to the total. Where the money of an entry stands is read from its
customer's position.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, timedelta

from taptill.domain.customer import stamp
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.reports.period import Period
from taptill.domain.reports.receipts import AwaitedReceipts
from taptill.domain.reports.report import (
    ClockChange,
    CountAndSum,
    CustomerRow,
    Report,
    Standing,
)
from taptill.domain.reports.tables import Movement, SalesTables


class ReportCounter:
    """Adds up the entries of a period, which come in their order; others may be among them.

    `positions` has the customers' positions as they are now. `voided_charges` has, by charge id,
    each charge that a void of these entries takes back.
    """

    def __init__(
        self,
        period: Period,
        positions: Mapping[int, Position],
        voided_charges: Mapping[str, Entry],
    ) -> None:
        self._period = period
        self._begin, self._end = period.begin, period.end
        self._positions = positions
        self._voided_charges = voided_charges
        self._tables = SalesTables()
        self._receipts = AwaitedReceipts(period)
        self._facts = _Facts()
        self._people: dict[int, Entry] = {}
        self._voided_outside: set[int] = set()
        self._repaid: defaultdict[int, int] = defaultdict(int)
        self._written_off: defaultdict[int, int] = defaultdict(int)

    @property
    def awaits_receipts_after(self) -> int | None:
        """The number after which receipts are still to be added; None: no more are needed."""
        return self._receipts.first_seq

    def add(self, entry: Entry) -> None:
        """Add one entry; of one outside the period only what concerns the period counts."""
        self._receipts.take(entry)
        if entry.kind is EntryKind.CLOCK:
            self._add_clock_change(entry)
        elif self._has(entry.at):
            self._add_inside(entry)
        elif entry.kind is EntryKind.VOID:
            charge = self._voided_charges.get(entry.charge_id or "")
            if charge and self._has(charge.at):
                is_new = charge.seq not in self._voided_outside
                self._facts.add("voided_outside", -(entry.amount_minor or 0), int(is_new))
                self._voided_outside.add(charge.seq)

    def take_receipt(self, entry: Entry) -> None:
        """Take a receipt, or a booked file, of after the period."""
        self._receipts.take(entry)

    def report(self) -> Report:
        """Return the report of all entries so far."""
        tables, facts = self._tables, self._facts
        return Report(
            period=self._period,
            total=tables.total,
            days=tables.days(),
            hours=tables.hours(),
            goods=tables.goods(),
            customers=self._customer_rows(),
            repaid=facts.sums["repaid"],
            written_off=facts.sums["written_off"],
            offline=facts.sums["offline"],
            sent_later=self._receipts.late,
            voids_of_outside=facts.sums["voids_of_outside"],
            voided_outside=facts.sums["voided_outside"],
            declined=tuple(sorted(facts.declined.items(), key=lambda row: (-row[1], row[0]))),
            untrusted=facts.sums["untrusted"],
            clock_changes=tuple(facts.clock_changes),
            currencies=tuple(sorted(facts.currencies)),
            first_at=facts.first_at,
            last_at=facts.last_at,
            first_seq=facts.first_seq,
            last_seq=facts.last_seq,
        )

    def _has(self, at: str) -> bool:
        return self._begin <= at < self._end

    def _add_inside(self, entry: Entry) -> None:
        amount, customer_id = entry.amount_minor or 0, entry.customer_id or 0
        match entry.kind:
            case EntryKind.CHARGE | EntryKind.VOID:
                self._add_movement(entry)
            case EntryKind.REPAYMENT:
                self._repaid[customer_id] -= amount
                self._facts.add("repaid", -amount)
            case EntryKind.WRITE_OFF:
                self._written_off[customer_id] -= amount
                self._facts.add("written_off", -amount)
            case EntryKind.DECLINED:
                self._facts.declined[str(entry.body.get("reason", ""))] += 1
            case _:
                return
        self._facts.add_seq(entry.seq)

    def _add_movement(self, entry: Entry) -> None:
        moment = self._period.local(entry.at)
        assert moment is not None  # it lies within the period
        charge: Entry | None = entry
        if entry.kind is EntryKind.VOID:
            charge = self._voided_charges.get(entry.charge_id or "")
        standing = self._standing(entry)
        self._tables.add(Movement(entry=entry, charge=charge, moment=moment, standing=standing))
        if standing is Standing.IN_BOOKS:
            self._receipts.expect(entry, moment.date())
        if charge:
            self._people[entry.customer_id or 0] = charge
        self._add_facts(entry, charge)

    def _add_facts(self, entry: Entry, charge: Entry | None) -> None:
        facts, amount = self._facts, entry.amount_minor or 0
        if not entry.clock_trusted:
            facts.add("untrusted", amount)
        if charge:
            facts.currencies.add(str(charge.body.get("currency", "")))
        if entry.kind is EntryKind.CHARGE:
            facts.add_time(entry.at)
            if entry.body.get("offline"):
                facts.add("offline", amount)
        elif charge is None or not self._has(charge.at):
            facts.add("voids_of_outside", -amount)

    def _add_clock_change(self, entry: Entry) -> None:
        """Note a jump of wall time from or to an instant of the period."""
        jumped_ms, after = int(entry.body.get("jumped_ms", 0)), stamp(entry.at)
        if after is None:
            return
        before = after.astimezone(UTC) - timedelta(milliseconds=jumped_ms)
        before_at = before.replace(tzinfo=None).isoformat(timespec="milliseconds")
        if self._has(entry.at) or self._has(before_at):
            self._facts.clock_changes.append(ClockChange(entry.at, jumped_ms))

    def _standing(self, entry: Entry) -> Standing:
        position = self._positions.get(entry.customer_id or 0)
        if position is None:
            return Standing.TO_SEND
        if position.arrived_seq >= entry.seq:
            return Standing.IN_BOOKS
        return Standing.IN_QUESTION if position.conflict else Standing.TO_SEND

    def _customer_rows(self) -> tuple[CustomerRow, ...]:
        """Return all customers whose debt these entries have changed, most net first."""
        tallies = self._tables.customers
        rows = [
            self._customer_row(customer_id)
            for customer_id in {*tallies, *self._repaid, *self._written_off}
        ]
        return tuple(sorted(rows, key=lambda row: (-row.tally.net_minor, row.customer_id)))

    def _customer_row(self, customer_id: int) -> CustomerRow:
        charge = self._people.get(customer_id)
        body = charge.body if charge else {}
        return CustomerRow(
            customer_id=customer_id,
            initials=str(body.get("initials", "")),
            external_id=str(body.get("external_id") or ""),
            tally=self._tables.customers[customer_id],
            repaid_minor=self._repaid[customer_id],
            written_off_minor=self._written_off[customer_id],
        )


class _Facts:
    """What a report says beside its tables."""

    def __init__(self) -> None:
        self.sums: defaultdict[str, CountAndSum] = defaultdict(CountAndSum)
        self.declined: Counter[str] = Counter()
        self.clock_changes: list[ClockChange] = []
        self.currencies: set[str] = set()
        self.first_at = self.last_at = ""
        self.first_seq = self.last_seq = 0

    def add(self, name: str, amount_minor: int, count: int = 1) -> None:
        """Add an entry, or so many, to one of the sums that `Report` names."""
        self.sums[name] = self.sums[name].add(amount_minor, count)

    def add_time(self, at: str) -> None:
        """Widen the range of the charges' times."""
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at, at)

    def add_seq(self, seq: int) -> None:
        """Widen the range of the entries' numbers."""
        self.first_seq = min(self.first_seq or seq, seq)
        self.last_seq = max(self.last_seq, seq)
