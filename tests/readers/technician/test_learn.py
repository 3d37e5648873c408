"""The rules found for cards and their numbers."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.readers.vectors import Vector, vectors

from taptill.domain.card_id import CardId
from taptill.domain.tap import CardTrouble
from taptill.readers.frames import RawKind
from taptill.readers.normaliser import build_normaliser
from taptill.readers.technician.learn import (
    SampleCard,
    config_lines,
    numbers_of,
    rules_that_fit,
    warnings_of,
)

UID, TEXT = RawKind.UID, RawKind.TEXT
CUSTOMERS = 100_000
RULES_MAX = 3


def card(raw: str, *numbers: str) -> SampleCard:
    return SampleCard(raw, set(numbers))


CASES: dict[str, tuple[RawKind, list[SampleCard], list[str]]] = {
    "the ten digits printed on the card": (
        UID,
        [card("01026F6C3A", "0040856634")],
        ['card_id = ["8H10D"]'],
    ),
    "facility and number": (UID, [card("01026F6C3A", "111,27706")], ['card_id = ["2H4H"]']),
    "facility and number as one figure": (
        UID,
        [card("3C00CE754C", "20630028")],
        ['card_id = ["3D5D"]', 'card_id = ["plain-3D5D"]', 'card_id = ["loose-3D5D"]'],
    ),
    "one figure with leading zeros": (
        UID,
        [card("3C00CE754C", "20630028"), card("010A060063", "00600099")],
        ['card_id = ["3D5D"]'],
    ),
    "one figure without leading zeros": (
        UID,
        [card("3C00CE754C", "20630028"), card("010A060063", "600099")],
        ['card_id = ["plain-3D5D"]'],
    ),
    "two figures written one after the other": (
        UID,
        [card("3C00CE754C", "20630028"), card("010A060063", "699")],
        ['card_id = ["loose-3D5D"]'],
    ),
    "a figure of two wide numbers": (
        UID,
        [card("3C00CE754C", "0020630028")],
        ['card_id = ["5D5D"]'],
    ),
    "a figure to hex": (
        TEXT,
        [card("20630028", "CE754C")],
        ['card_id = ["from-3D5D", "HEX"]'],
    ),
    "what people read off a card": (
        UID,
        [SampleCard("3C00CE754C", numbers_of("206,30028 0013530444"))],
        ['card_id = ["8H10D"]', 'card_id = ["2H4H"]'],
    ),
    "the UID turned round, in decimal": (
        UID,
        [card("26DEFAE7", "3891977766")],
        ['card_id = ["reverse-bytes", "plain-dec"]', 'card_id = ["reverse-bytes", "8H10D"]'],
    ),
    "a second card tells leading zeros from none": (
        UID,
        [card("26DEFAE7", "3891977766"), card("0102030A", "0167969281")],
        ['card_id = ["reverse-bytes", "8H10D"]'],
    ),
    "ten digits as they are": (TEXT, [card("0013961168", "0013961168")], ['card_id = ["text"]']),
    "hex as it is": (UID, [card("A1B2C3D4", "A1B2C3D4")], ['card_id = ["HEX"]']),
    "text as it is": (TEXT, [card("xy-0009", "xy-0009")], ['card_id = ["text"]']),
    "printed decimal to hex": (
        TEXT,
        [card("0013961168", "00D507D0")],
        ['card_id = ["from-dec 4", "HEX"]'],
    ),
    "a number of another card": (UID, [card("26DEFAE7", "0000000001")], []),
}


def test_the_numbers_on_a_card_are_each_tried_and_all_of_them_as_one() -> None:
    assert numbers_of(" 206,30028  0013530444 ") == {
        *("206,30028", "0013530444", "206,300280013530444", "206,30028  0013530444")
    }
    assert numbers_of("4711") == {"4711"}


def test_of_a_rule_that_writes_two_cards_alike_somebody_says_so() -> None:
    loose = build_normaliser(["loose-3D5D"], UID)
    assert loose.card_id("000000013039") == loose.card_id("0000000B0929") == "112345"
    assert "1 and 12345 are written as 11 and 2345" in warnings_of(("loose-3D5D",))[0]
    assert warnings_of(("3D5D",)) == warnings_of(("plain-3D5D",)) == []


def test_of_a_number_that_may_be_half_a_uid_somebody_says_so() -> None:
    """It is 88, three octets of seven, and their check octet: with `uid` it is refused."""
    half = str(int("8804A1B29F", 16))
    refused = build_normaliser(["from-dec 5", "drop-bcc", "uid", "HEX"], TEXT)
    taken = build_normaliser(["from-dec 5", "drop-bcc", "HEX"], TEXT)
    assert (taken.card_id(half), isinstance(refused.card_id(half), CardTrouble)) == (
        "8804A1B2",
        True,
    )
    for rule in (("from-dec 5", "drop-bcc", "HEX"), ("from-dec 5", "drop-last 1", "HEX")):
        assert any('"uid"' in warning for warning in warnings_of(rule))
    assert warnings_of(("from-dec 5", "drop-bcc", "uid", "HEX")) == []


@pytest.mark.parametrize(("output_kind", "cards", "lines"), CASES.values(), ids=CASES.keys())
def test_rules(output_kind: RawKind, cards: list[SampleCard], lines: list[str]) -> None:
    """The likeliest rules come first; a number that more steps can make has more rules."""
    config_texts = [config_lines(rule) for rule in rules_that_fit(cards, output_kind)]
    assert config_texts[: len(lines) or None] == lines
    assert len(config_texts) <= RULES_MAX


WRITTEN = {"6H8D", "10D->8H", "10H->13D", "drop version byte", "4H4H", "swap nibbles", "2H4H->6H"}


@pytest.mark.parametrize(
    "vector",
    [one for one in vectors("normalise") if one.values[0].rule in WRITTEN | {"strip separators"}],
)
def test_every_usual_spelling_of_the_sources_is_found(vector: Vector) -> None:
    raw = vector.octets.decode("ascii")
    output_kind = TEXT if "10D" in vector.rule[:3] or "strip" in vector.rule else UID
    output_kind = TEXT if "," in raw else output_kind
    rules = rules_that_fit([card(raw, vector.expected_ids[0])], output_kind)
    assert rules
    for rule in rules:
        assert build_normaliser(rule, output_kind).card_id(raw) == vector.expected_ids[0]


@given(
    st.lists(st.binary(min_size=5, max_size=5), min_size=2, max_size=3, unique=True),
    st.sampled_from([("8H10D",), ("reverse-bytes", "HEX"), ("drop-first 1", "plain-dec")]),
)
def test_the_rule_that_spelled_the_cards_is_always_among_those_found(
    uids: list[bytes], steps: tuple[str, ...]
) -> None:
    original_rule = build_normaliser(steps, UID)
    samples = [(uid.hex().upper(), original_rule.card_id(uid.hex())) for uid in uids]
    cards = [card(raw, number) for raw, number in samples if isinstance(number, str)]
    rules = [build_normaliser(rule, UID) for rule in rules_that_fit(cards, UID)]
    fresh = "5A1B2C3D4E"
    assert original_rule.card_id(fresh) in [rule.card_id(fresh) for rule in rules]


@pytest.mark.parametrize("output_kind", [UID, TEXT])
def test_a_rule_is_found_among_all_customers(output_kind: RawKind) -> None:
    """Of a hundred thousand customers two cards are read; the second leaves one rule."""
    dice = Random(6)
    raws = [f"{dice.randrange(1 << 40):010X}" for _ in range(CUSTOMERS)]
    steps = ("8H10D",) if output_kind is UID else ("from-hex", "8H10D")
    rule = build_normaliser(steps, output_kind)
    numbers = frozenset(str(rule.card_id(raw)) for raw in raws)
    assert rules_that_fit([SampleCard(raw, numbers) for raw in raws[:2]], output_kind)[0] == steps
    assert len(rules_that_fit([SampleCard(raw, numbers) for raw in raws[:3]], output_kind)) == 1
    assert CardId(next(iter(numbers)))
