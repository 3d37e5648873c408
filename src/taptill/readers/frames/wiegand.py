"""The bits of a Wiegand number as a line of 0 and 1 in, frames out: 26 and 34 bits with parity.

The first bit makes the first half even, the last makes the second half odd; what is between is the
number. Source: github.com/herra/rfidtagsclone.
"""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Options
from taptill.readers.frames.line import LineFormat, line_format

_SIZES = (26, 34)


def bits_format(options: Options) -> LineFormat:
    """Build the form: the first 26 bits of 34 can pass the parity, which `min_length` rules out."""
    if others := options.keys() - {"min_length"}:
        raise ValueError(f"this family takes min_length only: {', '.join(sorted(others))}")
    return line_format({"max_length": _SIZES[-1], "idle_accepts": True, **options})


def read_bits(text: str) -> AnyFrame:
    """Judge a line."""
    if set(text) - {"0", "1"}:
        return BadFrame(Fault.BAD_CHAR)
    if len(text) not in _SIZES:
        return BadFrame(Fault.TRUNCATED)
    half = len(text) // 2
    if text[:half].count("1") % 2 or not text[half:].count("1") % 2:
        return BadFrame(Fault.CHECKSUM)
    number = int(text[1:-1], 2)
    return Frame(f"{number:0{(len(text) - 2) // 4}X}")
