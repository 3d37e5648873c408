"""The decoder of every family against its vectors and its laws."""

from collections.abc import Callable, Iterator
from functools import reduce
from operator import xor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.readers.frames.streams import decode_all, faults, ids, pieces, signals, splits
from tests.readers.vectors import Vector, vectors

from taptill.readers.frames import BadFrame, Decoder, Fault, Frame, ResyncableDecoder, Signal
from taptill.readers.frames.families import FAMILIES
from taptill.readers.frames.line import LineDecoder, LineFormat

CARD = b"\x0262E3086CED08\x03"
PENDING_MAX = 140

# Formats without a start, whose next frame is found after the end of a line.
LINE_FAMILIES = {"line", "twn4-simple", "twn4-simple-crc", "twn3-hidprox", "wiegand-bits"}
# Formats in which the rest of a frame may look like a whole one: it is refused up to its end.
MID_FRAME_FAMILIES = {"line", "line ended by silence", "twn3-hidprox", "wiegand-bits"}
UNCHECKED = {"parallax", "stx-10hex", "promag-mf5-auto", "line", "twn3-hidprox"}
# Two kinds of card are requested in turn: one answer without a card does not end the round.
ROUNDS = {"gwiot-7941w": ("go_on",)}
WITHOUT_VECTOR = {"twn4-simple-bin"}


def decoder_of(family: str) -> Decoder:
    return FAMILIES[family].decoder({})


DECODERS: dict[str, Callable[[], Decoder]] = {
    **{family: lambda family=family: decoder_of(family) for family in FAMILIES},  # type: ignore[misc]
    "line between STX and ETX": lambda: LineDecoder(LineFormat(prefix="\x02", end="\x03")),
    "line ended by silence": lambda: LineDecoder(
        LineFormat(idle_accepts=True, prefix="ID", suffix="!")
    ),
}
DECODER_NAMES = st.sampled_from(sorted(DECODERS))


def test_every_family_has_vectors_and_every_vector_a_family() -> None:
    families = {parameter.values[0].family for parameter in vectors(*FAMILIES)}
    assert families == FAMILIES.keys() - WITHOUT_VECTOR


@pytest.mark.parametrize("vector", vectors(*FAMILIES))
def test_vector(vector: Vector) -> None:
    for split in splits(vector.octets):
        frames = decode_all(decoder_of(vector.family), *split)
        assert ids(frames) == vector.expected_ids
        assert faults(frames) == ([vector.error] if vector.error else [])
        events = vector.events and ROUNDS.get(vector.family, vector.events)
        assert signals(frames) == events


GOOD_VECTORS = [
    one for one in vectors(*FAMILIES) if one.values[0].expected_ids and not one.values[0].error
]


def junk_before(vector: Vector) -> Iterator[bytes]:
    """Yield parts of the frame itself, random bytes, and random bytes of the frame."""
    octets, random = vector.octets, Random(vector.octets)
    yield from (octets[:cut] for cut in range(len(octets)))
    yield from (octets[cut:] for cut in range(1, len(octets)))
    for size in range(1, 40):
        yield random.randbytes(size)
        yield bytes(random.choices(octets, k=size))


@pytest.mark.parametrize("vector", GOOD_VECTORS)
def test_junk_never_swallows_the_next_good_frame(vector: Vector) -> None:
    """Junk comes before and between frames; a format with a checksum makes no card of it."""
    end = b"\r" if vector.family in LINE_FAMILIES | {"em18"} else b""
    for junk in junk_before(vector):
        decoder = decoder_of(vector.family)
        frames = decode_all(decoder, junk + end + vector.octets)
        frames += decode_all(decoder, junk + end + vector.octets)
        expected_ids = vector.expected_ids
        assert ids(frames)[-len(expected_ids) :] == expected_ids, junk.hex()
        assert sum(card_id in expected_ids for card_id in ids(frames)) >= 2 * len(expected_ids)
        if vector.family not in UNCHECKED:
            assert set(ids(frames)) <= {*vector.expected_ids, *ids(decode_all(decoder, junk + end))}


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 34), max_size=4))
def test_no_part_of_34_bits_is_another_number(number: int, cuts: list[int]) -> None:
    bits = f"{number:032b}"
    first, last = bits[:16].count("1") % 2, 1 - bits[16:].count("1") % 2
    line = f"{first}{bits}{last}".encode()
    decoder = FAMILIES["wiegand-bits"].decoder({"min_length": 34})
    for piece in pieces(line, cuts):
        assert ids(decode_all(decoder, piece)) in ((), (f"{number:08X}",))


