"""F4: right after a sale its slip is printed at once; else the last sales are listed to choose."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from taptill.checkout.pages.choices import Choices
from taptill.checkout.pages.history import entry_row
from taptill.checkout.pages.page import PageRow, Tone, Turn, phrase
from taptill.checkout.ports import SalesBook, SlipDesk
from taptill.checkout.session import OVER, Notice, Step
from taptill.domain.entry import EntryKind
from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow
from taptill.domain.sales.search import HistorySearch
from taptill.domain.slips.printer import READY_STATES

ROWS_MAX = 50
STEPS_MAX = 5
"""So many steps backwards are looked at; between two sales of a day offline there may be much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipPages:
    """The pages of F4, over the sales of the journal."""

    desk: SlipDesk
    sales: SalesBook
    currency: Currency

    def open(self, step: Step, *, once: bool = False) -> Turn | Notice:
        """Print the slip of the result on the screen, or return the list. Errors: JournalError.

        `once`: no copy of it.
        """
        rows = self._rows(1 if step in OVER else ROWS_MAX)
        if not rows:
            return Notice.NO_SLIP
        if step in OVER:
            return print_slip(self.desk, rows[0].entry.seq, once=once)
        return self._list(rows)

    def _list(self, rows: list[HistoryRow]) -> Turn:
        waiting = self.desk.health().waiting
        choices: list[tuple[PageRow, Callable[[], Turn]]] = []
        if waiting:
            choices += [
                (PageRow((phrase("slips.print", count=waiting),)), self._print_waiting),
                (PageRow((phrase("slips.drop", count=waiting),)), self._drop_waiting),
            ]
        choices += [(entry_row(row), partial(self._print, row)) for row in rows]
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
        tone = Tone.PLAIN if state in READY_STATES else Tone.CAREFUL
        return PageRow((phrase("row.printer"), phrase(f"printer.{state}")), tone)

    def _print(self, row: HistoryRow) -> Turn:
        return Turn(notice=print_slip(self.desk, row.entry.seq))

    def _print_waiting(self) -> Turn:
        self.desk.print_waiting()
        return Turn(notice=_answer(self.desk))

    def _drop_waiting(self) -> Turn:
        self.desk.drop_waiting()
        return Turn(notice=Notice.SLIPS_DROPPED)

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


def print_slip(desk: SlipDesk, seq: int, *, once: bool = False) -> Notice:
    """Print the slip of an entry, `once`: no copy of it; return the answer."""
    is_copy = desk.print_slip(seq, once=once)
    answer = _answer(desk)
    if not is_copy or (answer is Notice.SLIP_WAITS and not once):
        return answer
    return Notice.SLIP_PRINTED if once else Notice.SLIP_COPY


def _answer(desk: SlipDesk) -> Notice:
    is_ready = desk.health().state in READY_STATES
    return Notice.SLIP_PRINTS if is_ready else Notice.SLIP_WAITS
