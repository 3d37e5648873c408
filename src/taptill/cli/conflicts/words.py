"""Texts about a case: why it waits, the figures to compare, and what may be decided."""

from collections.abc import Callable

from taptill.cli.output import shown
from taptill.domain.money import Currency, Money, round_against_customer
from taptill.journal.back_office.conflicts import CaseFigures, ConflictCase
from taptill.operations.cases import AMOUNT_UNKNOWN
from taptill.settlement.reconcile import ConflictReason as Reason

WORDS = {
    Reason.MARK_LOST: "debtData was emptied or replaced: the money may or may not be in totalDebt",
    Reason.COPIED_ROW: "the row bears the mark of another customer: somebody copied it",
    Reason.NO_PLACE: "debtData is no object, there is no place for a mark: empty it, then retry",
    Reason.UNKNOWN_MARK: "the row bears a mark of this till that it never wrote",
    Reason.SHARED_DEBT_DATA: "debtData holds somebody else's keys: [settlement] share_debt_data",
    Reason.REFUSED: "the backend refused the update for good",
    Reason.GONE: "the backend does not show this customer any more, asked five times in a row",
    Reason.MARK_BACK: "an older debtData was put back, not the total: the money is most likely in",
    Reason.FORKED: "it was open when this journal parted from its twin, which may have sent it",
}

ANSWERS = (
    "none: taptill conflicts retry {customer} --booked 0; a part: --booked AMOUNT; "
    "all: taptill conflicts accept {customer}; each with --staff and --reason"
)
"""What a person may answer about such a row."""


def figure_texts(figures: CaseFigures, write: Callable[[Money], str]) -> dict[str, str | None]:
    """Return the figures by the names that the office reads; None for one that is not known.

    `write` formats an amount.
    """
    by = figures.enrolment
    amounts = {
        "total": figures.total,
        "office_if_none_is_in": figures.none_in,
        "office_if_all_is_in": figures.all_in,
        "office_as_last_seen": figures.last_seen,
        "total_before_first_update": figures.first_read,
        "total_when_enrolled": by[2] if by else None,
        "booked_if_office_moved_nothing": figures.fits,
    }
    texts = {
        key: None if money is None else write(round_against_customer(money)[0])
        for key, money in amounts.items()
    }
    stamps = {"updated_at": figures.updated_at or None, "enrolled_by": by[0] if by else None}
    return {**texts, **stamps, "enrolled_from": by[1] if by else None}


def figure_lines(figures: CaseFigures, case: ConflictCase, currency: Currency) -> list[str]:
    """Return the known figures, one a line, and the possible answers where the row shows none."""
    figures_now = figure_texts(figures, lambda money: shown(money, currency))
    known_figures = {key: figure for key, figure in figures_now.items() if figure is not None}
    lines = [f"  {key.replace('_', ' '):32} {figure:>12}" for key, figure in known_figures.items()]
    if case.reason in AMOUNT_UNKNOWN:
        lines.append(ANSWERS.format(customer=case.position.customer_id))
    return lines
