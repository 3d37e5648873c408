"""Decodes a Wiegand number that is sent as a line of 0 and 1: 26 or 34 bits with parity.

The first bit is the even parity of the first half, the last bit the odd parity of the second half;
the bits between them are the number. Source: github.com/herra/rfidtagsclone.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Options
from taptill.readers.frames.line import LineFormat, line_format

_SIZES = (26, 34)


def bits_format(options: Options) -> LineFormat:
    """Return the format of a line. Errors: ValueError.

    The first 26 bits of 34 may pass the parity check, which a `min_length` of 34 rules out.
    """
    if other_options := options.keys() - {"min_length"}:
        raise ValueError(f"this family takes min_length only: {', '.join(sorted(other_options))}")
    return line_format({"max_length": _SIZES[-1], "idle_accepts": True, **options})


def read_bits(text: str) -> AnyFrame:
    """Return the frame of a line of bits."""
    if set(text) - {"0", "1"}:
        return BadFrame(Fault.BAD_CHAR)
    if len(text) not in _SIZES:
        return BadFrame(Fault.TRUNCATED)
    half = len(text) // 2
    if text[:half].count("1") % 2 or not text[half:].count("1") % 2:
        return BadFrame(Fault.CHECKSUM)
    number = int(text[1:-1], 2)
    return Frame(f"{number:0{(len(text) - 2) // 4}X}")
