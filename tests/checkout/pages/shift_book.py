"""Shifts in memory, counted by the real counter over the journal in memory."""

import asyncio
from datetime import date

from tests.fakes.journal import FakeBooks

from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.domain.errors import JournalError, ShiftError
from taptill.domain.money import Money
from taptill.domain.reports.counter import ReportCounter
from taptill.domain.reports.report import CountAndSum
from taptill.domain.reports.scopes import ShiftRange
from taptill.domain.reports.shift_report import (
    Closing,
    ShiftReport,
    cash_until_now,
    closed,
)
from taptill.domain.reports.voided import VoidedCharge

COUNT_S = 0.2


class FakeShiftBook:
    """Opens, counts and closes shifts of `books`; counting takes COUNT_S."""

    def __init__(self, books: FakeBooks) -> None:
        self._books = books
        self.unreadable = False
        self.opening: Entry | None = None
        self.reports: list[ShiftReport] = []

    async def open(self, counted: Money | None, staff: str | None) -> None:
        """Note the opening; once a shift."""
        if self.opening:
            raise ShiftError(number=len(self.reports) + 1, done="opened")
        body = {"cash": counted.minor if counted is not None else None}
        self.opening = (
            await self._books.append([Draft(EntryKind.SHIFT_OPENED, body=body, staff=staff)])
        )[0]

    async def running(self) -> ShiftReport:
        """Count the entries since the last close."""
        await asyncio.sleep(COUNT_S)
        if self.unreadable:
            raise JournalError(path="fake", detail="cannot be read")
        first = self.reports[0].shift.to_seq + 1 if self.reports else 1
        entries = self._books.entries
        scope = ShiftRange(len(self.reports) + 1, first, entries[-1].seq if entries else 0)
        counter = ReportCounter(scope, {}, self._voided())
        for entry in entries:
            if entry.seq >= first:
                counter.add(entry)
        return self._report(counter)

    async def close(self, closing: Closing) -> ShiftReport:
        """Store the Z."""
        report = closed(await self.running(), closing, "2026-03-02T18:00:00.000Z")
        draft = Draft(
            EntryKind.SHIFT_CLOSED, body={"number": report.shift.number}, staff=closing.staff
        )
        await self._books.append([draft])
        self.reports.insert(0, report)
        self.opening = None
        return report

    async def closed(self, count: int) -> list[ShiftReport]:
        """Return the Zs, newest first."""
        return self.reports[:count]

    def _voided(self) -> dict[str, VoidedCharge]:
        voids = self._books.of_kind(EntryKind.VOID)
        return {
            charge.charge_id or "": VoidedCharge(
                charge, tuple(void for void in voids if void.charge_id == charge.charge_id)
            )
            for charge in self._books.of_kind(EntryKind.CHARGE)
        }

    def _report(self, counter: ReportCounter) -> ShiftReport:
        opened, figures = self.opening, counter.report()
        cash = opened.body["cash"] if opened else None
        return ShiftReport(
            journal_id="aaaa0001",
            till="test",
            currency="EUR",
            first_hash="0" * 64,
            last_hash="f" * 64,
            business_day=date(2026, 3, 2),
            zone="",
            began_at="",
            opened_at=opened.at if opened else "",
            opened_by=(opened.staff or "") if opened else "",
            closed_at="",
            closed_by="",
            cash=cash_until_now(cash, figures),
            unsent=CountAndSum(1, 420),
            cases=CountAndSum(),
            figures=figures,
        )
