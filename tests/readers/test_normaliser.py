"""The card id that every rule makes, and what a rule refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.readers.vectors import Vector, vectors

from taptill.domain.card_id import CARD_ID_LENGTH_MAX, CardId
from taptill.domain.tap import CardTrouble
from taptill.readers import conversion_steps
from taptill.readers.frames import Frame, RawKind
from taptill.readers.frames.families import FAMILIES
from taptill.readers.normaliser import build_normaliser

UID, TEXT = RawKind.UID, RawKind.TEXT

# The vector file's names of rules, and the steps of each.
RULES: dict[str, tuple[RawKind, list[str]]] = {
    "6H8D": (UID, ["6H8D"]),
    "10D->8H": (TEXT, ["from-dec 4", "HEX"]),
    "reject random": (UID, []),
    "10D->8H, reverse bytes": (TEXT, ["from-dec 4", "reverse-bytes", "HEX"]),
    "reverse bytes": (UID, ["reverse-bytes", "HEX"]),
    "10H->13D": (UID, ["10H13D"]),
    "drop version byte": (UID, ["drop-first 1", "HEX"]),
    "10H": (UID, ["HEX"]),
    "10D->2H4H": (TEXT, ["from-dec 4", "2H4H"]),
    "mfrc522-simple": (TEXT, ["from-dec 5", "drop-bcc", "uid", "HEX"]),
    "13D->10H": (TEXT, ["from-dec 5", "HEX"]),
    "strip separators": (TEXT, ["strip-separators", "from-hex", "HEX"]),
    "signed 32-bit decimal->8H": (TEXT, ["from-signed-dec 4", "HEX"]),
    "4H4H": (UID, ["4H4H"]),
    "strip 0x": (TEXT, ["strip-prefix 0x", "from-hex", "HEX"]),
    "none": (UID, []),
    "2H4H->6H": (TEXT, ["from-2H4H", "HEX"]),
    "swap nibbles": (UID, ["swap-nibbles", "HEX"]),
}
TROUBLES = {
    "random_uid": CardTrouble.RANDOM_ID,
    "cascade_tag": CardTrouble.CASCADE_TAG,
    "blank": CardTrouble.BLANK_ID,
    "length": CardTrouble.WRONG_FORM,
}


def card_id(raw: str, output_kind: RawKind, *words: str) -> CardId | CardTrouble:
    return build_normaliser(words, output_kind).card_id(raw)


@pytest.mark.parametrize("vector", vectors("normalise"))
def test_rule(vector: Vector) -> None:
    output_kind, words = RULES[vector.rule]
    expected_id = TROUBLES[vector.error] if vector.error else vector.expected_ids[0]
    assert card_id(vector.octets.decode("ascii"), output_kind, *words) == expected_id


@pytest.mark.parametrize("vector", vectors(*FAMILIES))
def test_what_is_printed_on_the_card(vector: Vector) -> None:
    """Each number that the vector's source gives is what the step of that name makes."""
    family = FAMILIES[vector.family]
    decoder = family.decoder({})
    output = decoder.feed(vector.octets) + decoder.idle()
    frames = [frame for frame in output if isinstance(frame, Frame)]
    for name, number in vector.printed_numbers.items():
        assert card_id(frames[0].raw, family.output_kind, name) == number
    if vector.normalise:
        assert card_id(frames[0].raw, family.output_kind) == vector.normalise["reverse_bytes"]


