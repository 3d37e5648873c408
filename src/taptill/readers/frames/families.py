"""Family name in, decoder and default line speed out.

Other packages add families through the entry-point group `taptill.families`: the entry point's
name is the family's, its object a `Family`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import entry_points

from taptill.readers.frames import AnyFrame, Decoder, Options, RawKind, enclosed
from taptill.readers.frames.bare import BareDecoder
from taptill.readers.frames.enclosed import EnclosedDecoder, EnclosedForm
from taptill.readers.frames.line import LineDecoder, LineForm, hex_text, line_form
from taptill.readers.frames.makers import boxes, elatec, gnetplus
from taptill.readers.frames.polled import AskingDecoder, Questions
from taptill.readers.frames.sized import SizedDecoder, SizedForm
from taptill.readers.frames.wiegand import bits_form, read_bits
from taptill.readers.nearest import unknown_word

GROUP = "taptill.families"

UID, REVERSED, NUMBER, TEXT = RawKind.UID, RawKind.REVERSED, RawKind.NUMBER, RawKind.TEXT

_CR_LINE, _COLON_LINE = LineForm(), LineForm(prefix=":")


@dataclass(frozen=True, slots=True)
class Family:
    """A wire format of serial readers; `decoder` raises ValueError for options it cannot take.

    After `silence_s` what is pending has ended. A USB bridge delivers in lumps of 1 to 16 ms, a
    byte at 2400 baud takes 4 ms. Not `checked` are answers that carry no check.
    """

    gives: RawKind
    baud: int
    decoder: Callable[[Options], Decoder]
    silence_s: float = 0.1
    checked: bool = True


def find_family(name: str) -> Family:
    """Give the family of that name, ours or another package's; ValueError names the nearest."""
    if name in FAMILIES:
        return FAMILIES[name]
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in added:
        raise ValueError(unknown_word("family", name, [*FAMILIES, *added]))
    family = added[name].load()
    if not isinstance(family, Family):
        raise ValueError(f"the entry point of '{name}' is not a Family")  # noqa: TRY004 - a setting
    return family


def _plain(gives: RawKind, baud: int, make: Callable[[], Decoder]) -> Family:
    def decoder(options: Options) -> Decoder:
        if options:
            raise ValueError(f"this family takes no options: {', '.join(sorted(options))}")
        return make()

    return Family(gives, baud, decoder)


def _enclosed(form: EnclosedForm, baud: int = 9600, gives: RawKind = UID) -> Family:
    return _plain(gives, baud, lambda: EnclosedDecoder(form))


def _sized(form: SizedForm, baud: int, gives: RawKind = UID) -> Family:
    return _plain(gives, baud, lambda: SizedDecoder(form))


def _asked(family: Family, questions: Questions, *, checked: bool = True) -> Family:
    """Make a family of one that speaks only when asked."""

    def decoder(options: Options) -> Decoder:
        return AskingDecoder(family.decoder(options), questions)

    return replace(family, decoder=decoder, checked=checked)


def _hex_line(
    form: LineForm,
    read: Callable[[bytes], AnyFrame],
    baud: int = 9600,
    gives: RawKind = UID,
    *,
    tells_parts: bool = True,
) -> Family:
    def decoder() -> Decoder:
        restarts = bool(form.prefix)
        return LineDecoder(form, hex_text(read), restarts=restarts, tells_parts=tells_parts)

    return _plain(gives, baud, decoder)


FAMILIES: dict[str, Family] = {
    "rdm6300": _enclosed(enclosed.RDM6300),
    "id12": _enclosed(enclosed.ID12),
    # Each of its taps waits for the silence, so it is as short as a bridge's lumps allow.
    "em18": replace(_plain(UID, 9600, BareDecoder), silence_s=0.03),
    "stx-10hex": _enclosed(enclosed.STX_10HEX),
    "parallax": _enclosed(enclosed.PARALLAX, 2400),
    "gwiot-7941e": _sized(boxes.GWIOT_7941E, 9600),
    "gwiot-7941w": _asked(_sized(boxes.GWIOT_7941W, 115200), boxes.ASK_7941W),
    "twn4-simple": _asked(_hex_line(_CR_LINE, elatec.read_answer), elatec.ASK, checked=False),
    "twn4-simple-crc": _asked(_hex_line(_CR_LINE, elatec.read_checked_answer), elatec.ASK_CRC),
    "twn4-simple-bin": _asked(_sized(elatec.BINARY, 9600), elatec.ASK_BINARY, checked=False),
    "twn4-simple-bin-crc": _asked(_sized(elatec.BINARY_CRC, 9600), elatec.ASK_BINARY_CRC),
    "twn3-hidprox": _hex_line(_CR_LINE, elatec.read_hidprox, gives=TEXT, tells_parts=False),
    "twn3-inditag": _hex_line(_COLON_LINE, elatec.read_inditag, gives=NUMBER),
    "promag-mf5-auto": _enclosed(enclosed.PROMAG_MF5, 19200, REVERSED),
    "gnetplus-ascii": _asked(
        _hex_line(_COLON_LINE, gnetplus.read_answer, 19200, REVERSED), gnetplus.ASK, checked=False
    ),
    "gnetplus-binary": _asked(_sized(gnetplus.BINARY, 19200, REVERSED), gnetplus.ASK_BINARY),
    "acs-serial-ccid": _asked(_sized(boxes.ACS, 9600), boxes.ASK_ACS),
    "stronglink-sl0xx": _asked(_sized(boxes.SL0XX, 115200), boxes.ASK_SL0XX),
    "yhy-aabb": _asked(_sized(boxes.YHY, 115200), boxes.ASK_YHY),
    "line": Family(TEXT, 9600, lambda options: LineDecoder(line_form(options))),
    "wiegand-bits": Family(
        NUMBER, 9600, lambda options: LineDecoder(bits_form(options), read_bits)
    ),
}
