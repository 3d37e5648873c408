"""Parses the cells of a file, each as the whole column shows and not by itself."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from taptill.domain.technical.counting import many
from taptill.domain.technical.exact_json import Json
from taptill.service.database import DatabaseCurrency
from taptill.service.fields import Entity, Field, FieldKind, is_valid
from taptill.service.files.amounts import (
    DecimalMark,
    DecimalMarkEvidence,
    currency_signs,
    parse_amount,
)
from taptill.service.files.columns import FORMULA_START, IDENTIFIERS, SPREADSHEET_DIGITS
from taptill.service.files.spelling import (
    CARD,
    CASES,
    KnownSpellings,
    case_of,
    describe_difference,
    is_date,
    is_number,
    mark_of,
    most_frequent,
    new_styles,
    respell,
)

FLAG_PAIRS = (
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
"""The words of spreadsheets and people for true and false; a column uses one pair."""
_ALLOWED = (
    "also WAHR/FALSCH, VRAI/FAUX, VERDADERO/FALSO, yes/no, ja/nein, oui/non, sí/no, 1/0: "
    "one pair a column"
)
_AMOUNT_ADVICE = "a point before the decimals, no thousands mark, no currency sign"
_AS_WRITTEN = "right it, or say --cards-as-written"
_RESPELL = "right it, or say --respell or --cards-as-written"

_LOST_DIGITS = "a spreadsheet made it a number and lost digits: take it from its source, as text"

_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?[Ee]\+\d+|[+-]?\d+[.,]\d+[Ee][+-]?\d+")
_WITH_NOUGHTS = re.compile(r"\d+[.,]0+")
_BLANK_ENDS = " \t\r\n\u00a0\u202f\u2009\u2007\ufeff\u200b"


@dataclass(frozen=True, slots=True)
class CellProblem:
    """Why a cell cannot be parsed; the text contains nothing of the cell."""

    message: str


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """Options of an import: the decimal mark, and how card ids and keys are treated."""

    mark: DecimalMark | None = None
    cards_as_written: bool = False
    """Whether card ids and keys are imported as they are."""
    respell: bool = False
    """Whether card ids and keys are respelled as the database spells them."""


class ColumnSurvey:
    """Decides by column how cells are parsed: call `add` for all rows, then `parse_cell`."""

    def __init__(
        self, customers: Entity, currency: DatabaseCurrency, options: ReadingOptions
    ) -> None:
        self._fields = customers.fields
        self._signs = currency_signs(currency.code)
        self._options = options
        self._amount_marks: dict[str, DecimalMarkEvidence] = {}
        self._flag_words: dict[str, set[str]] = {}
        self._file_styles = new_styles()
        self._database_styles = new_styles()
        self._known_spellings = {name: KnownSpellings() for name in IDENTIFIERS}
        self._repairs: Counter[str] = Counter()
        self._respellings: Counter[str] = Counter()

    @property
    def has_identifiers(self) -> bool:
        """Whether the file has any card or key."""
        return any(style.marks or style.cases for style in self._file_styles.values())

    def add_customer(self, customer: Mapping[str, str | None]) -> None:
        """Add a customer's card and key, whose spelling is that of the site's readers."""
        for name, text in customer.items():
            if text:
                self._database_styles[name].add(text)
                self._known_spellings[name].add_from_customer(text)

    def add(self, cells: Mapping[str, str]) -> None:
        """Add one row of the file."""
        for name, cell in cells.items():
            match self._fields[name].kind:
                case FieldKind.MONEY:
                    self._amount_marks.setdefault(name, DecimalMarkEvidence(self._signs)).add(cell)
                case FieldKind.BOOLEAN:
                    self._flag_words.setdefault(name, set()).add(_normalise(cell))
                case _ if name in IDENTIFIERS:
                    self._add_identifier(name, cell)
                case _:
                    pass

    def notes(self) -> list[str]:
        """Return notes on what was corrected, and on what somebody should check."""
        notes = [
            f"{many(count, 'cell')} of {cell_type}" for cell_type, count in self._repairs.items()
        ]
        card = self._file_styles[CARD]
        if len(card.lengths) > 1 and not (
            card.zero_padded or self._database_styles[CARD].zero_padded
        ):
            shortest, longest = min(card.lengths), max(card.lengths)
            notes.append(
                f"cardId: of digits alone, with {shortest} to {longest} of them; "
                "if all had as many, a spreadsheet took leading zeros away"
            )
        return notes

    def respelling_notes(self) -> list[str]:
        """Return notes on how many cells were respelled; call it after all cells are parsed."""
        respellings = self._respellings.items()
        return [
            f"{many(count, 'cell')} of {cell_type}" for cell_type, count in respellings if count
        ]

    def parse_cell(self, name: str, cell: str) -> Json | CellProblem:
        """Return the value of a non-empty cell; the field's own check rejects other text."""
        match self._fields[name].kind:
            case FieldKind.MONEY:
                return self._parse_amount(name, cell)
            case FieldKind.BOOLEAN:
                return self._parse_flag(name, cell)
            case _ if name in IDENTIFIERS:
                return self._parse_identifier(name, cell)
            case _:
                text = _unwrap_formula(cell)
                return text[1:] if text.startswith("'") and FORMULA_START.match(text) else text

    def _add_identifier(self, name: str, cell: str) -> None:
        text, repair = _strip_identifier(cell)
        if text and not _EXPONENT.fullmatch(text):
            self._file_styles[name].add(text)
            self._known_spellings[name].add_from_file(text)
        if repair:
            self._repairs[f"{name}: {repair}"] += 1

    def _parse_amount(self, name: str, cell: str) -> Json | CellProblem:
        field = self._fields[name]
        mark = self._options.mark or self._amount_marks[name].mark
        figure = parse_amount(cell, mark, self._signs) if mark else None
        if figure is not None and self._is_thousand(figure, cell, field, mark):
            figure = None
        if figure is not None and is_valid(field, figure):
            return figure
        example = Decimal(-1000).quantize(Decimal(1).scaleb(-field.digits))
        advice = f"write {example}: {_AMOUNT_ADVICE}"
        if mark is None:
            advice = f"no cell tells whether 1,000 is a thousand; {advice}, or say --decimal-mark"
        return CellProblem(f"{field.expected} is expected: {advice}")

    def _is_thousand(
        self, figure: Decimal, cell: str, field: Field, mark: DecimalMark | None
    ) -> bool:
        """Return whether a cell like `1.000`, beside others like `2.5`, is more likely a thousand.

        Such a cell has more decimals than the currency, and the other mark makes it thousands.
        """
        decimals = len(str(figure).partition(".")[2])
        if self._options.mark or decimals <= field.digits:
            return False
        other_mark = next(
            other_candidate for other_candidate in DecimalMark if other_candidate is not mark
        )
        return parse_amount(cell, other_mark, self._signs) is not None

    def _parse_flag(self, name: str, cell: str) -> Json | CellProblem:
        words = self._flag_words[name] & {word for pair in FLAG_PAIRS for word in pair}
        pair = next(
            (candidate for candidate in FLAG_PAIRS if words <= set(candidate)), FLAG_PAIRS[0]
        )
        word = _normalise(cell)
        return (
            word == pair[0]
            if word in pair
            else CellProblem(f"true or false is expected, {_ALLOWED}")
        )

    def _parse_identifier(self, name: str, cell: str) -> Json | CellProblem:
        text, _ = _strip_identifier(cell)
        if not text:
            return None
        if _EXPONENT.fullmatch(text):
            return CellProblem(_LOST_DIGITS)
        spellings = self._known_spellings[name].spellings(text)
        if text in spellings:
            return text
        if self._options.cards_as_written:
            self._respellings[f"{name}: of customers, whose spelling is another"] += bool(spellings)
            return text
        return (
            self._existing_identifier(name, text, spellings)
            if spellings
            else self._new_identifier(name, text)
        )

    def _new_identifier(self, name: str, text: str) -> Json | CellProblem:
        """Return an identifier that no customer has, or why it looks damaged or odd."""
        if self._options.respell:
            new_text = self._respell(name, text)
            self._respellings[_RESPELLED.format(name)] += new_text != text
            text = new_text
        if damage := _damage(name, text):
            return CellProblem(f"{damage}: {_AS_WRITTEN}")
        if deviation := self._deviation(name, text):
            return CellProblem(
                f"{deviation}: {_RESPELL if self._has_database_style(name) else _AS_WRITTEN}"
            )
        return text

    def _existing_identifier(
        self, name: str, text: str, spellings: list[str]
    ) -> Json | CellProblem:
        """Return the database's spelling of an identifier, or the problem that it differs."""
        noun = "card" if name == CARD else name
        if len(spellings) > 1:
            return CellProblem(f"several customers have this {noun}, each in another spelling")
        if self._options.respell:
            self._respellings[_RESPELLED.format(name)] += 1
            return spellings[0]
        difference = describe_difference(text, spellings[0])
        return CellProblem(f"a customer has this {noun} already, spelled {difference}: {_RESPELL}")

    def _has_database_style(self, name: str) -> bool:
        """Return whether the database's identifiers show a spelling."""
        return any((self._database_styles[name].cases, self._database_styles[name].marks))

    def _respell(self, name: str, text: str) -> str:
        """Return a new identifier in the database's style, else in the file's."""
        both_styles = self._database_styles[name], self._file_styles[name]
        case = most_frequent(style.cases for style in both_styles) or ""
        mark = most_frequent(style.marks for style in both_styles) or ""
        width = next((style.width for style in both_styles if style.zero_padded), 0)
        return respell(text, mark, case, width if name == CARD else self._key_width())

    def _key_width(self) -> int:
        database_style, file_style = self._database_styles[KEY], self._file_styles[KEY]
        return database_style.fixed_width if database_style.lengths else file_style.fixed_width

    def _deviation(self, name: str, text: str) -> str:
        """Return how an identifier differs from the style of the database or file; "" if not."""
        both_styles = self._database_styles[name], self._file_styles[name]
        if name == CARD and self._known_spellings[name].is_reversed(text):
            return "a card of a customer with its octets in the other order, as are others"
        if is_number(text):
            width = next((style.width for style in both_styles if style.zero_padded), 0)
            usual = width if name == CARD else self._key_width()
            cause = "a spreadsheet may have taken leading zeros away"
            shorter = f"shorter than the others, which have {usual} digits: {cause}"
            return shorter if len(text) < usual else ""
        if name != CARD:
            return ""
        mark, usual_mark = mark_of(text), most_frequent(style.marks for style in both_styles)
        if mark is not None and mark != usual_mark:
            return f"with {_MARKS[bool(mark)]} between octets, unlike the others"
        usual_case = most_frequent(style.cases for style in both_styles)
        if text == text.swapcase() or case_of(text) == usual_case:
            return ""
        return f"spelled in {CASES[case_of(text)]}, unlike the others ({CASES[usual_case or '']})"