@given(st.binary(min_size=5, max_size=5), st.integers(1, 8), st.integers(1, 11))
def test_bare_digits_and_a_part_of_them_are_no_other_number(
    number: bytes, times: int, cut: int
) -> None:
    frame = (number + bytes([reduce(xor, number)])).hex().upper().encode()
    for octets in (frame[cut:] + frame * times, frame * times + frame[:cut]):
        assert set(ids(decode_all(decoder_of("em18"), octets))) <= {number.hex().upper()}


@given(DECODER_NAMES, st.binary(max_size=200), st.data())
def test_any_split_of_any_bytes_gives_the_same_frames(
    name: str, octets: bytes, draw: st.DataObject
) -> None:
    cuts = draw.draw(st.lists(st.integers(0, len(octets)), max_size=8))
    make = DECODERS[name]
    assert decode_all(make(), *pieces(octets, cuts)) == decode_all(make(), octets)


def like_frames() -> st.SearchStrategy[bytes]:
    """Return bytes that resemble frames: beginnings of good frames among other bytes."""
    parts = [parameter.values[0].octets for parameter in GOOD_VECTORS]
    piece = st.sampled_from(parts).flatmap(
        lambda octets: st.integers(0, len(octets)).map(lambda cut: octets[:cut])
    )
    return st.lists(piece | st.binary(max_size=8), max_size=12).map(b"".join)


@given(DECODER_NAMES, like_frames())
def test_no_decoder_ever_raises_or_grows(name: str, octets: bytes) -> None:
    decoder = DECODERS[name]()
    for octet in octets:
        decoder.feed(bytes([octet]))
        inner_decoder = vars(decoder).get("_decoder", decoder)
        buffers = [
            value for value in vars(inner_decoder).values() if isinstance(value, bytes | bytearray)
        ]
        assert sum(map(len, buffers)) <= PENDING_MAX
    decoder.idle()


@given(DECODER_NAMES, like_frames())
def test_after_silence_a_decoder_is_as_new_for_the_next_frame(name: str, junk: bytes) -> None:
    decoder = DECODERS[name]()
    decode_all(decoder, junk)
    assert decoder.idle() == []
    for parameter in GOOD_VECTORS:
        vector = parameter.values[0]
        if vector.family == name:
            end = [b"\r"] if name in MID_FRAME_FAMILIES else []
            assert ids(decode_all(decoder, *end, vector.octets)) == vector.expected_ids


MID_FRAME_VECTORS = [one for one in GOOD_VECTORS if one.values[0].family in MID_FRAME_FAMILIES]


@pytest.mark.parametrize("vector", MID_FRAME_VECTORS)
def test_a_tail_of_what_was_going_on_at_the_open_is_no_card(vector: Vector) -> None:
    end = b"" if vector.octets.endswith(b"\r") else b"\r"
    for cut in range(1, len(vector.octets)):
        decoder = decoder_of(vector.family)
        assert isinstance(decoder, ResyncableDecoder)
        decoder.skip_to_boundary()
        assert set(ids(decoder.feed(vector.octets[cut:] + end))) <= {*vector.expected_ids}
        assert ids(decode_all(decoder, vector.octets)) == vector.expected_ids


@pytest.mark.parametrize("vector", MID_FRAME_VECTORS)
def test_after_a_silence_at_the_open_nothing_is_going_on(vector: Vector) -> None:
    decoder = decoder_of(vector.family)
    assert isinstance(decoder, ResyncableDecoder)
    decoder.skip_to_boundary()
    assert decoder.idle() == []
    assert ids(decode_all(decoder, vector.octets)) == vector.expected_ids


@pytest.mark.parametrize("bits", [26, 34, 35, 37])
def test_no_tail_of_a_hid_number_is_another_one_unless_it_says_so_many_bits(bits: int) -> None:
    random, size = Random(bits), (bits + 7) // 8
    for _ in range(500):
        value = random.getrandbits(bits) << size * 8 - bits
        line = f"{bits:02X}{value:0{2 * size}X}\r".encode()
        for cut in range(2, len(line)):
            for card in ids(decoder_of("twn3-hidprox").feed(line[cut:])):
                assert 26 <= int(card.split(":")[0]) < bits


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - {"line"}))
def test_a_line_at_another_speed_is_told_again_and_again(family: str) -> None:
    noise = Random(family).randbytes(4000)
    assert len(faults(decode_all(decoder_of(family), noise))) >= 8


def test_a_short_frame_that_is_ended_is_told_once() -> None:
    assert decode_all(decoder_of("rdm6300"), b"\x0262E3\x03" + CARD) == [
        BadFrame(Fault.TRUNCATED),
        Frame("62E3086CED"),
    ]


