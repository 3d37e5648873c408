"""Decodes text lines, every part of which is configured.

It serves the many readers and barcode scanners that send an id and end it with CR, LF or both.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.by_name import unknown_word
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Options
from taptill.readers.frames.checksums import HEX_DIGITS

_BLANK = 0x20
_PRINTABLE = range(_BLANK, 0x7F)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFormat:
    """The layout of a line; the names of the fields are the config's keys.

    `end` is a set of characters, each of which ends a line; blank lines are ignored. `regex` must
    match the whole text between prefix and suffix; its first group, if it has one, is the id.
    A prefix that begins with a control character starts a new line wherever it occurs.
    With `idle_accepts`, silence ends a line too.
    """

    end: str = "\r\n"
    prefix: str = ""
    suffix: str = ""
    regex: str = ""
    min_length: int = 1
    max_length: int = 64
    idle_accepts: bool = False

    def __post_init__(self) -> None:
        if not self.end:
            raise ValueError("end: needs at least one character")
        if not 1 <= self.min_length <= self.max_length <= CARD_ID_LENGTH_MAX:
            raise ValueError(f"needs 1 <= min_length <= max_length <= {CARD_ID_LENGTH_MAX}")
        try:
            re.compile(self.regex)
        except re.error as wrong:
            raise ValueError(f"regex: {wrong}") from wrong
        for name in ("end", "prefix", "suffix"):
            if not str(getattr(self, name)).isascii():
                raise ValueError(f"{name}: ASCII characters only")


def line_format(options: Options) -> LineFormat:
    """Return the format of a line; raise ValueError, which names the key and what is allowed."""
    types = {field.name: type(field.default) for field in fields(LineFormat)}
    for name, value in options.items():
        if name not in types:
            raise ValueError(unknown_word("option", name, types))
        if type(value) is not types[name]:
            raise ValueError(f"{name}: expected {types[name].__name__}, not {value!r}")
    return LineFormat(**options)  # type: ignore[arg-type]  # each type was compared above


class LineDecoder:
    """Collects a line up to its end, then decodes it by `read`.

    `read` is given the text between prefix and suffix. With `restarts`, the prefix starts a new
    line wherever it occurs.

    When silence cuts a line, the rest of the line is refused up to its end, as a shorter number
    may be another customer's. This is not needed where a line has such a prefix, or where
    `read_rejects_parts`, as the text itself shows that it is incomplete. Where silence may end a
    line, there may be no other end, so only the next burst is refused.
    """

    def __init__(
        self,
        layout: LineFormat,
        read: Callable[[str], AnyFrame] | None = None,
        *,
        restarts: bool = False,
        read_rejects_parts: bool = False,
    ) -> None:
        self._layout = layout
        self._read = read or self._match_regex
        self._end = layout.end.encode("ascii")
        self._prefix = layout.prefix.encode("ascii")
        self._suffix = layout.suffix.encode("ascii")
        self._length_max = layout.max_length + len(self._prefix) + len(self._suffix)
        self._regex = re.compile(layout.regex)
        restart_octets = (octet for octet in self._prefix[:1] if restarts or octet < _BLANK)
        self._restart = next(restart_octets, None)
        self._line = bytearray()
        self._read_rejects_parts = read_rejects_parts or self._restart is not None
        self._is_overflow = False
        self._is_cut = False
        self._is_opening = False

    def skip_to_boundary(self) -> None:
        """Refuse the rest of a line: what comes before the next end or silence."""
        self._is_cut = self._is_opening = not self._read_rejects_parts

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Return the frames of the lines that these bytes complete."""
        return [frame for octet in data if (frame := self._take_octet(octet))]

    def idle(self) -> list[AnyFrame]:
        """Return the frame of the pending line: a bad one, unless silence may end a line."""
        line, was_cut, had_overflow = self._pop_line(), self._is_cut, self._is_overflow
        has_text = bool(line.strip())
        self._is_overflow = False
        if has_text or had_overflow:
            accepts = self._layout.idle_accepts and has_text and not was_cut
            frame = self._check_line(line) if accepts else BadFrame(Fault.TRUNCATED)
            is_line_end = self._layout.idle_accepts and (was_cut or not isinstance(frame, BadFrame))
            self._is_cut = not (self._read_rejects_parts or is_line_end)
        elif self._is_opening:
            self._is_cut = False
        self._is_opening = False
        return [frame] if has_text else []

    def _pop_line(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def _take_octet(self, octet: int) -> AnyFrame | None:
        if octet in self._end:
            line, was_cut = self._pop_line(), self._is_cut
            self._is_overflow = self._is_cut = self._is_opening = False
            if not line.strip():
                return None
            return BadFrame(Fault.TRUNCATED) if was_cut else self._check_line(line)
        if octet == self._restart:
            self._is_overflow = False
            cut_short = bool(self._pop_line().strip())
            self._line.append(octet)
            return BadFrame(Fault.TRUNCATED) if cut_short else None
        if self._is_overflow or (octet == _BLANK and not self._line):
            return None
        if len(self._line) == self._length_max:
            self._line.clear()
            self._is_overflow = True
            return BadFrame(Fault.OVERFLOW)
        self._line.append(octet)
        return None

    def _check_line(self, line: bytes) -> AnyFrame:
        line = line.strip(b" ")
        if not (line.startswith(self._prefix) and line.endswith(self._suffix)):
            return BadFrame(Fault.FRAMING)
        text = line.removeprefix(self._prefix).removesuffix(self._suffix).strip(b" ")
        if any(octet not in _PRINTABLE for octet in text):
            return BadFrame(Fault.BAD_CHAR)
        if len(text) < self._layout.min_length:
            return BadFrame(Fault.TRUNCATED)
        return self._read(text.decode("ascii"))

    def _match_regex(self, text: str) -> AnyFrame:
        if not self._layout.regex:
            return Frame(text)
        match = self._regex.fullmatch(text)
        card = match and match[min(1, self._regex.groups)]
        return Frame(card) if card else BadFrame(Fault.FRAMING)


def hex_text(read: Callable[[bytes], AnyFrame]) -> Callable[[str], AnyFrame]:
    """Return a function that decodes a line of hex digits and passes its octets to `read`."""

    def read_text(text: str) -> AnyFrame:
        digits = text.encode("ascii")
        if not HEX_DIGITS.issuperset(digits):
            return BadFrame(Fault.BAD_CHAR)
        return BadFrame(Fault.TRUNCATED) if len(digits) % 2 else read(bytes.fromhex(text))

    return read_text