CASES: dict[str, tuple[str, RawKind, list[str], str]] = {
    "by default a UID keeps its leading zeros": ("0A0B0C0D", UID, [], "0A0B0C0D"),
    "by default text is trimmed and nothing else": (" 00 12 aB ", TEXT, [], "00 12 aB"),
    "small hex": ("A1B2C3D4", UID, ["hex"], "a1b2c3d4"),
    "hex with colons": ("A1B2C3D4", UID, ["HEX:"], "A1:B2:C3:D4"),
    "a long number cut and written in decimal": (
        "0102030405060708",
        UID,
        ["reverse-bytes", "take-last 4", "dec 10"],
        "0067305985",
    ),
    "the first octets of a longer UID": (
        "04A1B2C3D4E5F6",
        UID,
        ["take-first 4", "HEX"],
        "04A1B2C3",
    ),
    "a trailing octet is dropped": ("A1B2C3D400", UID, ["drop-last 1", "HEX"], "A1B2C3D4"),
    "bits reversed in each octet": ("01800F", UID, ["reverse-bits", "HEX"], "8001F0"),
    "decimal as it comes": ("00000A", UID, ["plain-dec"], "10"),
    "signed decimal": ("A1B2C3D4", UID, ["signed-dec"], "-1582119980"),
    "lost zeros are filled up before reading": ("A0B", TEXT, ["pad 4", "from-hex", "HEX"], "0A0B"),
    "16 + 16 bits read back": ("00623,27706", TEXT, ["from-4H4H", "8H10D"], "0040856634"),
    "text after octets": ("A1", UID, ["HEX", "lower", "pad 4"], "00a1"),
    "upper case text": ("ab-12", TEXT, ["strip-separators", "upper"], "AB12"),
    "text that looks like a random UID is text": ("08ABCDEF", TEXT, [], "08ABCDEF"),
    "four octets left of five are no random UID": (
        "6208ABCDEF",
        UID,
        ["drop-first 1", "HEX"],
        "08ABCDEF",
    ),
    "a UID sent last byte first is judged where `uid` stands": (
        "08ABCDEF",
        UID,
        ["reverse-bytes", "uid", "HEX"],
        "EFCDAB08",
    ),
    "what stands around a number": (
        "UID=A1B2;",
        TEXT,
        ["strip-prefix UID=", "strip-suffix ;"],
        "A1B2",
    ),
    "a part of the text": ("card 0009;ok", TEXT, [r"match card\s(\d+);.*"], "0009"),
    "the whole text, where it looks right": ("0009", TEXT, [r"match \d{4}"], "0009"),
    "bits as text": ("1" + "0" * 8, TEXT, ["from-bits", "HEX"], "0100"),
    "a facility and a number with a dash": ("213-02000", TEXT, ["from-2H4H -", "HEX"], "D507D0"),
    "the last 26 bits": ("F1FFFFFF", UID, ["take-last-bits 26", "octets 4", "HEX"], "01FFFFFF"),
    "the first 12 bits": ("A1B2C3D4", UID, ["take-first-bits 12", "HEX"], "0A1B"),
    "an id of one of the lengths": ("A1B2C3D4", UID, ["octets 4 7", "HEX", "length 8"], "A1B2C3D4"),
    "an id that is not listed": ("A1B2C3D4", UID, ["HEX", "reject 00000001 FF"], "A1B2C3D4"),
    "a UID that comes last byte first is turned round by default": (
        "CB4540A2",
        RawKind.REVERSED,
        [],
        "A24045CB",
    ),
    "its last byte, which comes first, is no sign of a random one": (
        "08ABCDEF",
        RawKind.REVERSED,
        ["HEX"],
        "08ABCDEF",
    ),
    "a number is no UID, whatever it begins with": ("08ABCDEF", RawKind.NUMBER, [], "08ABCDEF"),
}


@pytest.mark.parametrize(
    ("raw", "output_kind", "words", "expected_id"), CASES.values(), ids=CASES.keys()
)
def test_card_id(raw: str, output_kind: RawKind, words: list[str], expected_id: str) -> None:
    result = card_id(raw, output_kind, *words)
    assert not isinstance(result, CardTrouble)
    assert result == expected_id


