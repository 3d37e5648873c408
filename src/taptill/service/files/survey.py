"""A file's cells in, how each is to be read out: told by its whole column, never by the cell."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from taptill.service.database import Site
from taptill.service.fields import Entity, Field, Kind, fits
from taptill.service.files.columns import GUARDED, IDENTIFIERS, PRECISION
from taptill.service.files.figures import Evidence, Mark, amount, signs_of
from taptill.service.files.report import many
from taptill.service.wire import Json

CARD = "cardId"
PAIRS = (
    ("true", "false"),
    ("wahr", "falsch"),
    ("vrai", "faux"),
    ("verdadero", "falso"),
    ("yes", "no"),
    ("ja", "nein"),
    ("oui", "non"),
    ("sí", "no"),
    ("si", "no"),
    ("1", "0"),
)
"""What spreadsheets and people write for true and false; a column uses one pair."""
_ALLOWED = (
    "also WAHR/FALSCH, VRAI/FAUX, VERDADERO/FALSO, yes/no, ja/nein, oui/non, sí/no, 1/0: "
    "one pair a column"
)
_HOW_TO_WRITE = "a point before the decimals, no thousands mark, no currency sign"
_AS_WRITTEN = "right it, or say --cards-as-written"

_LOST = "a spreadsheet made it a number and lost digits: take it from its source, as text"

_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[Ee]\+\d+|[+-]?\d+[.,]\d+[Ee][+-]?\d+")
_WITH_NOUGHTS = re.compile(r"\d+[.,]0+")
_BLANK_ENDS = " \t\r\n\u00a0\u202f\u2009\u2007\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a cell cannot be read, in words that hold nothing of it."""

    words: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever imports says of the file: its decimal mark, and that its cards are right."""

    mark: Mark | None = None
    cards_as_written: bool = False


class Survey:
    """What the cells of each column say together; `see` them all, then `read` each."""

    def __init__(self, customers: Entity, site: Site, wishes: Wishes) -> None:
        self._fields = customers.fields
        self._signs = signs_of(site.currency)
        self._wishes = wishes
        self._figures: dict[str, Evidence] = {}
        self._flags: dict[str, set[str]] = {}
        self._cases: Counter[str] = Counter()
        self._lengths: Counter[int] = Counter()
        self._padded: Counter[int] = Counter()
        self._mended: Counter[str] = Counter()

    def know(self, cards: Iterable[str]) -> None:
        """Count cards that customers have already: they are spelled as the site's taps are."""
        for card in cards:
            self._see_card(card)

    def see(self, cells: Mapping[str, str]) -> None:
        """Take one row into account."""
        for name, cell in cells.items():
            match self._fields[name].kind:
                case Kind.MONEY:
                    self._figures.setdefault(name, Evidence(self._signs)).see(cell)
                case Kind.FLAG:
                    self._flags.setdefault(name, set()).add(_word(cell))
                case _ if name == CARD:
                    self._see_card(_identifier(cell)[0])
                case _:
                    pass
            if name in IDENTIFIERS and (mended := _identifier(cell)[1]):
                self._mended[f"{name}: {mended}"] += 1

    def notes(self) -> list[str]:
        """Say what was mended in reading, and what a person should look at."""
        found = [f"{many(count, 'cell')} of {what}" for what, count in self._mended.items()]
        if len(self._lengths) > 1 and not self._padded:
            shortest, longest = min(self._lengths), max(self._lengths)
            found.append(
                f"cardId: of digits alone, with {shortest} to {longest} of them; "
                "if all had as many, a spreadsheet took leading zeros away"
            )
        return found

    def read(self, name: str, cell: str) -> Json | Problem:
        """Read a cell that is not empty; what does not fit stays text, which the field refuses."""
        match self._fields[name].kind:
            case Kind.MONEY:
                return self._money(name, cell)
            case Kind.FLAG:
                return self._flag(name, cell)
            case _ if name in IDENTIFIERS:
                return self._id(name, cell)
            case _:
                text = _unwrapped(cell)
                return text[1:] if text.startswith("'") and GUARDED.match(text) else text

    def _see_card(self, card: str) -> None:
        if _is_number(card):
            self._lengths[len(card)] += 1
            self._padded[len(card)] += card.startswith("0")
            self._padded += Counter()  # keeps what is more than nothing
        elif card != card.swapcase():
            self._cases[_case(card)] += 1

    def _money(self, name: str, cell: str) -> Json | Problem:
        field = self._fields[name]
        mark = self._wishes.mark or self._figures[name].mark
        figure = amount(cell, mark, self._signs) if mark else None
        if figure is not None and self._is_thousand(figure, cell, field, mark):
            figure = None
        if figure is not None and fits(field, figure):
            return figure
        example = Decimal(-1000).quantize(Decimal(1).scaleb(-field.digits))
        advice = f"write {example}: {_HOW_TO_WRITE}"
        if mark is None:
            advice = f"no cell tells whether 1,000 is a thousand; {advice}, or say --decimal-mark"
        return Problem(f"{field.expected} is expected: {advice}")

    def _is_thousand(self, figure: Decimal, cell: str, field: Field, mark: Mark | None) -> bool:
        """Tell whether a cell like `1.000`, beside others like `2.5`, is more likely a thousand.

        It has more decimals than the currency, and reads as thousands with the other mark.
        """
        decimals = len(str(figure).partition(".")[2])
        if self._wishes.mark or decimals <= field.digits:
            return False
        other = next(one for one in Mark if one is not mark)
        return amount(cell, other, self._signs) is not None

    def _flag(self, name: str, cell: str) -> Json | Problem:
        words = self._flags[name] & {word for pair in PAIRS for word in pair}
        pair = next((one for one in PAIRS if words <= set(one)), PAIRS[0])
        word = _word(cell)
        return (
            word == pair[0] if word in pair else Problem(f"true or false is expected, {_ALLOWED}")
        )

    def _id(self, name: str, cell: str) -> Json | Problem:
        text, _ = _identifier(cell)
        if not text:
            return None
        if _EXPONENT.fullmatch(text):
            return Problem(_LOST)
        if self._wishes.cards_as_written:
            return text
        doubt = _spoilt(text) or (self._unlike(text) if name == CARD else "")
        return Problem(f"{doubt}: {_AS_WRITTEN}") if doubt else text

    def _unlike(self, card: str) -> str:
        """Say how a card differs from the others of file and database; empty where it does not."""
        if _is_number(card):
            usual = max(self._padded, key=self._padded.__getitem__, default=0)
            if len(card) < usual:
                lost = "a spreadsheet may have taken leading zeros away"
                return f"shorter than the others, which have {usual} digits: {lost}"
            return ""
        if card == card.swapcase() or len(self._cases) == 1:
            return ""
        usual_case = max(("upper", "lower", "mixed"), key=self._cases.__getitem__)
        case = _case(card)
        if case == usual_case:
            return ""
        return f"spelled in {_CASES[case]}, unlike the others ({_CASES[usual_case]})"


