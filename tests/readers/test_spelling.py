"""Which card ids a tap at a site can produce, and the suggestions for those that it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.card_id import CardId
from taptill.domain.tap import CardTrouble
from taptill.readers.frames import RawKind
from taptill.readers.normaliser import build_normaliser
from taptill.readers.spelling import (
    check_against_others,
    check_spelling,
    check_tapped_uid,
    check_uid_without_rule,
)

Rules = tuple[tuple[RawKind, tuple[str, ...]], ...]

UID, REVERSED, NUMBER, TEXT = RawKind.UID, RawKind.REVERSED, RawKind.NUMBER, RawKind.TEXT

RIGHT = {
    "hex in capitals": ("62E3086CED", UID, ()),
    "the low four octets": ("026F6C3A", UID, ("drop-first 1", "HEX")),
    "as printed": ("0040856634", UID, ("8H10D",)),
    "without leading zeros": ("40856634", UID, ("take-last 4", "plain-dec")),
    "facility and number": ("111,27706", UID, ("2H4H",)),
    "both as one figure": ("11127706", UID, ("3D5D",)),
    "thirteen digits": ("0004335823930", UID, ("10H13D",)),
    "with colons": ("26:DE:FA:E7", UID, ("HEX:",)),
    "a decimal number less than its width": ("0000000042", UID, ("dec 10",)),
    "what a scanner prints": ("xy-0009", TEXT, ()),
    "text of a rule that cuts a prefix": ("4711", TEXT, ("strip-prefix UID=",)),
    "one of a phone's first octet in longer numbers": ("08A1B2C3D4E5F6", UID, ()),
    "a box's number, whatever it begins with": ("08A1B2C3", NUMBER, ()),
    "a UID turned round": ("A1B2C308", UID, ("HEX",)),
}


@pytest.mark.parametrize(("text", "output_kind", "steps"), RIGHT.values(), ids=RIGHT)
def test_what_a_tap_can_give(text: str, output_kind: RawKind, steps: tuple[str, ...]) -> None:
    assert check_spelling(text, [build_normaliser(steps, output_kind)]) is None


WRONG = {
    "small letters": ("62e3086ced", UID, (), "62E3086CED"),
    "dashes": ("62-E3-08-6C-ED", UID, (), "62E3086CED"),
    "colons where there are none": ("26:DE:FA:E7", UID, (), "26DEFAE7"),
    "none where there are colons": ("26DEFAE7", UID, ("HEX:",), "26:DE:FA:E7"),
    "a leading zero less": ("40856634", UID, ("8H10D",), "0040856634"),
    "a leading zero more": ("0040856634", UID, ("plain-dec",), "40856634"),
    "hex for decimal": ("026F6C3A", UID, ("8H10D",), "0040856634"),
    "a dash for a comma": ("111-27706", UID, ("2H4H",), "111,27706"),
    "a comma where there is none": ("111,27706", UID, ("3D5D",), "11127706"),
    "small letters of a scanner": ("ab12", TEXT, ("upper",), "AB12"),
    "separators of a scanner": ("12 34", TEXT, ("strip-separators",), "1234"),
}


@pytest.mark.parametrize(("text", "output_kind", "steps", "right"), WRONG.values(), ids=WRONG)
def test_what_no_tap_gives_is_told_with_the_right_spelling(
    text: str, output_kind: RawKind, steps: tuple[str, ...], right: str
) -> None:
    wrong = check_spelling(text, [build_normaliser(steps, output_kind)])
    assert wrong is not None
    assert (wrong.trouble, right in wrong.suggestions) == (CardTrouble.WRONG_FORM, True), wrong


NAMELESS = {
    "a phone's": ("08A1B2C3", UID, (), CardTrouble.RANDOM_ID),
    "a phone's, turned round": ("C3B2A108", UID, ("reverse-bytes", "HEX"), CardTrouble.RANDOM_ID),
    "a phone's, from a reader that turns": ("08A1B2C3", REVERSED, (), CardTrouble.RANDOM_ID),
    "a phone's as a decimal number": ("0144814787", UID, ("8H10D",), CardTrouble.RANDOM_ID),
    "the first part of a longer one": ("8804A1B2", UID, (), CardTrouble.CASCADE_TAG),
    "all zeros": ("00000000", UID, (), CardTrouble.BLANK_ID),
}


@pytest.mark.parametrize(
    ("text", "output_kind", "steps", "trouble"), NAMELESS.values(), ids=NAMELESS
)
def test_a_number_that_names_no_card_is_refused(
    text: str, output_kind: RawKind, steps: tuple[str, ...], trouble: CardTrouble
) -> None:
    wrong = check_spelling(text, [build_normaliser(steps, output_kind)])
    assert wrong is not None
    assert (wrong.trouble, wrong.suggestions) == (trouble, ())


def test_one_reader_that_gives_it_is_enough_and_without_readers_all_is_well() -> None:
    small, large = build_normaliser(("hex",), UID), build_normaliser((), UID)
    assert check_spelling("62e3086ced", [large, small]) is None
    assert check_spelling("62e3086ced", []) is None


def test_what_is_nothing_of_the_kind_has_no_right_spelling() -> None:
    wrong = check_spelling("Ada's card", [build_normaliser((), UID)])
    assert wrong is not None
    assert (wrong.trouble, wrong.suggestions) == (CardTrouble.WRONG_FORM, ())


RULES = [
    *((UID, (step,)) for step in ("HEX", "hex", "HEX:", "dec 20", "plain-dec", "10H13D")),
    *((UID, (step,)) for step in ("8H10D", "6H8D", "2H4H", "4H4H", "3D5D", "plain-3D5D", "5D5D")),
    (UID, ("drop-first 1", "HEX")),
    (UID, ("take-last 4", "dec 10")),
    (REVERSED, ("reverse-bytes", "HEX")),
    (NUMBER, ("HEX",)),
    (TEXT, ("from-hex", "8H10D")),
    (TEXT, ("text",)),
]


@given(st.binary(min_size=5, max_size=7), st.sampled_from(RULES))
def test_what_a_tap_gives_is_never_refused(
    octets: bytes, rule: tuple[RawKind, tuple[str, ...]]
) -> None:
    """But for digits that four octets give, too, if those are refused as a UID; it is told so."""
    output_kind, steps = rule
    normaliser = build_normaliser(steps, output_kind)
    card_id = normaliser.card_id(octets.hex().upper())
    if isinstance(card_id, CardTrouble):
        return
    wrong = check_spelling(CardId(card_id), [normaliser])
    if wrong is not None:
        four = octets[-4:].hex().upper()
        assert card_id == build_normaliser(steps, RawKind.NUMBER).card_id(four)
        assert normaliser.card_id(four) is wrong.trouble


SITE = frozenset({"62E3086CED", "01026F6C3A", "ABCDEF0102", "0A0B0C0D0E"})
NUMBERS = frozenset({"0040856634", "0013530444", "0000000042"})
OFFICES: dict[str, tuple[str, frozenset[str], tuple[str, ...]]] = {
    "as the others": ("62E3086CF1", SITE, ()),
    "small letters": ("62e3086cf1", SITE, ("62E3086CF1",)),
    "marks between": ("62:e3:08-6c f1", SITE, ("62E3086CF1",)),
    "a badge's number beside octets": ("2308", SITE, ()),
    "a number without its zeros": ("40856634", NUMBERS, ("0040856634",)),
    "a number like the others": ("0040856635", NUMBERS, ()),
    "capital and small letters tell cards apart here": (
        "AbCd",
        frozenset({"aBcD", "XyZw", "qRsT"}),
        (),
    ),
    "few others": ("62e3086cf1", frozenset({"62E3086CED", "ABCDEF0102"}), ()),
    "others in both spellings": ("62e3086cf1", SITE | {"abcdef0103", "abcdef0104"}, ()),
    "one of the others is a mistake": (
        "62e3086cf1",
        frozenset({f"62E30{number:05X}" for number in range(40)}) | {"abcdef0103"},
        ("62E3086CF1",),
    ),
}


@pytest.mark.parametrize(("text", "other_cards", "right"), OFFICES.values(), ids=OFFICES)
def test_other_cards_tell_how_one_is_spelled(
    text: str, other_cards: frozenset[str], right: tuple[str, ...]
) -> None:
    misspelling = check_against_others(text, other_cards)
    assert (misspelling.suggestions if misspelling else ()) == right


WITHOUT_READER: dict[str, tuple[str, frozenset[str], CardTrouble | None]] = {
    "a phone": ("08A1B2C3", SITE, CardTrouble.RANDOM_ID),
    "a phone, small letters and marks": ("08:a1:b2:c3", SITE, CardTrouble.RANDOM_ID),
    "a phone of FeliCa": ("01FE0102030405AA", SITE, CardTrouble.RANDOM_ID),
    "a part of a longer number": ("88A1B2C3", SITE, CardTrouble.CASCADE_TAG),
    "a failure": ("00000000", SITE, CardTrouble.BLANK_ID),
    "digits alone, which nobody tells apart from octets": (
        "08123456",
        frozenset(),
        CardTrouble.RANDOM_ID,
    ),
    "eight digits, as all have": (
        "08123456",
        frozenset({"01234567", "07654321", "33333333"}),
        None,
    ),
    "more octets": ("08A1B2C3D4", SITE, None),
    "no octets": ("08A1B2CX", SITE, None),
    "an odd digit": ("08A1B2C", SITE, None),
}


@pytest.mark.parametrize(
    ("text", "other_cards", "trouble"), WITHOUT_READER.values(), ids=WITHOUT_READER
)
def test_octets_that_name_no_card_need_no_rule(
    text: str, other_cards: frozenset[str], trouble: CardTrouble | None
) -> None:
    misspelling = check_uid_without_rule(text, other_cards)
    assert (misspelling.trouble if misspelling else None) is trouble


RANDOM = CardTrouble.RANDOM_ID
SITE_NUMBERS = ("08123456", "11223344", "55667788", "99001122")
TAPPED: dict[str, tuple[str, Rules, tuple[str, ...], CardTrouble | None]] = {
    "a text of another maker's box": ("08A1B2C3", ((TEXT, ("text",)),), (), RANDOM),
    "half of a longer number": ("88A1B2C3", ((TEXT, ("text",)),), (), CardTrouble.CASCADE_TAG),
    "noughts": ("00000000", ((TEXT, ("text",)),), (), CardTrouble.BLANK_ID),
    "a text that is read as hex": ("08:A1:B2:C3", ((TEXT, ("from-hex", "HEX:")),), (), RANDOM),
    "digits of a site with numbers": ("08123456", ((TEXT, ("text",)),), SITE_NUMBERS, None),
    "digits of a site without any": ("08123456", ((TEXT, ("text",)),), (), RANDOM),
    "a rule that writes numbers": ("0040856634", ((TEXT, ("from-hex", "dec 10")),), (), None),
    "a text that is no hex": ("card-0008", ((TEXT, ("from-hex", "HEX")),), (), None),
    "a reader of UIDs, which has looked": ("08A1B2C3", ((UID, ()),), (), None),
    "a reader of numbers, which are no UIDs": ("08A1B2C3", ((NUMBER, ()),), (), None),
    "two readers, of which one has not looked": (
        "08A1B2C3",
        ((UID, ()), (TEXT, ("text",))),
        (),
        RANDOM,
    ),
    "no reader that is known": ("08A1B2C3", (), (), RANDOM),
    "a longer number": ("08A1B2C3D4E5F6", ((TEXT, ("text",)),), (), None),
}


@pytest.mark.parametrize(("card", "rules", "others", "trouble"), TAPPED.values(), ids=TAPPED)
def test_a_tapped_card_that_identifies_nobody_is_told_where_no_reader_has_looked(
    card: str, rules: Rules, others: tuple[str, ...], trouble: CardTrouble | None
) -> None:
    built = [build_normaliser(steps, kind) for kind, steps in rules]
    assert check_tapped_uid(card, built, others) is trouble
