"""The pages of F10: the shift is opened, looked at (X) and closed (Z)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from taptill.checkout.keypad import Keypad
from taptill.checkout.money.typed_cash import TypedCash
from taptill.checkout.pages.choices import Choices, reasons
from taptill.checkout.pages.page import (
    BACK_KEYS,
    BACK_TO_SALE,
    PageRow,
    PageTraits,
    PageView,
    Phrase,
    Tone,
    Turn,
    phrase,
)
from taptill.checkout.pages.shift_rows import report_rows
from taptill.checkout.ports import ReportPrinter, ShiftBook
from taptill.checkout.session import Notice
from taptill.domain.errors import ShiftError
from taptill.domain.money import Money
from taptill.domain.reports.shift_report import Closing, ShiftReport, identities

COMMENTS = ("wrong-change", "counted-wrong", "taken-out", "not-known")
"""Why counted cash differs, as the journal has it."""

CLOSED_MAX = 50
"""So many of the last closes are listed."""

_STEPS = {"up": -1, "down": 1, "page_up": -6, "page_down": 6}


@dataclass(frozen=True, kw_only=True)
class ReportPage:
    """A report to read, and to print: an X of the running shift, or a stored Z."""

    report: ShiftReport
    back: Turn
    printer: ReportPrinter | None = None
    top: int = 0
    notice: Phrase | None = None

    @cached_property
    def view(self) -> PageView:
        """Return the figures, one a line."""
        return PageView(
            name="z" if self.report.is_closed else "x",
            values=(("number", self.report.shift.number),),
            rows=report_rows(self.report),
            top=self.top,
            notice=self.notice,
            tone=Tone.PLAIN if all(one.holds for one in identities(self.report)) else Tone.BAD,
            keys=("scroll", *(("f4-print",) if self.printer else ()), "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that a customer's card closes the page: it is only read."""
        return PageTraits(yields=True)

    def press(self, key: str) -> Turn:
        """Scroll, print, or go back."""
        if key in BACK_KEYS | {"enter"}:
            return self.back
        if key == "f4" and self.printer:
            is_ready = self.printer.print_report(self.report)
            words = phrase("page.prints" if is_ready else "page.printer-not-ready")
            return Turn(replace(self, notice=words))
        if key in _STEPS:
            last = max(0, len(self.view.rows) - 4)
            return Turn(replace(self, top=max(0, min(self.top + _STEPS[key], last)), notice=None))
        return Turn(replace(self, notice=phrase("page.only-read")))


