"""Reports in, the JSON of scripts out: amounts are text, in the currency's own digits."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from taptill.cli.report.summary import percent
from taptill.domain.money import Currency, Money
from taptill.domain.reports.report import CountAndSum, Report, Tally
from taptill.domain.reports.shift_report import ShiftReport, identities


def figures_document(report: Report, currency: Currency) -> dict[str, Any]:
    """Return what the reports of days and of shifts have in common."""
    return {
        "currency": currency.code,
        "total": tally_document(report.total, currency),
        **_sums(report, currency),
        "change": _text(report.change_minor, currency),
        "average": _text(report.average_minor, currency),
        "void_rate": percent(report.void_rate_permille),
        "declined": dict(report.declined),
        "overrides": [
            {
                "seq": row.seq,
                "at": row.at,
                "amount": _text(row.amount_minor, currency),
                "reason": row.reason,
                "staff": row.cashier,
                "allowed_by": row.staff,
                "why": row.why,
            }
            for row in report.overrides
        ],
        "office_moved": report.office_moved,
        "offline_from": report.offline_from,
        "offline_to": report.offline_to,
        "clock_changes": [asdict(change) for change in report.clock_changes],
        "first_sale_at": report.first_at,
        "last_sale_at": report.last_at,
        "first_seq": report.first_seq,
        "last_seq": report.last_seq,
    }


def shift_document(report: ShiftReport, currency: Currency) -> dict[str, Any]:
    """Return the report of a shift, but for the rows of its tables."""
    shift, cash = report.shift, report.cash
    return {
        "number": shift.number,
        "is_closed": report.is_closed,
        "from_seq": shift.from_seq,
        "to_seq": shift.to_seq,
        "first_hash": report.first_hash,
        "last_hash": report.last_hash,
        "business_day": str(report.business_day),
        "day_ends_at": shift.days.ends_at.isoformat("minutes"),
        "zone": report.zone,
        "began_at": report.began_at,
        "opened_at": report.opened_at,
        "opened_by": report.opened_by,
        "closed_at": report.closed_at,
        "closed_by": report.closed_by,
        "cash": {
            "opening": _text(cash.opening_minor, currency),
            "repaid": _text(cash.repaid_minor, currency),
            "paid_out": _text(cash.paid_out_minor, currency),
            "expected": _text(cash.expected_minor, currency),
            "counted": _text(cash.counted_minor, currency),
            "difference": _text(cash.difference_minor, currency),
            "comment": cash.comment,
        },
        "unsent": _count_and_sum(report.unsent, currency),
        "cases": _count_and_sum(report.cases, currency),
        **figures_document(report.figures, currency),
        "voids_of_shifts": [
            {"shift": row.shift, **_count_and_sum(row.voids, currency)}
            for row in report.figures.voids_of_shifts
        ],
        "identities": [
            {
                "identity": one.name.value,
                "left": _text(one.left_minor, currency),
                "right": _text(one.right_minor, currency),
                "holds": one.holds,
            }
            for one in identities(report)
        ],
    }


def tally_document(tally: Tally, currency: Currency) -> dict[str, Any]:
    """Return a tally for a script."""
    amounts = {
        "gross": tally.gross_minor,
        "voided": tally.voided_minor,
        "net": tally.net_minor,
        "in_books": tally.in_books_minor,
        "to_send": tally.to_send_minor,
        "in_question": tally.in_question_minor,
    }
    texts = {name: _text(amount, currency) for name, amount in amounts.items()}
    return {"sales": tally.sales, "voids": tally.voids, **texts}


def _sums(report: Report, currency: Currency) -> Mapping[str, Any]:
    sums: dict[str, CountAndSum] = {
        "repaid": report.repaid,
        "paid_out": report.paid_out,
        "pay_ins_taken_back": report.pay_ins_taken_back,
        "pay_outs_taken_back": report.pay_outs_taken_back,
        "written_off": report.written_off,
        "without_card": report.without_card,
        "self_service": report.self_service,
        "offline": report.offline,
        "sent_later": report.sent_later,
        "voids_of_outside": report.voids_of_outside,
        "voided_outside": report.voided_outside,
        "clock_untrusted": report.untrusted,
    }
    return {name: _count_and_sum(value, currency) for name, value in sums.items()}


def _count_and_sum(value: CountAndSum, currency: Currency) -> dict[str, Any]:
    return {"count": value.count, "sum": _text(value.sum_minor, currency)}


def _text(amount_minor: int | None, currency: Currency) -> str | None:
    return None if amount_minor is None else currency.text(Money(amount_minor))
