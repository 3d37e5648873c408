"""A file's cells in, how each is to be read out: told by its whole column, never by the cell."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from taptill.service.database import Site
from taptill.service.fields import Entity, Field, Kind, fits
from taptill.service.files.columns import GUARDED, IDENTIFIERS, PRECISION
from taptill.service.files.figures import Evidence, Mark, amount, signs_of
from taptill.service.files.report import many
from taptill.service.files.spelling import (
    CARD,
    CASES,
    KnownSpellings,
    case_of,
    how_it_differs,
    is_date,
    is_number,
    mark_of,
    most,
    respelled,
    styles,
)
from taptill.service.wire import Json

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
_RESPELL = "right it, or say --respell or --cards-as-written"

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
    """What whoever imports says of the file: its decimal mark, and how its cards are taken."""

    mark: Mark | None = None
    cards_as_written: bool = False
    """They are right."""
    respell: bool = False
    """They are to be spelled as the database spells cards."""


class Survey:
    """What the cells of each column say together; `see` them all, then `read` each."""

    def __init__(self, customers: Entity, site: Site, wishes: Wishes) -> None:
        self._fields = customers.fields
        self._signs = signs_of(site.currency)
        self._wishes = wishes
        self._figures: dict[str, Evidence] = {}
        self._flags: dict[str, set[str]] = {}
        self._file = styles()
        self._kept = styles()
        self._known_spellings = {name: KnownSpellings() for name in IDENTIFIERS}
        self._mended: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()

    @property
    def has_identifiers(self) -> bool:
        """Whether the file has any card or key."""
        return any(style.marks or style.cases for style in self._file.values())

    def know(self, customer: Mapping[str, str | None]) -> None:
        """Take a customer's card and key into account: they are spelled as the site's taps are."""
        for name, text in customer.items():
            if text:
                self._kept[name].see(text)
                self._known_spellings[name].add_from_customer(text)

    def see(self, cells: Mapping[str, str]) -> None:
        """Take one row into account."""
        for name, cell in cells.items():
            match self._fields[name].kind:
                case Kind.MONEY:
                    self._figures.setdefault(name, Evidence(self._signs)).see(cell)
                case Kind.FLAG:
                    self._flags.setdefault(name, set()).add(_word(cell))
                case _ if name in IDENTIFIERS:
                    self._see_id(name, cell)
                case _:
                    pass

    def notes(self) -> list[str]:
        """Say what was mended in reading, and what a person should look at."""
        found = [f"{many(count, 'cell')} of {what}" for what, count in self._mended.items()]
        card = self._file[CARD]
        if len(card.lengths) > 1 and not (card.padded or self._kept[CARD].padded):
            shortest, longest = min(card.lengths), max(card.lengths)
            found.append(
                f"cardId: of digits alone, with {shortest} to {longest} of them; "
                "if all had as many, a spreadsheet took leading zeros away"
            )
        return found

    def changes(self) -> list[str]:
        """Say how many cells were read in another spelling than theirs; asked after reading."""
        changed = self._changed.items()
        return [f"{many(count, 'cell')} of {what}" for what, count in changed if count]

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

    def _see_id(self, name: str, cell: str) -> None:
        text, mended = _identifier(cell)
        if text and not _EXPONENT.fullmatch(text):
            self._file[name].see(text)
            self._known_spellings[name].add_from_file(text)
        if mended:
            self._mended[f"{name}: {mended}"] += 1

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
        spellings = self._known_spellings[name].spellings(text)
        if text in spellings:
            return text
        if self._wishes.cards_as_written:
            self._changed[f"{name}: of customers, whose spelling is another"] += bool(spellings)
            return text
        return self._of_customers(name, text, spellings) if spellings else self._new(name, text)

    def _new(self, name: str, text: str) -> Json | Problem:
        """Take an identifier that no customer has, unless it looks spoilt or unlike the others."""
        if self._wishes.respell:
            spelled = self._respelled(name, text)
            self._changed[_RESPELLED.format(name)] += spelled != text
            text = spelled
        if doubt := _spoilt(name, text):
            return Problem(f"{doubt}: {_AS_WRITTEN}")
        if unlike := self._unlike(name, text):
            return Problem(f"{unlike}: {_RESPELL if self._known(name) else _AS_WRITTEN}")
        return text

    def _of_customers(self, name: str, text: str, spellings: list[str]) -> Json | Problem:
        """Take an identifier that customers have in another spelling, or say how they have it."""
        what = "card" if name == CARD else name
        if len(spellings) > 1:
            return Problem(f"several customers have this {what}, each in another spelling")
        if self._wishes.respell:
            self._changed[_RESPELLED.format(name)] += 1
            return spellings[0]
        how = how_it_differs(text, spellings[0])
        return Problem(f"a customer has this {what} already, spelled {how}: {_RESPELL}")

    def _known(self, name: str) -> bool:
        """Tell whether customers show how such an identifier is spelled here."""
        return any((self._kept[name].cases, self._kept[name].marks))

    def _respelled(self, name: str, text: str) -> str:
        """Spell what no customer has as the database spells others, else as the file does."""
        both = self._kept[name], self._file[name]
        case = most(one.cases for one in both) or ""
        mark = most(one.marks for one in both) or ""
        width = next((one.width for one in both if one.padded), 0)
        return respelled(text, mark, case, width if name == CARD else self._key_width())

    def _key_width(self) -> int:
        kept, file = self._kept[KEY], self._file[KEY]
        return kept.fixed_width if kept.lengths else file.fixed_width

    def _unlike(self, name: str, text: str) -> str:
        """Say how an identifier differs from the database's, else from the others of the file."""
        both = self._kept[name], self._file[name]
        if name == CARD and self._known_spellings[name].is_reversed(text):
            return "a card of a customer with its octets in the other order, as are others"
        if is_number(text):
            width = next((one.width for one in both if one.padded), 0)
            usual = width if name == CARD else self._key_width()
            lost = "a spreadsheet may have taken leading zeros away"
            shorter = f"shorter than the others, which have {usual} digits: {lost}"
            return shorter if len(text) < usual else ""
        if name != CARD:
            return ""
        mark, usual_mark = mark_of(text), most(one.marks for one in both)
        if mark is not None and mark != usual_mark:
            return f"with {_MARKS[bool(mark)]} between octets, unlike the others"
        usual_case = most(one.cases for one in both)
        if text == text.swapcase() or case_of(text) == usual_case:
            return ""
        return f"spelled in {CASES[case_of(text)]}, unlike the others ({CASES[usual_case or '']})"


KEY = "externalId"
_RESPELLED = "{}: respelled as the database has it"
_MARKS = {True: "marks", False: "no marks"}


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


def _spoilt(name: str, text: str) -> str:
    if is_date(text) and not (name == CARD and mark_of(text)):  # 12-03-04 may be octets
        return "a date, as a spreadsheet makes of some keys"
    if _WITH_NOUGHTS.fullmatch(text):
        return "with decimals, as a spreadsheet writes a number"
    if is_number(text) and len(text) > PRECISION and not text[PRECISION:].strip("0"):
        return "its last digits are zeros, as a spreadsheet leaves them of a long number"
    return ""
