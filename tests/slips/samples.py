"""Sales of a journal as slips need them."""

from typing import Any

from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow
from taptill.domain.slips.slip import Slip, slip_of

EUR = Currency("EUR")


def entry(kind: EntryKind, seq: int, amount: int | None, **body: Any) -> Entry:
    """Return an entry of noon on the second of March, sold by Jo."""
    return Entry(
        seq=seq,
        kind=kind,
        charge_id="a" * 16,
        customer_id=7,
        amount_minor=amount,
        body=body,
        at="2026-03-02T12:07:00.000Z",
        boot_id="",
        uptime_ms=0,
        clock_trusted=True,
        staff="Jo",
        prev_hash="",
        hash="",
    )


CHARGE = entry(
    EntryKind.CHARGE,
    41,
    1575,
    lines=[
        ["Käsekuchen", 320, 1, "A"],
        ["Flat white with oat milk and an extra shot", 450, 2, "B"],
        ["", 380, 1],
        ["Pfand zurück", -25, 1],
    ],
    currency="EUR",
    initials="A. B.",
)
VOID = entry(
    EntryKind.VOID, 44, -450, lines=[["Flat white with oat milk and an extra shot", 450, 1]]
)


def slip(copy: int = 0) -> Slip:
    """Return the slip of the sale."""
    found = slip_of(HistoryRow(CHARGE, CHARGE), "Café Röstfrisch", EUR, copy)
    assert found
    return found


def void_slip() -> Slip:
    """Return the slip of the void."""
    found = slip_of(HistoryRow(VOID, CHARGE), "Café Röstfrisch", EUR)
    assert found
    return found


PAID_IN = entry(EntryKind.REPAYMENT, 45, -2000, currency="EUR", initials="A. B.")
PAID_OUT = entry(EntryKind.REPAYMENT, 46, 500, currency="EUR", initials="A. B.")
TAKEN_BACK = entry(EntryKind.REPAYMENT, 47, 2000, currency="EUR", voids=45)


def cash_slips() -> dict[str, Slip]:
    """Return slips of cash that was paid in, paid out, and given back."""
    rows = {
        "paid in": HistoryRow(PAID_IN, PAID_IN),
        "paid out": HistoryRow(PAID_OUT, PAID_OUT),
        "taken back": HistoryRow(TAKEN_BACK, TAKEN_BACK),
    }
    slips = {name: slip_of(row, "Café Röstfrisch", EUR) for name, row in rows.items()}
    return {name: found for name, found in slips.items() if found}
