"""A report as every form of it shows it: text, CSV, JSON and page only write this down."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from taptill.cli.report.summary import SummaryRow
from taptill.cli.report.tables import Table
from taptill.domain.money import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Printout:
    """All parts of a printed report, in their order.

    `heading` is one line that says whose and what it is, `made_at` the time of what it shows.
    `document` is the JSON of scripts, without its rows; those of the first table are added.
    """

    title: str
    heading: str
    made_at: str
    currency: Currency
    summary: tuple[SummaryRow, ...]
    tables: tuple[Table, ...]
    remarks: tuple[str, ...]
    footer: str
    document: Mapping[str, Any] = field(default_factory=dict)
