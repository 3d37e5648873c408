"""A slip in, its rows out: each exactly as wide as the paper; prices never wrap, names do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from textwrap import wrap
from typing import Protocol

from taptill.domain.currencies.writing import amount, figure, sign_of
from taptill.domain.money import Money
from taptill.domain.slips.report_slip import ReportRow, ReportSlip
from taptill.domain.slips.slip import Slip, SlipLine
from taptill.slips.code_pages import CodePage

_INDENT = "  "
_FIGURES = 3
"""Cells of a report's row with figures: label, count, amount."""


@dataclass(frozen=True, slots=True)
class SlipRow:
    """A row of so many columns as the paper has; `tall` letters are as wide as others."""

    text: str
    bold: bool = False
    tall: bool = False


class SlipWords(Protocol):
    """The texts of one language, by key."""

    @property
    def language(self) -> str:
        """Return the language's code, by which amounts are written."""

    def say(self, key: str, /, **values: str) -> str:
        """Return the text of a key with its placeholders filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """How a site prints: columns, code page, what stands above and below, and whether it is cut."""

    columns: int = 32
    page: CodePage = field(default_factory=CodePage)
    cut: bool = True
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()


def lay_out_slip(slip: Slip, paper: Paper, words: SlipWords) -> tuple[SlipRow, ...]:
    """Return the rows of a slip in the till's language."""
    return tuple(_Rows(paper, words).slip(slip))


def lay_out_report(report: ReportSlip, paper: Paper, words: SlipWords) -> tuple[SlipRow, ...]:
    """Return the rows of a shift's report, counts and amounts one below the other."""
    return tuple(_Rows(paper, words).report(report))


def _title_key(slip: Slip) -> str:
    """Return the text that says what happened."""
    if slip.sum.is_cash and slip.of:
        return "slip.void-cash"
    if slip.of is not None:
        return "slip.void" if slip.of else "slip.void-alone"
    return f"slip.{slip.sum}-number" if slip.sum.is_cash else "slip.sale"


def _local(at: str) -> str:
    """Return a UTC time to the minute as clocks here show it."""
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M")


class _Rows:
    """Makes rows; every text is brought into the page's letters before it is measured."""

    def __init__(self, paper: Paper, words: SlipWords) -> None:
        self._paper = paper
        self._words = words
        self._width = paper.columns
        self._shown: Callable[[str], str] = paper.page.shown

    def slip(self, slip: Slip) -> list[SlipRow]:
        return [
            *(row for line in self._paper.header for row in self._centred(line, bold=True)),
            *self._head(slip),
            self._rule(),
            *(row for line in slip.lines for row in self._line(line, slip)),
            *([self._rule()] if slip.lines else []),
            *self._total(slip),
            *self._foot(slip),
        ]

    def report(self, report: ReportSlip) -> list[SlipRow]:
        figures = [row for row in report.rows if len(row) == _FIGURES]
        counts = max((len(self._shown(count)) for _, count, _ in figures), default=0)
        amounts = max(
            (len(self._shown(amount)) for _, count, amount in figures if count), default=0
        )
        return [
            *(row for line in self._paper.header for row in self._centred(line, bold=True)),
            *self._pair(report.till, _local(report.at)),
            *(SlipRow(row.text, bold=True) for row in self._wrapped(report.title)),
            self._rule(),
            *(made for row in report.rows for made in self._report_row(row, counts, amounts)),
            self._blank(),
            *self._centred(self._words.say("slip.no-tax")),
        ]

    def _report_row(self, row: ReportRow, counts: int, amounts: int) -> list[SlipRow]:
        if len(row) != _FIGURES:
            return self._wrapped(row[0])
        label, count, amount = map(self._shown, row)
        right = f"{count.rjust(counts)} {amount.rjust(amounts)}" if count else amount
        return self._pair(label, right)

    def _head(self, slip: Slip) -> list[SlipRow]:
        say, copies = self._words.say, str(slip.copy)
        title = say(_title_key(slip), number=str(slip.number), of=str(slip.of))
        return [
            *(self._centred(say("slip.copy", number=copies), bold=True) if slip.copy else ()),
            *self._pair(slip.till, _local(slip.at)),
            *self._wrapped(title),
            *(self._wrapped(say("slip.staff", name=slip.staff)) if slip.staff else ()),
        ]

    def _line(self, line: SlipLine, slip: Slip) -> list[SlipRow]:
        """Return name and price, and above it how many of which price where it is not one."""
        widest = max((len(other.tax) for other in slip.lines), default=0)
        tax = f" {line.tax}".ljust(widest + 1) if widest else ""
        price = f"{self._figure(line.total, slip)}{tax}"
        name = line.name if self._shown(line.name).strip() else self._words.say("slip.amount")
        if line.quantity == 1:
            return self._pair(name, price)
        each = f"{line.quantity} x {self._figure(line.price, slip)}"
        return [*self._wrapped(name), *self._pair(each, price, _INDENT)]

    def _total(self, slip: Slip) -> list[SlipRow]:
        language, currency = self._words.language, slip.currency
        word = self._words.say(f"slip.{slip.sum}")
        sign = self._shown(sign_of(currency, language))
        total = amount(slip.total, currency, language, sign)
        rows = self._pair(word, total)
        taxes = [
            row
            for code, money in slip.taxes
            for row in self._pair(self._words.say("slip.tax", code=code), self._figure(money, slip))
        ]
        return [*(SlipRow(row.text, bold=True, tall=True) for row in rows), *taxes]

    def _foot(self, slip: Slip) -> list[SlipRow]:
        how_paid = "slip.cash" if slip.sum.is_cash else "slip.account"
        return [
            self._blank(),
            *self._centred(self._words.say(how_paid)),
            *self._centred(self._words.say("slip.no-tax")),
            *(row for line in self._paper.footer for row in self._centred(line)),
        ]

    def _figure(self, money: Money, slip: Slip) -> str:
        return figure(money, slip.currency, self._words.language)

    def _pair(self, left: str, right: str, indent: str = "") -> list[SlipRow]:
        """Return a text and what stands right beside its end, on a row of its own if need be."""
        right = self._shown(right)
        lines = [indent + line for line in self._lines(left, self._width - len(indent))]
        if len(lines[-1]) + 1 + len(right) <= self._width:
            last = lines.pop()
            lines.append(last + right.rjust(self._width - len(last)))
        else:
            lines.append(right[: self._width].rjust(self._width))
        return [self._row(line) for line in lines]

    def _wrapped(self, text: str) -> list[SlipRow]:
        return [self._row(line) for line in self._lines(text, self._width)]

    def _centred(self, text: str, *, bold: bool = False) -> list[SlipRow]:
        lines = self._lines(text, self._width)
        return [SlipRow(line.center(self._width), bold=bold) for line in lines]

    def _lines(self, text: str, width: int) -> list[str]:
        return wrap(self._shown(text).strip(), width) or [""]

    def _rule(self) -> SlipRow:
        return self._row("-" * self._width)

    def _blank(self) -> SlipRow:
        return self._row("")

    def _row(self, text: str) -> SlipRow:
        return SlipRow(text.ljust(self._width))
