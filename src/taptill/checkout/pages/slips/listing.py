"""F4: right after a sale its slip is printed at once; else the last sales are listed to choose."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from taptill.checkout.pages.choices import Choices
from taptill.checkout.pages.page import DAY_AND_TIME, PageRow, Tone, Turn, phrase
from taptill.checkout.ports import SalesBook, SlipDesk
from taptill.checkout.recent_sales import local_time
from taptill.checkout.session import OVER, Notice, Step
from taptill.domain.entry import EntryKind
from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow
from taptill.domain.sales.search import HistorySearch
from taptill.domain.slips.printer import PrinterState

ROWS_MAX = 50
STEPS_MAX = 5
"""So many steps backwards are looked at; between two sales of a day offline there may be much."""

_BLAMELESS = frozenset({PrinterState.OK, PrinterState.STARTING})


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPages:
    """The pages of F4, over the sales of the journal."""

    desk: SlipDesk
    sales: SalesBook
    currency: Currency

    def open(self, step: Step) -> Turn | Notice:
        """Print the slip of the result on the screen, or return the list. Errors: JournalError."""
        rows = self._rows(1 if step in OVER else ROWS_MAX)
        if not rows:
            return Notice.NO_SLIP
        return self._print(rows[0]).notice if step in OVER else self._list(rows)

    def _list(self, rows: list[HistoryRow]) -> Turn:
        waiting = self.desk.health().waiting
        choices: list[tuple[PageRow, Callable[[], Turn]]] = []
        if waiting:
            choices += [
                (PageRow((phrase("slips.print", count=waiting),)), self._print_waiting),
                (PageRow((phrase("slips.drop", count=waiting),)), self._drop_waiting),
            ]
        choices += [(_row(row), partial(self._print, row)) for row in rows]
        page = Choices(
            name="slips",
            head=(self._state(),),
            rows=tuple(row for row, _ in choices),
            follow=lambda at, _: choices[at][1](),
            yields=True,
            is_last=True,
        )
        return Turn(replace(page, chosen=2 if waiting else 0))

    def _state(self) -> PageRow:
        state = self.desk.health().state
        tone = Tone.PLAIN if state in _BLAMELESS else Tone.CAREFUL
        return PageRow((phrase(f"printer.{state}"),), tone)

    def _print(self, row: HistoryRow) -> Turn:
        self.desk.print_slip(row.entry.seq)
        return Turn(notice=self._answer())

    def _print_waiting(self) -> Turn:
        self.desk.print_waiting()
        return Turn(notice=self._answer())

    def _drop_waiting(self) -> Turn:
        self.desk.drop_waiting()
        return Turn(notice=Notice.SLIPS_DROPPED)

    def _answer(self) -> Notice:
        is_ready = self.desk.health().state in _BLAMELESS
        return Notice.SLIP_PRINTS if is_ready else Notice.SLIP_WAITS

    def _rows(self, count: int) -> list[HistoryRow]:
        """Return the last sales and voids, newest first."""
        search, before_seq = HistorySearch.of("", self.currency), None
        rows: list[HistoryRow] = []
        for _ in range(STEPS_MAX):
            page = self.sales.find(search, before_seq)
            rows += [row for row in page.rows if row.entry.kind is not EntryKind.DECLINED]
            before_seq = page.next_seq
            if len(rows) >= count or before_seq is None:
                break
        return rows[:count]


def _row(row: HistoryRow) -> PageRow:
    at = local_time(row.entry.at, DAY_AND_TIME)
    return PageRow((at, row.amount, row.initials, phrase(f"entry.{row.entry.kind}")))