KEY = "externalId"
_RESPELLED = "{}: respelled as the database has it"
_MARKS = {True: "marks", False: "no marks"}


def _normalise(cell: str) -> str:
    return _unwrap_formula(cell).strip(_BLANK_ENDS).lower()


def _unwrap_formula(cell: str) -> str:
    """Return the text within `="..."`, which spreadsheets do not take for a number."""
    match = _FORMULA.fullmatch(cell.strip(_BLANK_ENDS))
    return match[1].replace('""', '"') if match else cell


def _strip_identifier(cell: str) -> tuple[str, str]:
    """Return a card id or key without what surrounds it, and a note on what that was."""
    text = _unwrap_formula(cell)
    if text != cell:
        return text.strip(_BLANK_ENDS), 'written as ="...", which was taken away'
    text = cell.strip(_BLANK_ENDS)
    if text.startswith("'"):
        return text[1:].strip(_BLANK_ENDS), "with an apostrophe before it, which was taken away"
    return text, "" if text == cell else "with blanks at an end, which were dropped"


def _damage(name: str, text: str) -> str:
    if is_date(text) and not (name == CARD and mark_of(text)):  # 12-03-04 may be octets
        return "a date, as a spreadsheet makes of some keys"
    if _WITH_NOUGHTS.fullmatch(text):
        return "with decimals, as a spreadsheet writes a number"
    if (
        is_number(text)
        and len(text) > SPREADSHEET_DIGITS
        and not text[SPREADSHEET_DIGITS:].strip("0")
    ):
        return "its last digits are zeros, as a spreadsheet leaves them of a long number"
    return ""
