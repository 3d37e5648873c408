"""A journal in memory: the real projection and chain, and a disk that fails when told."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from tests.fakes.clock import FakeClock

from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, Entry, EntryKind, Position
from taptill.domain.errors import EntryRefusedError, JournalError
from taptill.domain.money import Money
from taptill.journal import projection
from taptill.journal.chain import FIRST_PREV_HASH, chained_hash


class FakeBooks:
    """Fits `checkout.ports.ChargeJournal`.

    `takes_s` slows the disk, `fails` breaks it, `full` fills it, `unreadable` breaks what is read.
    """

    def __init__(self, clock: FakeClock) -> None:
        self.entries: list[Entry] = []
        self.takes_s = 0.0
        self.fails = ""
        self.full = ""
        self.unreadable = ""
        self._clock = clock
        self._positions: dict[int, Position] = {}

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Keep the entries once the disk has taken its time; all of them or none."""
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        if self.fails:
            raise JournalError(path="fake", detail=self.fails)
        used = {(entry.kind, entry.charge_id) for entry in self.entries if entry.charge_id}
        for draft in drafts:
            is_once = draft.kind in {EntryKind.CHARGE, EntryKind.REPAYMENT}
            if is_once and (draft.kind, draft.charge_id) in used:
                raise EntryRefusedError(path="fake", detail="UNIQUE constraint failed")
            if draft.kind is EntryKind.REPAYMENT and not self._may_repay(draft):
                raise EntryRefusedError(path="fake", detail="a repayment is taken back once")
            if draft.kind is EntryKind.VOID and not self._may_void(draft):
                raise EntryRefusedError(path="fake", detail="a void takes back what is left, once")
        return [self._keep(draft) for draft in drafts]

    def position(self, customer_id: int) -> Position | None:
        """Tell where these books stand with a customer."""
        if self.unreadable:
            raise JournalError(path="fake", detail=self.unreadable)
        return self._positions.get(customer_id)

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Sum offline charges that no snapshot holds yet, less their voids."""
        observation_times = {
            position.customer_id: position.row_mark.seq
            for position in self._positions.values()
            if position.open and position.row_mark
        }
        observation_times[customer_id] = above_seq
        open_customers = {
            position.customer_id for position in self._positions.values() if position.open
        } | {customer_id}
        voided: Counter[str | None] = Counter()
        for entry in self.of_kind(EntryKind.VOID):
            voided[entry.charge_id] += entry.amount_minor or 0
        spending: dict[int, int] = dict.fromkeys(open_customers, 0)
        for entry in self.of_kind(EntryKind.CHARGE):
            if (
                entry.body["offline"]
                and entry.customer_id in open_customers
                and entry.seq > observation_times.get(entry.customer_id, 0)
            ):
                spending[entry.customer_id] += (entry.amount_minor or 0) + voided[entry.charge_id]
        return OfflineExposure(Money(spending[customer_id]), Money(sum(spending.values())))

    def closed_by(self) -> str:
        """Name what keeps the books from being written."""
        return self.full

    def of_kind(self, kind: EntryKind) -> list[Entry]:
        """Return the entries of one kind, oldest first."""
        return [entry for entry in self.entries if entry.kind is kind]

    def _may_repay(self, draft: Draft) -> bool:
        """Return whether a repayment takes nothing back, or one that is there as a whole."""
        if "voids" not in draft.body:
            return True
        repayment = self.entries[draft.body["voids"] - 1]
        is_same = repayment.customer_id == draft.customer_id
        is_opposite = repayment.amount_minor == -(draft.amount_minor or 0)
        return repayment.kind is EntryKind.REPAYMENT and is_same and is_opposite

    def _may_void(self, void: Draft) -> bool:
        """Return whether a void is the next one of its charge, and takes back what is left."""
        of_charge = [entry for entry in self.entries if entry.charge_id == void.charge_id]
        write_offs = self.of_kind(EntryKind.WRITE_OFF)
        if any(entry.customer_id == void.customer_id for entry in write_offs):
            return False
        amounts = [entry.amount_minor or 0 for entry in of_charge]
        if not of_charge or of_charge[0].customer_id != void.customer_id:
            return False
        if void.body.get("number", 1) != len(of_charge):
            return False
        amount = void.amount_minor or 0
        return amount == -amounts[0] if "lines" not in void.body else 0 < -amount <= sum(amounts)

    def _keep(self, draft: Draft) -> Entry:
        seq, prev_hash = len(self.entries) + 1, FIRST_PREV_HASH
        if self.entries:
            prev_hash = self.entries[-1].hash
        boot_id, uptime_ms = self._clock.boot()
        entry = Entry(
            seq=seq,
            kind=draft.kind,
            charge_id=draft.charge_id,
            customer_id=draft.customer_id,
            amount_minor=draft.amount_minor,
            body=draft.body,
            at=self._clock.now(),
            boot_id=boot_id,
            uptime_ms=uptime_ms,
            clock_trusted=self._clock.trusted(),
            staff=draft.staff,
            prev_hash=prev_hash,
            hash=chained_hash(prev_hash, {"seq": seq, "body": draft.body}),
        )
        self.entries.append(entry)
        if draft.customer_id is not None:
            before = self._positions.get(draft.customer_id) or projection.empty_position(
                draft.customer_id
            )
            self._positions[draft.customer_id] = projection.advance(before, entry)
        return entry