def test_noise_without_a_frame_is_told_and_the_tail_of_a_frame_is_not() -> None:
    assert faults(decode_all(decoder_of("rdm6300"), bytes(range(0x80, 0xFF)))) == ["framing"] * 4
    stream = CARD[3:] + CARD * 50
    assert faults(decode_all(decoder_of("rdm6300"), stream)) == []


TWN4 = "0001802004"
EM18 = b"4500C5D1E9B8"
EXAMPLES: dict[str, tuple[str, bytes, list[Frame | BadFrame | Signal]]] = {
    "digits behind the trailer are no digits": (
        "id12",
        b"\x020C00062\r1A58E\x03",
        [BadFrame(Fault.BAD_CHAR)],
    ),
    "two digits too many in place of the trailer": (
        "id12",
        b"\x020C000621A58E00\x03",
        [BadFrame(Fault.OVERFLOW)],
    ),
    "bare digits in front of a frame that the silence ends": (
        "em18",
        b"34500C5D1E9B8",
        [BadFrame(Fault.OVERFLOW), Frame("4500C5D1E9")],
    ),
    "the end of some bare digits and then all, or all of another and its beginning": (
        "em18",
        b"500C5D1E9B84500C5D1E9B8",
        [BadFrame(Fault.OVERFLOW)],
    ),
    "bare digits and half of them again": ("em18", EM18 + EM18[:6], [BadFrame(Fault.OVERFLOW)]),
    "bare digits, half of them and all again": (
        "em18",
        EM18 + EM18[:6] + EM18,
        [BadFrame(Fault.OVERFLOW), Frame("4500C5D1E9")],
    ),
    "stray bare digits, a frame and half of it again": (
        "em18",
        b"3" + EM18 + EM18[:6],
        [BadFrame(Fault.OVERFLOW)],
    ),
    "more bare digits than are kept": ("em18", EM18 * 4 + EM18[:6], [BadFrame(Fault.OVERFLOW)]),
    "bare digits with a line end": ("em18", b"4500C5D1E9B8\r\n", [Frame("4500C5D1E9")]),
    "bare digits without a frame": ("em18", b"4500C5D1E9B9", [BadFrame(Fault.CHECKSUM)]),
    "too few bare digits": ("em18", b"4500C5-", [BadFrame(Fault.TRUNCATED)]),
    "half of an SL0xx frame and then all, whose check holds": (
        "stronglink-sl0xx",
        bytes.fromhex("BD080100A1" + "BD080100A1B2C3D403B3"),
        [BadFrame(Fault.FRAMING), Frame("A1B2C3D4")],
    ),
    "TWN4 in binary without a check": (
        "twn4-simple-bin",
        bytes.fromhex("0900" + TWN4 + "66CF4DC2" + "02000000"),
        [Frame("66CF4DC2"), Signal.NO_CARD],
    ),
    "a TWN4 that could not": ("twn4-simple", b"03\r", [BadFrame(Fault.READER_ERROR)]),
    "a TWN4 answer with too much": (
        "twn4-simple",
        f"{TWN4}66CF4DC200\r".encode(),
        [BadFrame(Fault.FRAMING)],
    ),
    "a TWN4 answer whose bits and bytes differ": (
        "twn4-simple",
        b"000180210466CF4DC2\r",
        [BadFrame(Fault.FRAMING)],
    ),
    "a checked answer shorter than its check": (
        "twn4-simple-crc",
        b"0000\r",
        [BadFrame(Fault.TRUNCATED)],
    ),
    "half a byte": ("twn4-simple", b"000\r", [BadFrame(Fault.TRUNCATED)]),
    "letters that are no digits": ("twn4-simple", b"00XX\r", [BadFrame(Fault.BAD_CHAR)]),
    "a HID number with fewer bits than it says": (
        "twn3-hidprox",
        b"1A8080\r",
        [BadFrame(Fault.TRUNCATED)],
    ),
    "a HID number with more": ("twn3-hidprox", b"1A808001C0FF\r", [BadFrame(Fault.FRAMING)]),
    "a HID number without bits": ("twn3-hidprox", b"00\r", [BadFrame(Fault.FRAMING)]),
    "an Indala check alone": ("twn3-inditag", b":00\r", [BadFrame(Fault.TRUNCATED)]),
    "a Wiegand pulse counted wrong": ("wiegand-bits", b"1" + b"0" * 25, [BadFrame(Fault.CHECKSUM)]),
    "Wiegand bits that are none": ("wiegand-bits", b"01x", [BadFrame(Fault.BAD_CHAR)]),
    "GNetPlus: the request's answer calls for the next question": (
        "gnetplus-ascii",
        b":0006020400\r",
        [Signal.GO_ON],
    ),
    "GNetPlus: a reader that refuses": (
        "gnetplus-ascii",
        b":00150101\r",
        [BadFrame(Fault.READER_ERROR)],
    ),
    "GNetPlus: too short": ("gnetplus-ascii", b":000604CB\r", [BadFrame(Fault.TRUNCATED)]),
    "GNetPlus: too long": ("gnetplus-ascii", b":000601CBCB\r", [BadFrame(Fault.FRAMING)]),
    "GNetPlus: the other order of the check's bytes": (
        "gnetplus-binary",
        bytes.fromhex("01000604CB4540A2752E"),
        [Frame("CB4540A2")],
    ),
    "YHY: an AA in the id is sent with a 00 behind it": (
        "yhy-aabb",
        bytes.fromhex("AABB0A00FFFF020200AA00D90080F3"),
        [Frame("AAD90080")],
    ),
    "YHY: an AA with something else behind it": (
        "yhy-aabb",
        bytes.fromhex("AABB0A00FFFF020200AA01D90080F3"),
        [BadFrame(Fault.FRAMING)],
    ),
    "YHY: the request's answer calls for the next question": (
        "yhy-aabb",
        bytes.fromhex("AABB0800FFFF010200040007"),
        [Signal.GO_ON],
    ),
    "YHY: a card that was found and does not say its number": (
        "yhy-aabb",
        bytes.fromhex("AABB0600FFFF02020101"),
        [BadFrame(Fault.READER_ERROR)],
    ),
    "7941E: no ETX": (
        "gwiot-7941e",
        bytes.fromhex("020A022E00B6D7B5F204"),
        [BadFrame(Fault.FRAMING)],
    ),
    "7941W: a wrong check": (
        "gwiot-7941w",
        bytes.fromhex("CDDC00800081"),
        [BadFrame(Fault.CHECKSUM)],
    ),
    "7941W: an id of an odd size": (
        "gwiot-7941w",
        bytes.fromhex("CDDC0081012EAE"),
        [BadFrame(Fault.TRUNCATED)],
    ),
    "SL0xx: a length that cannot be": (
        "stronglink-sl0xx",
        bytes.fromhex("BD0101"),
        [BadFrame(Fault.FRAMING)],
    ),
    "SL0xx: an answer to another question": (
        "stronglink-sl0xx",
        bytes.fromhex("BD030200BC"),
        [BadFrame(Fault.FRAMING)],
    ),
    "SL0xx: a reader that could not": (
        "stronglink-sl0xx",
        bytes.fromhex("BD030105BA"),
        [BadFrame(Fault.READER_ERROR)],
    ),
    "ACS: a UID": (
        "acs-serial-ccid",
        bytes.fromhex("0280060000000000000000A1B2C3D49000120 3".replace(" ", "")),
        [Frame("A1B2C3D4")],
    ),
    "ACS: no card in the slot": (
        "acs-serial-ccid",
        bytes.fromhex("028000000000000042FE003C03"),
        [Signal.NO_CARD],
    ),
    "ACS: a slot that is off": (
        "acs-serial-ccid",
        bytes.fromhex("028000000000000041FE003F03"),
        [BadFrame(Fault.READER_ERROR)],
    ),
    "ACS: words of another fault": (
        "acs-serial-ccid",
        bytes.fromhex("0280020000000000000000 6A81 69 03".replace(" ", "")),
        [BadFrame(Fault.READER_ERROR)],
    ),
    "ACS: no ETX": (
        "acs-serial-ccid",
        bytes.fromhex("028000000000000042FE003C04"),
        [BadFrame(Fault.FRAMING)],
    ),
    "a length beyond any frame is none": (
        "gnetplus-binary",
        bytes.fromhex("010006FF"),
        [BadFrame(Fault.FRAMING)],
    ),
    "half a binary frame": (
        "gwiot-7941e",
        bytes.fromhex("020A022E00"),
        [BadFrame(Fault.TRUNCATED)],
    ),
}


@pytest.mark.parametrize(
    ("family", "octets", "expected_frames"), EXAMPLES.values(), ids=EXAMPLES.keys()
)
def test_example(
    family: str, octets: bytes, expected_frames: list[Frame | BadFrame | Signal]
) -> None:
    for split in splits(octets):
        assert decode_all(decoder_of(family), *split) == expected_frames
