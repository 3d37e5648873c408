"""The table of families: the wire formats of serial readers, with their usual speed.

Other packages add families through the entry-point group `taptill.families`: the entry point's
name is the family's name, its object a `Family`.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace

from taptill.readers.by_name import find_by_name
from taptill.readers.frames import AnyFrame, Decoder, Options, RawKind, delimited
from taptill.readers.frames.delimited import DelimitedDecoder, DelimitedFormat
from taptill.readers.frames.length_prefixed import LengthPrefixedDecoder, LengthPrefixedFormat
from taptill.readers.frames.line import LineDecoder, LineFormat, hex_text, line_format
from taptill.readers.frames.polled import PollingDecoder, RequestCycle
from taptill.readers.frames.unframed import UnframedDecoder
from taptill.readers.frames.vendors import acs, elatec, gnetplus, gwiot, stronglink, yhy
from taptill.readers.frames.wiegand import bits_format, read_bits

GROUP = "taptill.families"

UID, REVERSED, NUMBER, TEXT = RawKind.UID, RawKind.REVERSED, RawKind.NUMBER, RawKind.TEXT

_CR_LINE, _COLON_LINE = LineFormat(), LineFormat(prefix=":")


@dataclass(frozen=True, slots=True)
class Family:
    """A wire format of serial readers.

    `decoder` makes a decoder; it raises ValueError for options that it cannot take. `silence_s` is
    the silence that ends what is pending: a USB bridge delivers bytes in lumps of 1 to 16 ms, and
    a byte at 2400 baud takes 4 ms. `has_checksum` is false for polled readers whose answers carry
    no checksum: there a new card must be read twice.
    """

    output_kind: RawKind
    baud: int
    decoder: Callable[[Options], Decoder]
    _: KW_ONLY
    silence_s: float = 0.1
    has_checksum: bool = True


def find_family(name: str) -> Family:
    """Return the family of that name, built in or of another package.

    Raise ValueError, which names the nearest known family.
    """
    return find_by_name(name, FAMILIES, GROUP, Family)


def _without_options(output_kind: RawKind, baud: int, make: Callable[[], Decoder]) -> Family:
    def decoder(options: Options) -> Decoder:
        if options:
            raise ValueError(f"this family takes no options: {', '.join(sorted(options))}")
        return make()

    return Family(output_kind, baud, decoder)


def _delimited(layout: DelimitedFormat, baud: int = 9600, output_kind: RawKind = UID) -> Family:
    return _without_options(output_kind, baud, lambda: DelimitedDecoder(layout))


def _length_prefixed(layout: LengthPrefixedFormat, baud: int, output_kind: RawKind = UID) -> Family:
    return _without_options(output_kind, baud, lambda: LengthPrefixedDecoder(layout))


def _polled(family: Family, cycle: RequestCycle, *, has_checksum: bool = True) -> Family:
    """Return the family as that of a polled reader, with its requests."""

    def decoder(options: Options) -> Decoder:
        return PollingDecoder(family.decoder(options), cycle)

    return replace(family, decoder=decoder, has_checksum=has_checksum)


def _hex_line(
    layout: LineFormat,
    read: Callable[[bytes], AnyFrame],
    baud: int = 9600,
    output_kind: RawKind = UID,
    *,
    read_rejects_parts: bool = True,
) -> Family:
    def decoder() -> Decoder:
        restarts = bool(layout.prefix)
        return LineDecoder(
            layout, hex_text(read), restarts=restarts, read_rejects_parts=read_rejects_parts
        )

    return _without_options(output_kind, baud, decoder)


FAMILIES: dict[str, Family] = {
    "rdm6300": _delimited(delimited.RDM6300),
    "id12": _delimited(delimited.ID12),
    # Each tap waits for the silence, so it is as short as the lumps of a USB bridge allow.
    "em18": replace(_without_options(UID, 9600, UnframedDecoder), silence_s=0.03),
    "stx-10hex": _delimited(delimited.STX_10HEX),
    "parallax": _delimited(delimited.PARALLAX, 2400),
    "gwiot-7941e": _length_prefixed(gwiot.GWIOT_7941E, 9600),
    "gwiot-7941w": _polled(_length_prefixed(gwiot.GWIOT_7941W, 115200), gwiot.POLL_7941W),
    "twn4-simple": _polled(
        _hex_line(_CR_LINE, elatec.read_answer), elatec.POLL, has_checksum=False
    ),
    "twn4-simple-crc": _polled(_hex_line(_CR_LINE, elatec.read_checked_answer), elatec.POLL_CRC),
    "twn4-simple-bin": _polled(
        _length_prefixed(elatec.BINARY, 9600), elatec.POLL_BINARY, has_checksum=False
    ),
    "twn4-simple-bin-crc": _polled(
        _length_prefixed(elatec.BINARY_CRC, 9600), elatec.POLL_BINARY_CRC
    ),
    "twn3-hidprox": _hex_line(
        _CR_LINE, elatec.read_hidprox, output_kind=TEXT, read_rejects_parts=False
    ),
    "twn3-inditag": _hex_line(_COLON_LINE, elatec.read_inditag, output_kind=NUMBER),
    "promag-mf5-auto": _delimited(delimited.PROMAG_MF5, 19200, REVERSED),
    "gnetplus-ascii": _polled(
        _hex_line(_COLON_LINE, gnetplus.read_answer, 19200, REVERSED),
        gnetplus.POLL,
        has_checksum=False,
    ),
    "gnetplus-binary": _polled(
        _length_prefixed(gnetplus.BINARY, 19200, REVERSED), gnetplus.POLL_BINARY
    ),
    "acs-serial-ccid": _polled(_length_prefixed(acs.ACS, 9600), acs.POLL_ACS),
    "stronglink-sl0xx": _polled(_length_prefixed(stronglink.SL0XX, 115200), stronglink.POLL_SL0XX),
    "yhy-aabb": _polled(_length_prefixed(yhy.YHY, 115200), yhy.POLL_YHY),
    "line": Family(TEXT, 9600, lambda options: LineDecoder(line_format(options))),
    "wiegand-bits": Family(
        NUMBER, 9600, lambda options: LineDecoder(bits_format(options), read_bits)
    ),
}
