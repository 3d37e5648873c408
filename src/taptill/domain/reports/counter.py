"""Entries in, the report of days or of a shift out.

How it counts: of days, a charge and a void each belong to the day and the hour of their own time,
so a day that is over never changes its gross or its net. Of a shift, an entry belongs by its number
alone. A void takes back the lines that it names, or what is left of its charge, whenever that was
made. What a charge holds beyond its lines goes to a row of its own, so that the goods add up to the
total. Where the money of an entry stands is read from its customer's position.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta

from taptill.domain.customer import stamp
from taptill.domain.entry import Entry, EntryKind, Position
from taptill.domain.reports.receipts import AwaitedReceipts
from taptill.domain.reports.report import (
    ClockChange,
    CountAndSum,
    CustomerRow,
    OverrideRow,
    Report,
    ShiftVoids,
    Standing,
    Tally,
)
from taptill.domain.reports.scopes import Scope, ScopeTest, ShiftRange
from taptill.domain.reports.tables import Movement, SalesTables
from taptill.domain.reports.voided import VoidedCharge, taxed_lines
from taptill.domain.sales.past import SELF_SERVICE, WITHOUT_CARD
from taptill.domain.sales.repaying import Direction, direction_of, takes_back


class ReportCounter:
    """Adds up the entries of days or of a shift, in their order; others may be among them.

    `positions` has the customers' positions as of the report. `voided_charges` has, by charge id,
    each charge that a void of these entries takes back, with its voids.
    """

    def __init__(
        self,
        scope: Scope,
        positions: Mapping[int, Position],
        voided_charges: Mapping[str, VoidedCharge],
    ) -> None:
        self._scope = scope
        self._test = ScopeTest(scope)
        self._positions = positions
        self._voided_charges = voided_charges
        self._tables = SalesTables(scope.days.ends_at.hour)
        self._receipts = AwaitedReceipts(self._test)
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
        """Add one entry; of one outside the scope only what concerns the scope counts."""
        self._receipts.take(entry)
        if entry.kind is EntryKind.CLOCK:
            self._add_clock_change(entry)
        elif self._test.has(entry):
            self._add_inside(entry)
        elif entry.kind is EntryKind.VOID:
            voided = self._voided_charges.get(entry.charge_id or "")
            if voided and self._test.has(voided.charge):
                is_new = voided.charge.seq not in self._voided_outside
                self._facts.add("voided_outside", -(entry.amount_minor or 0), int(is_new))
                self._voided_outside.add(voided.charge.seq)

    def take_receipt(self, entry: Entry) -> None:
        """Take a receipt, or a booked file, of after the scope."""
        self._receipts.take(entry)

    def report(self) -> Report:
        """Return the report of all entries so far."""
        tables, facts = self._tables, self._facts
        return Report(
            scope=self._scope,
            total=tables.total(),
            days=tables.days(),
            hours=tables.hours(),
            goods=tables.goods(),
            staff=tables.staff(),
            taxes=tables.taxes(),
            customers=self._customer_rows(),
            repaid=facts.sums["repaid"],
            written_off=facts.sums["written_off"],
            offline=facts.sums["offline"],
            offline_from=facts.offline_from,
            offline_to=facts.offline_to,
            sent_later=self._receipts.late,
            voids_of_outside=facts.sums["voids_of_outside"],
            voids_of_shifts=facts.voids_of_shifts(),
            voided_outside=facts.sums["voided_outside"],
            declined=tuple(sorted(facts.declined.items(), key=lambda row: (-row[1], row[0]))),
            overrides=tuple(facts.overrides),
            untrusted=facts.sums["untrusted"],
            office_moved=facts.office_moved,
            money_minor=facts.money_minor,
            clock_changes=tuple(facts.clock_changes),
            currencies=tuple(sorted(facts.currencies)),
            first_at=facts.first_at,
            last_at=facts.last_at,
            first_seq=facts.first_seq,
            last_seq=facts.last_seq,
            paid_out=facts.sums["paid_out"],
            pay_ins_taken_back=facts.sums["pay_ins_taken_back"],
            pay_outs_taken_back=facts.sums["pay_outs_taken_back"],
            without_card=facts.sums["without_card"],
            self_service=facts.sums["self_service"],
        )

    def _add_inside(self, entry: Entry) -> None:
        amount, customer_id = entry.amount_minor or 0, entry.customer_id or 0
        self._facts.money_minor += amount
        match entry.kind:
            case EntryKind.CHARGE | EntryKind.VOID:
                self._add_movement(entry)
            case EntryKind.REPAYMENT:
                self._add_repayment(entry)
            case EntryKind.WRITE_OFF:
                self._written_off[customer_id] -= amount
                self._facts.add("written_off", -amount)
            case EntryKind.DECLINED:
                self._facts.declined[str(entry.body.get("reason", ""))] += 1
            case EntryKind.OFFICE_MOVED:
                self._facts.office_moved += 1
                return
            case _:
                return
        self._facts.add_seq(entry.seq)

    def _add_repayment(self, entry: Entry) -> None:
        amount, customer_id = entry.amount_minor or 0, entry.customer_id or 0
        self._people.setdefault(customer_id, entry)
        self._repaid[customer_id] -= amount
        self._facts.add("repaid", -amount)
        is_out = direction_of(entry) is Direction.OUT
        if is_out:
            self._facts.add("paid_out", amount)
        if takes_back(entry):
            name = "pay_outs_taken_back" if is_out else "pay_ins_taken_back"
            self._facts.add(name, abs(amount))

    def _add_movement(self, entry: Entry) -> None:
        moment, day = self._scope.days.local(entry.at), self._test.day_of(entry.at)
        assert moment is not None  # whoever selects the entries has refused any other
        assert day is not None
        voided = self._voided_charges.get(entry.charge_id or "")
        charge: Entry | None = entry
        lines = taxed_lines(entry)
        if entry.kind is EntryKind.VOID:
            charge, lines = (voided.charge, voided.lines_of(entry)) if voided else (None, lines)
        standing = self._standing(entry)
        self._tables.add(
            Movement(entry=entry, lines=lines, day=day, hour=moment.hour, standing=standing)
        )
        if standing is Standing.IN_BOOKS:
            self._receipts.expect(entry, day)
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
            facts.add_charge(entry)
        elif charge is None or not self._test.has(charge):
            facts.add("voids_of_outside", -amount)
            self._add_void_of_shift(entry)

    def _add_void_of_shift(self, void: Entry) -> None:
        if isinstance(self._scope, ShiftRange):
            voided = self._voided_charges.get(void.charge_id or "")
            self._facts.add_void_of(voided.shift if voided else None, -(void.amount_minor or 0))

    def _add_clock_change(self, entry: Entry) -> None:
        """Note a jump of wall time within a shift, or from or to an instant of a period."""
        jumped_ms, after = int(entry.body.get("jumped_ms", 0)), stamp(entry.at)
        if after is None:
            return
        before = after.astimezone(UTC) - timedelta(milliseconds=jumped_ms)
        before_at = before.replace(tzinfo=None).isoformat(timespec="milliseconds")
        if self._test.has(entry) or self._test.has_time(before_at):
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
        tallies = self._tables.customers()
        rows = [
            self._customer_row(customer_id, tallies.get(customer_id, Tally()))
            for customer_id in {*tallies, *self._repaid, *self._written_off}
        ]
        return tuple(sorted(rows, key=lambda row: (-row.tally.net_minor, row.customer_id)))

    def _customer_row(self, customer_id: int, tally: Tally) -> CustomerRow:
        charge = self._people.get(customer_id)
        body = charge.body if charge else {}
        return CustomerRow(
            customer_id=customer_id,
            initials=str(body.get("initials", "")),
            external_id=str(body.get("external_id") or ""),
            tally=tally,
            repaid_minor=self._repaid[customer_id],
            written_off_minor=self._written_off[customer_id],
        )


class _Facts:
    """What a report says beside its tables."""

    def __init__(self) -> None:
        self.sums: defaultdict[str, CountAndSum] = defaultdict(CountAndSum)
        self.declined: Counter[str] = Counter()
        self.clock_changes: list[ClockChange] = []
        self.overrides: list[OverrideRow] = []
        self.currencies: set[str] = set()
        self.office_moved = 0
        self.money_minor = 0
        self.first_at = self.last_at = ""
        self.offline_from = self.offline_to = ""
        self.first_seq = self.last_seq = 0
        self._voids_of_shifts: defaultdict[int | None, CountAndSum] = defaultdict(CountAndSum)

    def add(self, name: str, amount_minor: int, count: int = 1) -> None:
        """Add an entry, or so many, to one of the sums that `Report` names."""
        self.sums[name] = self.sums[name].add(amount_minor, count)

    def add_charge(self, charge: Entry) -> None:
        """Note when a charge was made, whether offline, and what was overridden for it."""
        at = charge.at
        self.first_at, self.last_at = min(self.first_at or at, at), max(self.last_at, at)
        self.overrides += _overrides(charge)
        if charge.body.get(WITHOUT_CARD):
            self.add("without_card", charge.amount_minor or 0)
        if charge.body.get(SELF_SERVICE):
            self.add("self_service", charge.amount_minor or 0)
        if charge.body.get("offline"):
            self.add("offline", charge.amount_minor or 0)
            self.offline_from = min(self.offline_from or at, at)
            self.offline_to = max(self.offline_to, at)

    def add_void_of(self, shift: int | None, amount_minor: int) -> None:
        """Add a void of a charge of an earlier shift."""
        self._voids_of_shifts[shift] = self._voids_of_shifts[shift].add(amount_minor)

    def voids_of_shifts(self) -> tuple[ShiftVoids, ...]:
        """Return the earlier shifts of which charges were voided, oldest first."""
        return tuple(
            ShiftVoids(shift, self._voids_of_shifts[shift])
            for shift in sorted(self._voids_of_shifts, key=lambda number: number or 0)
        )

    def add_seq(self, seq: int) -> None:
        """Widen the range of the entries' numbers."""
        self.first_seq = min(self.first_seq or seq, seq)
        self.last_seq = max(self.last_seq, seq)


def _overrides(charge: Entry) -> Iterator[OverrideRow]:
    """Yield what was overridden for a charge, as `charge_draft` writes it; skip any other form."""
    listed = charge.body.get("overrides")
    for override in listed if isinstance(listed, list) else ():
        if isinstance(override, list) and [*map(type, override)] == [str, str, str]:
            reason, staff, why = override
            yield OverrideRow(
                seq=charge.seq,
                at=charge.at,
                amount_minor=charge.amount_minor or 0,
                reason=reason,
                staff=staff,
                why=why,
                cashier=charge.staff or "",
            )
