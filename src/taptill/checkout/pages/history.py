"""The pages of the history: charges, voids and declines of this journal, found by typing."""

import asyncio
from dataclasses import dataclass, replace
from functools import cached_property

from taptill.checkout.charging import VOID_REASONS
from taptill.checkout.pages.choices import reason_words
from taptill.checkout.pages.page import (
    BACK_TO_SALE,
    DAY_AND_TIME,
    Cell,
    PageRow,
    PageTraits,
    PageView,
    Phrase,
    TextField,
    TimeCell,
    Turn,
    moved,
    phrase,
    why_declined,
)
from taptill.checkout.pages.undo import REPAYMENT_REASONS
from taptill.checkout.ports import SalesBook
from taptill.checkout.recent_sales import local_time
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Currency, Money
from taptill.domain.sales.past import HistoryRow
from taptill.domain.sales.repaying import direction_of, takes_back
from taptill.domain.sales.search import HistorySearch

ROWS_MAX = 200
"""So many rows are listed; a narrower search finds the others."""

_WHY_TAKEN_BACK = frozenset({*VOID_REASONS.values(), *REPAYMENT_REASONS})

_TEXT = TextField(length_max=40, allowed="")


@dataclass(frozen=True, kw_only=True)
class History:
    """What fits the text that was typed, newest first; a step of the search looks at some entries.

    `next_seq` is where the search goes on, None: it has come to the beginning, or
    `has_begun` is not so yet.
    """

    sales: SalesBook
    currency: Currency
    back: Turn = BACK_TO_SALE
    text: TextField = _TEXT
    rows: tuple[HistoryRow, ...] = ()
    next_seq: int | None = None
    has_begun: bool = True
    chosen: int = 0
    notice: Phrase | None = None

    @cached_property
    def view(self) -> PageView:
        """Return the rows that were found so far."""
        is_over = self.next_seq is None or len(self.rows) >= ROWS_MAX
        is_searching = not (self.has_begun and is_over)
        count = phrase("page.searched" if is_searching else "page.found", count=len(self.rows))
        return PageView(
            name="history",
            head=(PageRow((count,)),),
            rows=tuple(entry_row(row) for row in self.rows),
            chosen=self.chosen if self.rows else None,
            field=phrase("page.search"),
            typed=self.text.text,
            notice=self.notice,
            keys=("choose", "go-on", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a card closes the list, and that a key may break the search off."""
        return PageTraits(yields=True, may_break_off=True)

    def press(self, key: str) -> Turn:
        """Type what is looked for, choose a row, show it, or go back."""
        if key == "escape":
            return self.back
        if (chosen := moved(self.chosen, key, len(self.rows))) is not None and self.rows:
            return self._searching(replace(self, chosen=chosen, notice=None))
        if key == "enter" and self.rows:
            return Turn(HistoryEntry(row=self.rows[self.chosen], back=self._searching(self)))
        text = self.text.press(key)
        if text is None:
            return self._searching(replace(self, notice=phrase("page.type-search")))
        return history(self.sales, self.currency, self.back, text)

    def _searching(self, page: "History") -> Turn:
        """Return a turn to a page whose search goes on, if it has not come to its end."""
        is_over = page.next_seq is None or len(page.rows) >= ROWS_MAX
        return Turn(page, None if is_over else page.step, reads=True)

    async def step(self) -> Turn:
        """Look at some more entries, from the newest on at first."""
        await asyncio.sleep(0)  # keys and taps that wait come first
        search = HistorySearch.of(self.text.text, self.currency)
        found = self.sales.find(search, self.next_seq, ROWS_MAX - len(self.rows))
        rows = (*self.rows, *found.rows)
        page = replace(self, rows=rows, next_seq=found.next_seq, has_begun=True)
        return self._searching(page)


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One entry to read."""

    row: HistoryRow
    back: Turn
    top: int = 0

    @cached_property
    def view(self) -> PageView:
        """Return all that the journal has of it."""
        entry, row = self.row.entry, self.row
        words: tuple[tuple[str, Cell], ...] = (
            ("row.entry", str(entry.seq)),
            ("row.when", local_time(entry.at, "%Y-%m-%d %H:%M")),
            ("row.customer", " ".join(filter(None, (row.initials, row.external_id)))),
            ("row.staff", entry.staff or ""),
            ("row.why", _why(row.reason)),
            ("row.card", phrase("row.without-card") if row.is_without_card else ""),
            ("row.sale", entry.charge_id or ""),
        )
        lines = [
            PageRow(
                (f"{quantity} × {name}" if name else phrase("line.amount"), Money(price * quantity))
            )
            for name, price, quantity in row.lines
        ]
        return PageView(
            name="history-entry",
            head=(entry_row(row),),
            rows=(
                *lines,
                *(PageRow((phrase(label), cell)) for label, cell in words if cell),
            ),
            top=self.top,
            keys=("scroll", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a card closes it: it is only read."""
        return PageTraits(yields=True)

    def press(self, key: str) -> Turn:
        """Scroll, or go back."""
        top = {"up": self.top - 1, "down": self.top + 1}.get(key)
        if top is None:
            return self.back
        return Turn(replace(self, top=max(0, min(top, len(self.view.rows) - 1))))


def history(
    sales: SalesBook, currency: Currency, back: Turn = BACK_TO_SALE, text: TextField = _TEXT
) -> Turn:
    """Return the turn that shows the history and begins to search it."""
    page = History(sales=sales, currency=currency, back=back, text=text, has_begun=False)
    return Turn(page, page.step, reads=True)


def entry_row(row: HistoryRow) -> PageRow:
    """Return an entry in a list: when, how much, whose or why declined, and what it is."""
    entry = row.entry
    is_decline = entry.kind is EntryKind.DECLINED
    who = why_declined(row.reason) if is_decline else row.initials
    at = TimeCell(local_time(entry.at, DAY_AND_TIME))
    return PageRow((at, _amount_named(row), who, _entry_words(entry)))


def _why(reason: str) -> Cell:
    """Return why a sale was taken back or declined, in the screen's words."""
    return reason_words(reason) if reason in _WHY_TAKEN_BACK else why_declined(reason)


def _amount_named(row: HistoryRow) -> Money:
    """Return the amount of a row; cash as it was counted, below zero where it was taken back."""
    if row.entry.kind is not EntryKind.REPAYMENT:
        return row.amount
    return Money(abs(row.amount.minor) * (-1 if takes_back(row.entry) else 1))


def _entry_words(entry: Entry) -> Phrase:
    """Return what an entry of the history is called: a sale, a void, cash paid in."""
    if entry.kind is not EntryKind.REPAYMENT:
        return phrase(f"entry.{entry.kind}")
    return phrase("entry.void" if takes_back(entry) else f"row.paid-{direction_of(entry)}")
