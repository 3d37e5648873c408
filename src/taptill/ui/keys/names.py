"""The names of keys by the codes that terminals send for them.

Sources: XTerm Control Sequences (ctlseqs, "PC-Style Function Keys", "VT220-Style Function Keys",
"Application Keypad"); the kernel's `drivers/tty/vt/keyboard.c` (`k_pad`, `applkey`) and its default
key map; the kitty keyboard protocol's table of functional keys.
"""

from collections.abc import Mapping
from typing import NamedTuple


class PadKey(NamedTuple):
    """The codes of a key of the keypad in each protocol.

    `types` is what it means here. `vt` and `console` are the last byte of `ESC O x` in application
    keypad mode, of DEC terminals (xterm, tmux, screen) and of the Linux console. `kitty` are the
    numbers of the kitty protocol with Num Lock and without it.
    """

    types: str
    vt: str
    console: str
    kitty: tuple[int, ...]


KEYPAD = (
    PadKey("0", "p", "p", (57399, 57425)),
    PadKey("1", "q", "q", (57400, 57424)),
    PadKey("2", "r", "r", (57401, 57420)),
    PadKey("3", "s", "s", (57402, 57422)),
    PadKey("4", "t", "t", (57403, 57417)),
    PadKey("5", "u", "u", (57404, 57427)),
    PadKey("6", "v", "v", (57405, 57418)),
    PadKey("7", "w", "w", (57406, 57423)),
    PadKey("8", "x", "x", (57407, 57419)),
    PadKey("9", "y", "y", (57408, 57421)),
    PadKey(".", "n", "n", (57409, 57426)),
    PadKey("/", "o", "Q", (57410,)),
    PadKey("*", "j", "R", (57411,)),
    PadKey("-", "m", "S", (57412,)),
    PadKey("+", "k", "l", (57413,)),
    PadKey("enter", "M", "M", (57414,)),
    PadKey("=", "X", "", (57415,)),
    PadKey(",", "l", "", (57416,)),
)

_CURSOR = {
    "A": "up",
    "B": "down",
    "C": "right",
    "D": "left",
    "E": "begin",
    "F": "end",
    "H": "home",
}
_VT_F = {"P": "f1", "Q": "f2", "R": "f3", "S": "f4"}

SS3_VT: Mapping[str, str] = {**_CURSOR, **_VT_F, **{one.vt: one.types for one in KEYPAD}}
SS3_CONSOLE: Mapping[str, str] = {
    **_CURSOR,
    **{one.console: one.types for one in KEYPAD if one.console},
}
"""On the console `ESC O P` is the key Num Lock, in application keypad mode: it does nothing."""

CSI_LETTERS: Mapping[str, str] = {
    **_CURSOR,
    "G": "begin",  # the console's keypad 5 without Num Lock
    "P": "f1",
    "Q": "f2",
    "S": "f4",
    "Z": "shift+tab",
}
"""Not `R`: that is also the answer to the question where the cursor is."""

CONSOLE_F: Mapping[str, str] = {letter: f"f{n}" for n, letter in enumerate("ABCDE", 1)}
"""`ESC [ [ A` to `ESC [ [ E`: the Linux console's first five function keys."""

TILDE: Mapping[int, str] = {
    1: "home",
    2: "insert",
    3: "delete",
    4: "end",
    5: "page_up",
    6: "page_down",
    7: "home",
    8: "end",
    **{code: f"f{n}" for n, code in enumerate((11, 12, 13, 14, 15), 1)},
    **{code: f"f{n}" for n, code in enumerate((17, 18, 19, 20, 21, 23, 24), 6)},
    **{code: f"f{n}" for n, code in enumerate((25, 26, 28, 29, 31, 32, 33, 34), 13)},
}

KITTY: Mapping[int, str] = {
    9: "tab",
    13: "enter",
    27: "escape",
    127: "backspace",
    **{57376 + n: f"f{13 + n}" for n in range(23)},
    **{code: one.types for one in KEYPAD for code in one.kitty},
}

_LOCKS = range(57358, 57364)  # Caps Lock to Menu
_MODIFIERS = range(57441, 57455)  # each Shift, Ctrl, Alt, ... by itself
KITTY_SILENT = frozenset({*_LOCKS, *_MODIFIERS})
"""Modifiers and locks, which mean nothing to the till by themselves."""

CONTROLS: Mapping[int, str] = {
    **{code: f"ctrl+{chr(code + 0x60)}" for code in range(1, 27)},
    0x00: "ctrl+@",
    0x08: "backspace",
    0x09: "tab",
    0x0A: "enter",  # a keypad's Enter in tmux, and the end of a line from many scanners
    0x0D: "enter",
    0x1C: "ctrl+\\",
    0x1D: "ctrl+]",
    0x1E: "ctrl+^",
    0x1F: "ctrl+_",
    0x7F: "backspace",
}

MODIFIERS = ((4, "ctrl"), (2, "alt"), (8, "super"), (16, "hyper"), (32, "meta"))
"""Bits of the modifiers, shift (1) and the locks (64, 128) apart: these make another key of one."""

SHIFT = 1
