"""What a printer's page has is printed, what it has not is written out; nothing becomes a `?`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.slips.code_pages import CODECS, code_page

EXAMPLES = {
    "ascii writes umlauts out": ("ascii", "Müller Straße Öl", b"Mueller Strasse Oel"),
    "in a word of capitals both letters are capitals": (
        "ascii",
        "ÜBUNG ZURÜCK MENÜ Übung Ä ÆLI ŒUVRE ЖУК",
        b"UEBUNG ZURUECK MENUE Uebung Ae AELI OEUVRE ZHUK",
    ),
    "ascii names the euro": ("ascii", "12,50 €", b"12,50 EUR"),
    "a letter and its mark are one": ("ascii", "Mu\u0308ller", b"Mueller"),
    "letters of other scripts": ("ascii", "żółć Жук", b"zolc Zhuk"),
    "quotation marks and dashes": ("ascii", "„a“ – ‚b‘", b"\"a\" - 'b'"),
    "blanks of all kinds": ("ascii", "a\u00a0b\u202fc\td", b"a b c d"),
    "controls are left out": ("ascii", "a\x1b@b\x00", b"a@b"),
    "437 has umlauts and no euro": ("437", "ä ß €", b"\x84 \xe1 EUR"),
    "850 has no euro": ("850", "é €", b"\x82 EUR"),
    "858 is 850 with the euro": ("858", "é €", b"\x82 \xd5"),
    "1252 has the euro at 80": ("1252", "ä €", b"\xe4 \x80"),
    "1252 has no Polish z": ("1252", "ż", b"z"),
}


@pytest.mark.parametrize(("page", "text", "octets"), EXAMPLES.values(), ids=EXAMPLES)
def test_a_text_in_a_page_is_these_bytes(page: str, text: str, octets: bytes) -> None:
    chosen = code_page(page)
    assert chosen.encoded(chosen.shown(text)) == octets


@given(st.text(), st.sampled_from([*CODECS]))
def test_any_text_is_printed_in_any_page_a_column_a_letter(text: str, page: str) -> None:
    chosen = code_page(page)
    shown = chosen.shown(text)
    octets = chosen.encoded(shown)
    assert len(octets) == len(shown)
    assert not [octet for octet in octets if octet < 0x20 or octet == 0x7F]
    assert chosen.shown(shown) == shown


@given(st.text(st.characters(codec="cp1252", exclude_characters="?"), max_size=20))
def test_no_western_letter_becomes_a_question_mark(text: str) -> None:
    assert "?" not in code_page("ascii").shown(text)


def test_the_number_of_a_page_is_epsons_or_the_sites() -> None:
    assert [code_page(name).number for name in CODECS] == [0, 0, 2, 19, 16]
    assert code_page("858", 13).number == 13
