"""Which words find which row of the history."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Currency
from taptill.domain.sales.past import HistoryRow
from taptill.domain.sales.search import WORDS_MAX, HistorySearch

BERLIN = ZoneInfo("Europe/Berlin")
SALE = {
    "initials": "Ä. B.",
    "external_id": "E0042",
    "currency": "EUR",
    "lines": [["Kaffee groß", 150, 2], ["", 120, 1]],
}


def entry(kind: EntryKind, amount: int | None, body: dict[str, Any], **columns: Any) -> Entry:
    about = {"charge_id": "9f3c21aa55", "at": "2026-03-02T22:05:00.000+00:00", **columns}
    return Entry(
        seq=5,
        kind=kind,
        customer_id=1,
        amount_minor=amount,
        body=body,
        boot_id="boot",
        uptime_ms=0,
        clock_trusted=True,
        staff="Sue Ward",
        prev_hash="",
        hash="",
        **about,
    )


CHARGE = entry(EntryKind.CHARGE, 420, SALE)
VOID = entry(EntryKind.VOID, -150, {"reason": "goods returned", "lines": [["Tee", 150, 1]]})
DECLINE = entry(EntryKind.DECLINED, None, {"reason": "no-credit", "amount": 2000}, charge_id=None)
ROWS = {
    "charge": HistoryRow(CHARGE, CHARGE),
    "void": HistoryRow(VOID, CHARGE),
    "decline": HistoryRow(DECLINE, None),
    "void of a closed year's charge": HistoryRow(VOID, None),
    "unreadable": HistoryRow(entry(EntryKind.CHARGE, 1, {"lines": 7, "initials": 7}, at="?"), None),
}
FOUND = {
    "nothing": ("", [*ROWS]),
    "blanks": ("  \t ", [*ROWS]),
    "an amount": ("4.20", ["charge"]),
    "with a comma, begun": ("4,", ["charge"]),
    "its digits": ("420", ["charge"]),
    "what was taken back, without its sign": ("1.5", ["void", "void of a closed year's charge"]),
    "with its sign": ("-1.50", ["void", "void of a closed year's charge"]),
    "what was declined": ("20.", ["decline"]),
    "an amount that is none of these": ("4.21", []),
    "a local hour": ("23:", ["charge", "void", "decline", "void of a closed year's charge"]),
    "a local time": ("23:05", ["charge", "void", "decline", "void of a closed year's charge"]),
    "the time of another zone": ("22:05", []),
    "a date": ("2026-03-02", ["charge", "void", "decline", "void of a closed year's charge"]),
    "a month": ("2026-03-", ["charge", "void", "decline", "void of a closed year's charge"]),
    "another month": ("2026-04-", []),
    "a day as the list has it": (
        "03-02",
        ["charge", "void", "decline", "void of a closed year's charge"],
    ),
    "another day": ("03-03", []),
    "initials": ("ä.b.", ["charge", "void"]),
    "initials as the screen has them": ("Ä. B.", ["charge", "void"]),
    "other initials": ("ä.c.", []),
    "the first initial": ("ä", ["charge", "void"]),
    "the office's key, begun": ("e00", ["charge", "void"]),
    "a sale's id, begun": ("9F3C", [row for row in ROWS if row != "decline"]),
    "too little of a sale's id": ("9f3", []),
    "a good, whatever its capitals": ("KAFFEE", ["charge"]),
    "a part of a good": ("gross", ["charge"]),
    "a good that was taken back": ("tee", ["void", "void of a closed year's charge"]),
    "who did it": ("ward", [*ROWS]),
    "each word must fit": ("kaffee 4.20 23:05", ["charge"]),
    "one word that does not fit": ("kaffee 4.21", []),
    "more words than are looked at": ("kaffee " * WORDS_MAX + "nonsense", ["charge"]),
    "what looks like several things and is none": ("99:99", []),
    "a very long number": ("9" * 400, []),
    "signs alone": ("... -- : -", []),
}


@pytest.mark.parametrize(("text", "found"), FOUND.values(), ids=FOUND)
def test_a_search_finds(text: str, found: list[str]) -> None:
    search = HistorySearch.of(text, Currency("EUR"), BERLIN)
    assert [name for name, row in ROWS.items() if search.fits(row)] == found
