"""Words of a test in, drafts for the journal out."""

from decimal import Decimal
from typing import Any

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.mark import Mark

ADA, BEN = 7, 8


def charge(customer: int, amount: int, charge_id: str = "", *, offline: bool = False) -> Draft:
    return Draft(
        EntryKind.CHARGE,
        customer,
        amount_minor=amount,
        body={"offline": offline},
        charge_id=charge_id or None,
    )


def void(customer: int, amount: int, charge_id: str) -> Draft:
    return Draft(
        EntryKind.VOID,
        customer,
        amount_minor=-amount,
        body={"reason": "wrong amount"},
        charge_id=charge_id,
    )


def part_void(customer: int, amount: int, charge_id: str, number: int = 1) -> Draft:
    """Take back a part of a charge; `number`: it is the charge's first, second, ... void."""
    body: dict[str, Any] = {"reason": "goods returned", "lines": [["Coffee", amount, 1]]}
    if number > 1:
        body["number"] = number
    return Draft(EntryKind.VOID, customer, amount_minor=-amount, body=body, charge_id=charge_id)


def repayment(customer: int, amount: int, charge_id: str | None = None) -> Draft:
    return Draft(EntryKind.REPAYMENT, customer, -amount, charge_id=charge_id)


def attempt(customer: int, sent_mark: Mark, row_mark: Mark | None = None, read: int = 0) -> Draft:
    delta = sent_mark.total - (row_mark.total if row_mark else 0)
    body: dict[str, Any] = {
        "epoch": "0000e90c",
        "mark": as_row(sent_mark),
        "seen": as_row(row_mark),
        "updated_at": "2026-03-02T09:00:00.000Z",
        "total_read": str(Decimal(read)),
        "total_sent": str(Decimal(read + delta)),
        "others": 0,
    }
    return Draft(EntryKind.ATTEMPT, customer, body=body)


def receipt(customer: int, mark: Mark, base: str | None = "0") -> Draft:
    body = {"mark": as_row(mark), "updated_at": "2026-03-02T09:00:01.000Z", "base": base}
    return Draft(EntryKind.RECEIPT, customer, body=body)


def taken_back(customer: int, row_mark: Mark | None) -> Draft:
    body = {"seen": as_row(row_mark), "updated_at": "2026-03-02T09:00:02.000Z"}
    return Draft(EntryKind.TAKEN_BACK, customer, body=body)


def conflict(customer: int, reason: str = "mark-lost") -> Draft:
    return Draft(EntryKind.CONFLICT, customer, body={"reason": reason, "in_question": 0})


def refusal(customer: int) -> Draft:
    return Draft(
        EntryKind.REFUSAL, customer, body={"reason": "refused", "status": 400, "detail": ""}
    )


def resolved(customer: int) -> Draft:
    return Draft(EntryKind.RESOLVED, customer, body={"by": "the row shows the mark"})


def office_moved(customer: int, to: str) -> Draft:
    body = {"from": "0", "to": to, "updated_at": "2026-03-02T09:00:03.000Z"}
    return Draft(EntryKind.OFFICE_MOVED, customer, body=body)


def declined(customer: int | None = None) -> Draft:
    return Draft(EntryKind.DECLINED, customer, body={"reason": "unknown-card", "amount": 320})


def as_row(mark: Mark | None) -> list[Any] | None:
    return [mark.seq, mark.total, mark.hash] if mark else None
