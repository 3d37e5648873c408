"""The report of an import."""

from collections.abc import Callable
from dataclasses import dataclass, field

ProgressCallback = Callable[[int], object]
"""Called with the amount of further progress: bytes read, or changes undone."""

LISTED_MAX = 1000
"""How many bad cells, and how many customers of an update, are listed one by one."""


def no_progress(_amount: int) -> None:
    """Ignore progress."""


@dataclass(frozen=True, slots=True)
class CellError:
    """What is wrong with one cell; the text never contains the cell's personal data."""

    line: int
    column: str
    problem: str


@dataclass(slots=True)
class ImportTotals:
    """How many customers a file holds, and their money by its sign, in minor units."""

    customers: int = 0
    with_card: int = 0
    owing: int = 0
    owed_minor: int = 0
    ahead: int = 0
    in_advance_minor: int = 0

    def add(self, total_minor: int, *, has_card: bool) -> None:
        """Count one customer."""
        self.customers += 1
        self.with_card += has_card
        if total_minor > 0:
            self.owing += 1
            self.owed_minor += total_minor
        elif total_minor < 0:
            self.ahead += 1
            self.in_advance_minor -= total_minor


@dataclass(slots=True)
class ImportReport:
    """What an import found in its file, and did."""

    rows: int = 0
    bad_count: int = 0
    bad: list[CellError] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    new_companies: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was ignored or corrected, and what somebody should check."""
    sums: ImportTotals = field(default_factory=ImportTotals)
    import_id: int | None = None

    def add_error(self, line: int, column: str, problem: str) -> None:
        """Add a bad cell; those beyond LISTED_MAX are only counted."""
        self.bad_count += 1
        if len(self.bad) < LISTED_MAX:
            self.bad.append(CellError(line, column, problem))
