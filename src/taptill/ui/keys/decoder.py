"""The decoder of the terminal's bytes into keys, as strict as those of `readers/frames`.

A byte that begins no sequence is a key, or is dropped. ESC begins a sequence if the next bytes are
one that our terminals send: CSI (`ESC [`), SS3 (`ESC O`), or an answer in a string (OSC, DCS, APC).
Before anything else ESC is the key Escape, and the next byte is a key of its own: no terminal is
asked to send Alt as ESC, and a cancel must not be lost in the next key. A complete sequence that is
of no key is dropped as a whole. A sequence that is interrupted by a byte that cannot belong to it
is dropped up to that byte, which counts. Where no byte comes for `PENDING_S`, a lone ESC was
Escape, and half a sequence is dropped.

Sources: ECMA-48 5.4 and 5.6 (control sequences, strings), XTerm Control Sequences, the kitty
keyboard protocol, console_codes(4). The same bytes give the same keys however they are split.
"""

from dataclasses import dataclass
from enum import StrEnum

from taptill.ui.keys import names

PENDING_S = 0.05
"""Longer than a terminal takes between two bytes of a sequence (8 ms at 1200 baud), and short
enough to be no wait for somebody who presses Esc."""

CSI_MAX = 64
STRING_MAX = 1024
BESIDE_MAX = 4096

_ESC, _BEL = 0x1B, 0x07
_C1 = {0x9B: b"[", 0x8F: b"O", 0x9D: b"]", 0x90: b"P", 0x9F: b"_"}
_ANSWERS = {b"]": b"0123456789lLI", b"P": b"0123456789>!$+?<=|", b"_": b"G"}
"""Strings begin with these where a terminal answers; a person may type Escape and the letter."""
_MOUSE_BYTES = 3
_UNICODE_MAX = 0x10FFFF
_RELEASE = "3"


class Junk(StrEnum):
    """The kinds of input that are not a key."""

    BYTE = "byte"  # no character: not UTF-8, or nothing that is printed
    SEQUENCE = "sequence"  # whole, and names no key: a terminal's answer, for example
    CUT = "cut"  # the beginning of a sequence that did not go on


@dataclass(frozen=True, slots=True)
class Press:
    """A key that was pressed; `at_s` is when its first byte came, monotonic seconds."""

    name: str
    at_s: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """Input that is not a key; `answer` is a complete control sequence, for its asker."""

    junk: Junk
    at_s: float
    answer: bytes = b""


Decoded = Press | Dropped
_DecodedItem = str | Dropped | Junk
_Token = tuple[list[_DecodedItem], int]
"""What the first bytes mean, and how many bytes that is."""


