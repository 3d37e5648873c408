"""A customer's last entries here in, rows for the screen out: what, when, and if it is sent."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from taptill.checkout.recent_sales import RecentSales
from taptill.checkout.view import RecentSaleView
from taptill.domain.entry import Entry, EntryKind, Position

ENTRIES_MAX = 12
"""So many entries are looked at: charges, voids and repayments."""


def purchase_rows(
    entries: Iterable[Entry], position: Position | None, now: str
) -> tuple[RecentSaleView, ...]:
    """Return what a customer bought and paid in, newest first; `now` is UTC ISO 8601."""
    listed = [*entries]
    own = RecentSales()
    own.restore(listed, "", 0, 0.0)
    charges = {entry.charge_id: entry for entry in listed if entry.kind is EntryKind.CHARGE}
    customers = own.customers()
    rows = own.views(dict.fromkeys(customers, position), "")
    times = {entry.charge_id: entry.at for entry in listed if entry.charge_id}
    return tuple(
        replace(
            row,
            initials="",
            time=_day_or_time(times[row.charge_id], now),
            goods=_goods(charges.get(row.charge_id)),
        )
        for row in rows
        if row.charge_id in times
    )


def _goods(charge: Entry | None) -> str:
    lines = charge.lines if charge else ()
    return ", ".join(
        f"{quantity} × {name}" if quantity > 1 else name for name, _, quantity in lines if name
    )


def _day_or_time(at: str, now: str) -> str:
    """Return the local time of today's entry, the day of an older one."""
    then, today = (datetime.fromisoformat(text).astimezone() for text in (at, now))
    return then.strftime("%H:%M" if then.date() == today.date() else "%m-%d")
