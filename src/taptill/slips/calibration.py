"""The slip of `taptill receipt test`: what a person reads off it says how the printer is set up.

One page after the other is chosen by its number, as Epson counts; the printer may ignore that, or
count otherwise. So each line names the config keys that it stands for.
"""

from taptill.slips.code_pages import CODECS, code_page
from taptill.slips.escpos import RESET, US_LETTERS, encode_page, ending
from taptill.slips.layout import Paper

RULERS = (32, 42, 48)
SAMPLE = "€ äöüß éèç ñ £"


def calibration_slip(paper: Paper) -> bytes:
    """Return the bytes of the slip: rulers, the euro and umlauts on each page, and the cut."""
    printed = bytearray(RESET + US_LETTERS + encode_page(code_page("ascii")))
    printed += b"taptill receipt test\n\n"
    printed += b"1. The longest ruler that is one\n   line tells the columns:\n"
    for columns in RULERS:
        printed += ruler(columns) + b"\n"
    printed += b"\n2. The code page: a line with\n   euro, a-umlaut, e-acute\n"
    for name, (_, number) in CODECS.items():
        printed += f"{name:>5} n={number:<3}".encode("ascii")
        printed += encode_page(code_page(name)) + code_page(name).encoded(
            code_page(name).shown(SAMPLE)
        )
        printed += encode_page(code_page("ascii")) + b"\n"
    printed += b"\n3. Is the paper cut below here?\n"
    return bytes(printed) + ending(paper)


def ruler(columns: int) -> bytes:
    """Return a line of so many columns, which ends with its own length."""
    marks = "".join(str(at % 10) for at in range(1, columns + 1))
    length = str(columns)
    return (marks[: -len(length) - 1] + ">" + length).encode("ascii")