class TerminalKeyDecoder:
    """Decodes the bytes of one terminal; `console`: the Linux console, with its own keypad."""

    def __init__(self, *, console: bool = False) -> None:
        self._ss3 = names.SS3_CONSOLE if console else names.SS3_VT
        self._pending = b""
        self._beside: list[Decoded] = []
        self._began_s = self._newest_s = 0.0

    @property
    def waits(self) -> bool:
        """Return whether bytes are pending that more bytes or a pause would complete."""
        return bool(self._pending)

    def feed(self, data: bytes, now_s: float) -> list[Decoded]:
        """Return the keys that are complete with these bytes, read at `now_s`; never raise.

        Keys before a last ESC are returned later, together with what that ESC turns out to be.
        """
        items = [*self.idle(now_s), *self._beside]
        self._beside = []
        old = len(self._pending)
        octets, at, self._newest_s = self._pending + data, 0, now_s
        while at < len(octets):
            token = self._token(octets[at:])
            if token is None:
                break
            at_s = self._began_s if at < old else now_s
            items += _stamped(token[0], at_s)
            at += token[1]
        if at >= old:
            self._began_s = now_s
        self._pending = octets[at:]
        if self._pending[:1] == b"\x1b" and len(items) < BESIDE_MAX:
            self._beside, items = items, []
        return items

    def idle(self, now_s: float) -> list[Decoded]:
        """Return what pending bytes mean where nothing has followed them for `PENDING_S`."""
        if not self._pending or now_s - self._newest_s < PENDING_S:
            return []
        cut, self._pending = self._pending, b""
        beside, self._beside = self._beside, []
        items: list[_DecodedItem] = [Junk.CUT]
        if cut[0] != _ESC:
            items = [Junk.BYTE if cut[0] not in _C1 else Junk.CUT]
        elif len(cut) <= 2:  # noqa: PLR2004 - ESC, and perhaps what begins a sequence
            items = ["escape", *cut[1:].decode("ascii")]
        return beside + _stamped(items, self._began_s)

    def _token(self, octets: bytes) -> _Token | None:
        first = octets[0]
        if first == _ESC:
            return self._escape(octets)
        if first in names.CONTROLS:
            return [names.CONTROLS[first]], 1
        if first < 0x80:  # noqa: PLR2004 - the end of ASCII
            return [chr(first)], 1
        if first in _C1:
            return self._sequence(octets, _C1[first], 1)
        return self._character(octets)

    def _escape(self, octets: bytes) -> _Token | None:
        if len(octets) == 1:
            return None
        return self._sequence(octets, octets[1:2], 2)

    def _sequence(self, octets: bytes, introducer: bytes, head: int) -> _Token | None:
        match introducer:
            case b"[":
                return _csi(octets, head)
            case b"O":
                return self._single_shift(octets, head)
            case _ if introducer in _ANSWERS:
                return _string(octets, introducer, head)
            case _:
                return ["escape"], 1

    def _single_shift(self, octets: bytes, head: int) -> _Token | None:
        if len(octets) == head:
            return None
        if not _is_final(octets[head]):
            return _broken(octets, head, head)
        return [self._ss3.get(chr(octets[head]), Junk.SEQUENCE)], head + 1

    def _character(self, octets: bytes) -> _Token | None:
        """Return one character of UTF-8, or drop the first byte where none begins with it."""
        lead = octets[0]
        size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4  # noqa: PLR2004 - RFC 3629, 3
        try:
            letter = octets[:size].decode("utf-8")
        except UnicodeDecodeError as wrong:
            cut = (
                wrong.end == len(octets[:size]) < size and wrong.reason == "unexpected end of data"
            )
            return None if cut else ([Junk.BYTE], 1)
        if ord(letter) in _C1:
            return self._sequence(octets, _C1[ord(letter)], size)
        return [letter if letter.isprintable() else Junk.BYTE], size


def _stamped(items: list[_DecodedItem], at_s: float) -> list[Decoded]:
    return [_stamp(item, at_s) for item in items]


def _stamp(item: _DecodedItem, at_s: float) -> Decoded:
    match item:
        case Junk():
            return Dropped(item, at_s)
        case Dropped():
            return Dropped(item.junk, at_s, item.answer)
        case _:
            return Press(item, at_s)


def _is_final(octet: int) -> bool:
    return 0x40 <= octet <= 0x7E  # noqa: PLR2004 - ECMA-48, 5.4


def _broken(octets: bytes, head: int, at: int) -> _Token:
    """Drop a sequence up to the byte that cannot belong to it.

    Where that is the byte after `ESC [` or `ESC O`, Escape and the next key were pressed.
    """
    if octets[0] == _ESC and at == head:
        return ["escape"], 1
    return [Junk.CUT], at


def _csi(octets: bytes, head: int) -> _Token | None:
    if octets[head : head + 1] == b"[":
        return _console_f(octets, head + 1)
    end = head
    while end < min(len(octets), CSI_MAX) and 0x20 <= octets[end] <= 0x3F:  # noqa: PLR2004 - 5.4
        end += 1
    if end == CSI_MAX:
        return [Junk.CUT], end
    if end == len(octets):
        return None
    if not _is_final(octets[end]):
        return _broken(octets, head, end)
    if octets[head : end + 1] == b"M":  # a mouse, as old terminals report it
        end += _MOUSE_BYTES + 1
        return ([Dropped(Junk.SEQUENCE, 0.0, octets[:end])], end) if end <= len(octets) else None
    sequence = octets[: end + 1]
    items = _csi_keys(octets[head:end].decode("ascii"), chr(octets[end]))
    return (items if items is not None else [Dropped(Junk.SEQUENCE, 0.0, sequence)]), end + 1