_CASES = {
    "upper": "capital letters",
    "lower": "small letters",
    "mixed": "capital and small letters",
}


def _case(card: str) -> str:
    return "upper" if card == card.upper() else "lower" if card == card.lower() else "mixed"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _word(cell: str) -> str:
    return _unwrapped(cell).strip(_BLANK_ENDS).lower()


def _unwrapped(cell: str) -> str:
    """Give what stands within `="..."`, which keeps a spreadsheet from making it a number."""
    found = _FORMULA.fullmatch(cell.strip(_BLANK_ENDS))
    return found[1].replace('""', '"') if found else cell


def _identifier(cell: str) -> tuple[str, str]:
    """Give a card id or key without what a spreadsheet put around it, and say what that was."""
    text = _unwrapped(cell)
    if text != cell:
        return text.strip(_BLANK_ENDS), 'written as ="...", which was taken away'
    text = cell.strip(_BLANK_ENDS)
    if text.startswith("'"):
        return text[1:].strip(_BLANK_ENDS), "with an apostrophe before it, which was taken away"
    return text, "" if text == cell else "with blanks at an end, which were dropped"


def _spoilt(text: str) -> str:
    if _WITH_NOUGHTS.fullmatch(text):
        return "with decimals, as a spreadsheet writes a number"
    if (
        text.isascii()
        and text.isdigit()
        and len(text) > PRECISION
        and not text[PRECISION:].strip("0")
    ):
        return "its last digits are zeros, as a spreadsheet leaves them of a long number"
    return ""