@dataclass(frozen=True, slots=True, kw_only=True)
class CashForm:
    """Asks for the cash in the drawer; `follow` is called with it, None: not counted.

    `head` stands above the field.
    """

    name: str
    cash: TypedCash
    follow: Callable[[Money | None], Turn]
    back: Turn
    head: tuple[PageRow, ...] = ()
    notice: Phrase | None = None

    @property
    def amount(self) -> Money | None:
        """Return the amount that was typed; None where nothing was."""
        return self.cash.amount

    @property
    def view(self) -> PageView:
        """Return the field, and the amount that is meant."""
        counted = self.amount if self.amount is not None else phrase("page.not-counted")
        return PageView(
            name=self.name,
            head=(*self.head, PageRow((phrase("page.drawer"), counted))),
            field=phrase("page.counted"),
            typed=self.cash.text,
            notice=self.notice,
            keys=("confirm", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that it waits: counting takes time."""
        return PageTraits(waits=True, acts_on_enter=True)

    def press(self, key: str) -> Turn:
        """Type the amount, go on with Enter, or go back."""
        if key in BACK_KEYS:
            return self.back
        if key == "enter":
            return self.follow(self.amount)
        cash = self.cash.press(key)
        if cash is None:
            return Turn(replace(self, notice=phrase("page.type-amount")))
        return Turn(replace(self, cash=cash, notice=None))


@dataclass(frozen=True, slots=True)
class ShiftDesk:
    """The ways through the pages of a shift; `staff` returns who is logged in."""

    book: ShiftBook
    keypad: Callable[[], Keypad]
    staff: Callable[[], str | None]
    printer: ReportPrinter | None = None

    def report(self, waiting: Turn, back: Turn) -> Turn:
        """Count the X of the running shift, with `waiting` on the screen, and show it."""

        async def count() -> Turn:
            return Turn(self._page(await self.book.running(), back))

        return replace(waiting, work=count, reads=True)

    def opening(self, back: Turn) -> Turn:
        """Ask for the cash in the drawer, and open the shift with it."""

        def follow(counted: Money | None) -> Turn:
            async def open_shift() -> Turn:
                try:
                    await self.book.open(counted, self.staff())
                except ShiftError:
                    return Turn(replace(page, notice=phrase("page.is-open")))
                return Turn(notice=Notice.SHIFT_OPEN)

            return Turn(replace(page, notice=phrase("page.saving")), open_shift)

        page = CashForm(name="open-shift", cash=TypedCash(self.keypad()), follow=follow, back=back)
        return Turn(page)

    def closing(self, waiting: Turn, back: Turn) -> Turn:
        """Count the X, ask for the cash in the drawer, and close the shift."""

        async def count() -> Turn:
            report = await self.book.running()
            return self._form(report, back)

        return replace(waiting, work=count, reads=True)

    def last_closes(self, waiting: Turn, back: Turn) -> Turn:
        """List the Zs of the last shifts, newest first."""

        async def read() -> Turn:
            reports = await self.book.closed(CLOSED_MAX)
            return Turn(closes_page(reports, back, self.printer))

        return replace(waiting, work=read, reads=True)

    def _page(self, report: ShiftReport, back: Turn) -> ReportPage:
        return ReportPage(report=report, back=back, printer=self.printer)

    def _form(self, report: ShiftReport, back: Turn) -> Turn:
        cash, total, unsent = report.cash, report.figures.total, report.unsent
        expected = [] if cash.expected_minor is None else [Money(cash.expected_minor)]
        head = (
            PageRow((phrase("row.sales", count=total.sales), Money(total.net_minor))),
            PageRow((phrase("row.unsent", count=unsent.count), Money(unsent.sum_minor))),
            *(PageRow((phrase("row.expected"), amount)) for amount in expected),
        )

        def follow(counted: Money | None) -> Turn:
            if expected and counted is not None and counted != expected[0]:
                difference = PageRow(
                    (phrase("row.difference"), counted - expected[0]), Tone.CAREFUL
                )
                ask = reasons(
                    "difference",
                    COMMENTS,
                    lambda why: self._close(ask, Closing(counted=counted, comment=why)),
                    Turn(form),
                )
                ask = replace(ask, head=(difference,))
                return Turn(ask)
            return self._close(form, Closing(counted=counted))

        form = CashForm(
            name="close-shift",
            cash=TypedCash(self.keypad()),
            follow=follow,
            back=back,
            head=head,
        )
        return Turn(form)

    def _close(self, asked: Choices | CashForm, closing: Closing) -> Turn:
        async def close() -> Turn:
            try:
                report = await self.book.close(replace(closing, staff=self.staff()))
            except ShiftError:
                return BACK_TO_SALE
            if self.printer:
                self.printer.print_closed(report)
            done = phrase("page.closed", number=report.shift.number)
            return Turn(replace(self._page(report, BACK_TO_SALE), notice=done))

        return Turn(replace(asked, notice=phrase("page.saving")), close)


def closes_page(
    reports: Sequence[ShiftReport], back: Turn, printer: ReportPrinter | None = None
) -> Choices:
    """Return the list of stored Zs; Enter shows one, and Esc on that leads to the list again."""
    return Choices(
        name="closes",
        rows=tuple(map(_close_row, reports)),
        follow=lambda at, here: Turn(ReportPage(report=reports[at], back=here, printer=printer)),
        back=back,
        yields=True,
    )


def _close_row(report: ShiftReport) -> PageRow:
    total, difference = report.figures.total, report.cash.difference_minor
    day = report.business_day.isoformat()[5:]  # as the history has it
    cells = (f"Z {report.shift.number}", day, Money(total.net_minor), report.closed_by)
    if not difference:
        return PageRow((*cells, ""))
    key = "row.missing" if difference < 0 else "row.too-much"
    return PageRow((*cells, phrase(key, amount=Money(abs(difference)))), Tone.CAREFUL)