def _console_f(octets: bytes, at: int) -> _Token | None:
    if len(octets) == at:
        return None
    if not _is_final(octets[at]):
        return [Junk.CUT], at
    return [names.CONSOLE_F.get(chr(octets[at]), Junk.SEQUENCE)], at + 1


def _string(octets: bytes, introducer: bytes, head: int) -> _Token | None:
    if len(octets) == head:
        return None
    if octets[head] not in _ANSWERS[introducer]:
        return _broken(octets, head, head)
    for at in range(head, min(len(octets), STRING_MAX)):
        octet = octets[at]
        if octet == _BEL:
            return [Junk.SEQUENCE], at + 1
        if octet == _ESC:
            if at + 1 == len(octets):
                return None
            is_terminated = octets[at + 1 : at + 2] == b"\\"
            return ([Junk.SEQUENCE], at + 2) if is_terminated else ([Junk.CUT], at)
        if octet in names.CONTROLS:
            return [Junk.CUT], at
    return ([Junk.CUT], STRING_MAX) if len(octets) >= STRING_MAX else None


def _csi_keys(parameters: str, final: str) -> list[_DecodedItem] | None:
    """Return the keys of a complete control sequence.

    None: it is not that of a key. Empty: the sequence is of a key, but nothing was pressed.
    """
    fields = [part.split(":") for part in parameters.split(";")]
    if any(number and not number.isdecimal() for field in fields for number in field):
        return None
    modifiers = fields[1] if len(fields) > 1 else [""]
    if modifiers[1:2] == [_RELEASE]:
        return []
    bits = max(0, int(modifiers[0] or 1) - 1)
    code = int(fields[0][0] or 1)
    match final:
        case "u":
            return _kitty(fields, bits)
        case "~" if code == 27 and len(fields) == 3:  # noqa: PLR2004 - xterm's modifyOtherKeys
            return _kitty([fields[2]], bits)
        case "~":
            return _named(names.TILDE.get(code), bits)
        case _:
            return _named(names.CSI_LETTERS.get(final), bits)


def _kitty(fields: list[list[str]], bits: int) -> list[_DecodedItem] | None:
    """Return the key of `CSI code:shifted ; modifiers:event ; text u`."""
    code = int(fields[0][0] or 1)
    if code in names.KITTY_SILENT:
        return []
    if code in names.KITTY:
        return _named(names.KITTY[code], bits)
    text = fields[2] if len(fields) > 2 else []  # noqa: PLR2004 - the third field is the text
    letters = [_letter(int(point)) for point in text if point]
    if letters:
        return [letter or Junk.BYTE for letter in letters]
    shifted_code = int(fields[0][1]) if bits & names.SHIFT and fields[0][1:2] > [""] else 0
    letter = _letter(shifted_code or code)
    if bits & names.SHIFT and letter and not shifted_code:
        upper = letter.upper()
        return _named(upper if upper != letter and len(upper) == 1 else f"shift+{letter}", bits)
    return _named(letter, bits & ~names.SHIFT)


def _named(name: str | None, bits: int) -> list[_DecodedItem] | None:
    if not name:
        return None
    prefix = "".join(f"{word}+" for bit, word in names.MODIFIERS if bits & bit)
    special = len(name) > 1 and not name.startswith("shift+")
    shift = "shift+" if special and bits & names.SHIFT and name not in _SHIFT_IS_NOTHING else ""
    return [f"{prefix}{shift}{name}"]


_SHIFT_IS_NOTHING = frozenset({"enter", "backspace", "escape"})
"""With shift these are what they are without it, as in all terminals without this protocol."""


def _letter(point: int) -> str:
    """Return the character of a code point; empty if that is not printable."""
    if not 0 < point <= _UNICODE_MAX:
        return ""
    letter = chr(point)
    return letter if letter.isprintable() else ""
