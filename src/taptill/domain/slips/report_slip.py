"""The report of a shift as it is printed on a receipt printer."""

from dataclasses import dataclass

ReportRow = tuple[str, ...]
"""A label alone, or a label, a count and an amount, each as the till's language writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSlip:
    """The report in words: `title` says which one, `at` is the UTC time of printing."""

    till: str
    title: str
    at: str
    rows: tuple[ReportRow, ...]
