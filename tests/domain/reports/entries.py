"""Entries of a test in a line each: sales, voids and others of the second of March."""

from typing import Any

from taptill.domain.entry import Entry, EntryKind

ADA = 7


def entry(seq: int, kind: EntryKind, at: str, amount: int | None = None, **columns: Any) -> Entry:
    """Return an entry at `at`, a time of the second of March in UTC, or a whole instant."""
    about: dict[str, Any] = {"customer_id": ADA, "charge_id": None, "body": {}, **columns}
    about.setdefault("staff", None)
    return Entry(
        seq=seq,
        kind=kind,
        amount_minor=amount,
        at=at if "T" in at else f"2026-03-02T{at}:00.000+00:00",
        boot_id="boot",
        uptime_ms=0,
        clock_trusted=about.pop("trusted", True),
        prev_hash="",
        hash=f"{seq:064}",
        **about,
    )


def sale(seq: int, at: str, *lines: list[Any], amount: int | None = None, **columns: Any) -> Entry:
    total = sum(price * quantity for _, price, quantity, *_ in lines)
    body = {"lines": list(lines), "currency": "EUR", "initials": "A. B.", "external_id": "0012"}
    body |= columns.pop("body", {})
    charge_id = columns.pop("charge_id", f"sale {seq}")
    charged = total if amount is None else amount
    return entry(seq, EntryKind.CHARGE, at, charged, charge_id=charge_id, body=body, **columns)


def void(seq: int, at: str, charge: Entry, *lines: list[Any], **columns: Any) -> Entry:
    """Return a void of these lines, or of all that a charge came to."""
    amount = sum(price * quantity for _, price, quantity, *_ in lines) or charge.amount_minor or 0
    about = {"charge_id": charge.charge_id, "customer_id": charge.customer_id, **columns}
    if lines:
        about["body"] = {"lines": list(lines)}
    taken = about.pop("amount", amount)
    return entry(seq, EntryKind.VOID, at, -taken, **about)