REFUSED: dict[str, tuple[str, RawKind, list[str], CardTrouble]] = {
    "a random UID that comes last byte first": (
        "EFCDAB08",
        RawKind.REVERSED,
        ["HEX"],
        CardTrouble.RANDOM_ID,
    ),
    "a suffix that is missing": ("A1", TEXT, ["strip-suffix ;"], CardTrouble.WRONG_FORM),
    "what does not match": ("x", TEXT, [r"match \d+"], CardTrouble.WRONG_FORM),
    "a group that matched nothing": ("ab", TEXT, ["match ab(c)?"], CardTrouble.WRONG_FORM),
    "bits that are none": ("012", TEXT, ["from-bits", "HEX"], CardTrouble.WRONG_FORM),
    "fewer bits than to take": ("A1", UID, ["take-last-bits 9", "HEX"], CardTrouble.WRONG_FORM),
    "octets of another number": ("A1B2C3D4", UID, ["octets 7 10", "HEX"], CardTrouble.WRONG_FORM),
    "text of another length": ("A1B2", TEXT, ["length 8 10"], CardTrouble.WRONG_FORM),
    "a listed id": ("A1B2", TEXT, ["reject 00 A1B2"], CardTrouble.WRONG_FORM),
    "another separator": ("213,02000", TEXT, ["from-2H4H -", "HEX"], CardTrouble.WRONG_FORM),
    "a phone that is a FeliCa peer": ("01FE030405060708", UID, [], CardTrouble.RANDOM_ID),
    "a blank number": ("FFFFFF", RawKind.NUMBER, [], CardTrouble.BLANK_ID),
    "all ones": ("FFFFFFFF", UID, [], CardTrouble.BLANK_ID),
    "nothing": (" ", TEXT, [], CardTrouble.BLANK_ID),
    "random behind `uid`": (
        "EFCDAB08",
        UID,
        ["reverse-bytes", "uid", "HEX"],
        CardTrouble.RANDOM_ID,
    ),
    "text that is read as a UID": (
        "8804A1B2",
        TEXT,
        ["from-hex", "uid", "HEX"],
        CardTrouble.CASCADE_TAG,
    ),
    "a UID that is not hex": ("A1B2C3DX", UID, [], CardTrouble.WRONG_FORM),
    "half an octet": ("A1B", TEXT, ["from-hex", "HEX"], CardTrouble.WRONG_FORM),
    "hex with blanks inside": ("A1 B2", TEXT, ["from-hex", "HEX"], CardTrouble.WRONG_FORM),
    "hex where decimal is configured": ("A1", TEXT, ["from-dec 4", "HEX"], CardTrouble.WRONG_FORM),
    "digits of another script": ("١٢٣", TEXT, ["from-dec 4", "HEX"], CardTrouble.WRONG_FORM),
    "a number with an underscore": ("1_0", TEXT, ["from-dec 4", "HEX"], CardTrouble.WRONG_FORM),
    "a number too big": ("4294967296", TEXT, ["from-dec 4", "HEX"], CardTrouble.WRONG_FORM),
    "more digits than configured": ("FFFFFF", UID, ["dec 7"], CardTrouble.BLANK_ID),
    "more digits than the width": ("FFFFFE", UID, ["dec 7"], CardTrouble.WRONG_FORM),
    "too few octets to take": ("A1B2", UID, ["take-last 4", "HEX"], CardTrouble.WRONG_FORM),
    "nothing left to name": ("A1B2", UID, ["drop-first 2", "HEX"], CardTrouble.WRONG_FORM),
    "too short for its spelling": ("A1B2", UID, ["8H10D"], CardTrouble.WRONG_FORM),
    "a check octet that is wrong": ("A1B2C3D405", UID, ["drop-bcc", "HEX"], CardTrouble.WRONG_FORM),
    "a part of a UID and its check octet": (
        "8804A1B29F",
        UID,
        ["drop-bcc", "HEX"],
        CardTrouble.CASCADE_TAG,
    ),
    "a random UID and its check octet": (
        "08A1B2C3D8",
        UID,
        ["drop-bcc", "HEX"],
        CardTrouble.RANDOM_ID,
    ),
    "a prefix that is missing": ("A1", TEXT, ["strip-prefix 0x"], CardTrouble.WRONG_FORM),
    "half a facility number": ("213", TEXT, ["from-2H4H", "HEX"], CardTrouble.WRONG_FORM),
    "only separators": ("::", TEXT, ["strip-separators"], CardTrouble.WRONG_FORM),
    "a control character": ("12\x1b34", TEXT, [], CardTrouble.WRONG_FORM),
    "longer than a card id may be": (
        "1" * (CARD_ID_LENGTH_MAX + 1),
        TEXT,
        [],
        CardTrouble.WRONG_FORM,
    ),
    "longer than any UID": ("A1" * 500, UID, ["take-last 4", "HEX"], CardTrouble.WRONG_FORM),
}


@pytest.mark.parametrize(
    ("raw", "output_kind", "words", "trouble"), REFUSED.values(), ids=REFUSED.keys()
)
def test_refused(raw: str, output_kind: RawKind, words: list[str], trouble: CardTrouble) -> None:
    result = card_id(raw, output_kind, *words)
    assert isinstance(result, CardTrouble)
    assert result is trouble


