"""A touch or a click as terminals report it: where it was, in cells from 0.

Sources: XTerm Control Sequences, "Mouse Tracking": `ESC [ < button ; column ; row M` (SGR, mode
1006), and `ESC [ M` with three bytes (mode 1000) from terminals that do not know the former. A
release, a wheel, a drag and any other button than the first are nothing.
"""

import re

MOUSE_ON, MOUSE_OFF = "\x1b[?1000h\x1b[?1006h", "\x1b[?1000l\x1b[?1006l"

_SGR = re.compile(rb"(?:\x1b\[|\x9b)<(\d{1,4});(\d{1,4});(\d{1,4})([Mm])")
_X10 = re.compile(rb"(?:\x1b\[|\x9b)M(.)(.)(.)", re.DOTALL)
_SHIFTS = 4 | 8 | 16
"""Shift, Alt and Ctrl beside the first button, which is 0."""


def is_report(sequence: bytes) -> bool:
    """Return whether a control sequence is about a mouse, whatever it did."""
    return bool(_SGR.fullmatch(sequence) or _X10.fullmatch(sequence))


def touched_at(sequence: bytes) -> tuple[int, int] | None:
    """Return column and row of a touch; None for any other sequence."""
    if match := _SGR.fullmatch(sequence):
        button, column, row = map(int, match.groups()[:3])
        if match[4] == b"m":
            return None
    elif match := _X10.fullmatch(sequence):
        button, column, row = (octets[0] - 32 for octets in match.groups())
    else:
        return None
    is_touch = button & ~_SHIFTS == 0 and column > 0 and row > 0
    return (column - 1, row - 1) if is_touch else None
