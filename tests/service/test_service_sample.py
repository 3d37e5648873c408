"""The sample data is always the same, has several scripts, and fits the demo's cards."""

import re
import unicodedata

from tests.service.conftest import Api, equals, where

from taptill.service.sample import DEMO_CARDS, DEMO_UNKNOWN, rows


def test_it_is_the_same_every_time() -> None:
    assert rows() == rows()


def test_every_card_is_ten_hex_digits_and_nobody_elses() -> None:
    cards = [row["cardId"] for row in rows()["Customers"]]
    assert len(set(cards)) == len(cards) == 200
    assert all(re.fullmatch("[0-9A-F]{10}", card) for card in cards)
    assert DEMO_UNKNOWN.card_id not in cards


def test_names_come_in_many_scripts_and_situations() -> None:
    customers = rows()["Customers"]
    letters = "".join(row["name"] for row in customers)
    scripts = {unicodedata.name(letter, "?").split()[0] for letter in letters}
    assert {"LATIN", "GREEK", "CYRILLIC", "ARABIC", "HEBREW", "CJK", "HANGUL"} <= scripts
    assert sum(row.get("default", False) for row in customers) == 1
    for field in ("isBlocked", "isCreditAllowed", "company", "debtData", "paymentCard"):
        assert 5 < sum(bool(row.get(field)) for row in customers) < 190, field


def test_the_demo_keys_show_what_they_say(till: Api) -> None:
    """A till finds each card, in the order of the keys A to H, and not the unknown one."""
    rows = [till.select(conditions=where(equals("cardId", card.card_id))) for card in DEMO_CARDS]
    assert "".join(card.key for card in DEMO_CARDS) == "ABCDEFGH"
    assert [str(row["totalDebt"]) for (row,) in rows] == [
        *("-12.30", "-50.00", "-1.80", "8.40", "0.00", "-5.00", "49.00", "-25.00")
    ]
    assert [row["isBlocked"] for (row,) in rows].index(True) == 1
    assert [row["isCreditAllowed"] for (row,) in rows] == [card.key in "DG" for card in DEMO_CARDS]
    assert [row["default"] for (row,) in rows].index(True) == 4
    assert {"\u202e", "\x1b", "[", "\n"} <= set(rows[5][0]["name"])
    assert till.select(conditions=where(equals("cardId", DEMO_UNKNOWN.card_id))) == []