MISTAKES: dict[str, tuple[RawKind, list[str], str]] = {
    "a misspelt step": (UID, ["revers-bytes", "HEX"], "nearest is 'reverse-bytes'"),
    "a step in the wrong case": (UID, ["Hex"], "unknown step 'Hex', nearest is 'hex'"),
    "something that has no letter of any": (UID, ["_"], "8H10D, HEX, HEX:, dec, "),
    "something quite unknown": (UID, ["xyzzy"], "unknown step 'xyzzy', known: 10H13D, "),
    "what would have to be guessed card by card": (TEXT, ["auto"], "nothing is guessed"),
    "an expression that is none": (TEXT, ["match ("], "'match' takes a regular expression"),
    "an expression with a blank": (TEXT, ["match a b"], "in which a blank is"),
    "no length": (TEXT, ["length"], "'length' takes one number or more"),
    "a length that is none": (UID, ["octets x", "HEX"], "'octets' takes one number or more"),
    "nothing to reject": (TEXT, ["reject"], "'reject' takes one word or more"),
    "two separators": (TEXT, ["from-2H4H , -", "HEX"], "at most one word"),
    "an empty step": (UID, [""], "unknown step ''"),
    "text that nobody has read": (TEXT, ["HEX"], "read it first, with 'from-hex'"),
    "octets that nobody writes": (UID, ["reverse-bytes"], "end with octets"),
    "octets treated as text": (UID, ["text"], "write them first"),
    "a UID that is read once more": (UID, ["from-hex", "HEX"], "only for a reader of text"),
    "text read twice": (TEXT, ["from-hex", "HEX", "from-dec 4"], "only once"),
    "octets written twice": (UID, ["HEX", "dec 4"], "here is text"),
    "a missing number": (UID, ["take-last", "HEX"], "'take-last' takes one number"),
    "a number out of bounds": (UID, ["take-last 41", "HEX"], "from 1 to 40"),
    "zero octets": (UID, ["drop-last 0", "HEX"], "from 1 to 40"),
    "a number that is none": (UID, ["dec x"], "'dec' takes one number"),
    "an argument too many": (UID, ["HEX 4"], "'HEX' takes no argument"),
    "a missing word": (TEXT, ["strip-prefix"], "'strip-prefix' takes one word"),
}


@pytest.mark.parametrize(
    ("output_kind", "words", "sentence"), MISTAKES.values(), ids=MISTAKES.keys()
)
def test_a_rule_that_makes_no_sense_is_refused_when_it_is_built(
    output_kind: RawKind, words: list[str], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        build_normaliser(words, output_kind)


BYTE_TRANSFORMS = [
    "uid",
    "reverse-bytes",
    "reverse-bits",
    "swap-nibbles",
    "take-last 3",
    "drop-first 1",
]
FORMATTERS = ["HEX", "hex", "HEX:", "dec 10", "plain-dec", "8H10D", "6H8D", "2H4H", "4H4H"]


@given(
    st.text(max_size=300) | st.binary(max_size=12).map(bytes.hex),
    st.sampled_from(RawKind),
    st.lists(st.sampled_from(BYTE_TRANSFORMS), max_size=3),
    st.sampled_from(FORMATTERS),
)
def test_every_card_gets_a_printable_id_or_a_trouble(
    raw: str, output_kind: RawKind, turns: list[str], write: str
) -> None:
    read = [] if output_kind is not TEXT else ["strip-separators", "from-hex"]
    for words in ([*read, *turns, write], []):
        result = card_id(raw, output_kind, *words)
        if not isinstance(result, CardTrouble):
            assert result.isprintable()
            assert result == result.strip()
            assert 0 < len(result) <= CARD_ID_LENGTH_MAX


@given(st.binary(min_size=4, max_size=10))
def test_what_is_undone_gives_the_whole_uid_back(uid: bytes) -> None:
    plain = card_id(uid.hex(), UID)
    for turn in ("reverse-bytes", "reverse-bits", "swap-nibbles"):
        assert card_id(uid.hex(), UID, turn, turn, "HEX") == plain


@given(st.binary(min_size=5, max_size=5))
def test_decimal_and_hex_of_the_same_uid_name_the_same_card(uid: bytes) -> None:
    decimal_id = card_id(uid.hex(), UID, "10H13D")
    if not isinstance(decimal_id, CardTrouble):
        assert card_id(decimal_id, TEXT, "from-dec 5", "HEX") == uid.hex().upper()


def test_no_word_stands_in_two_tables() -> None:
    tables = (
        conversion_steps.TEXT_FILTERS,
        conversion_steps.PARSERS,
        conversion_steps.BYTE_TRANSFORMS,
        conversion_steps.FORMATTERS,
    )
    assert len({word for table in tables for word in table}) == sum(map(len, tables))
