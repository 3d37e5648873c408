"""Bytes of a reader that sends text lines in, frames out; every part of the line is configured.

Serves the many readers (and barcode scanners) that print an id and end it with CR, LF or both.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields

from taptill.domain.card_id import CARD_ID_LENGTH_MAX
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Options
from taptill.readers.frames.checksums import HEX_DIGITS
from taptill.readers.nearest import unknown_word

_BLANK = 0x20
_PRINTABLE = range(_BLANK, 0x7F)


@dataclass(frozen=True, slots=True)
class LineFormat:
    """How a line looks; the names are the config's keys.

    `end` is a set of characters, each of which ends a line; blank lines mean nothing. `regex` must
    match the whole text between prefix and suffix; its first group, if it has one, is the id.
    A prefix that begins with a control character restarts a line wherever it occurs.
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
    """Build the form from config keys; ValueError names the key and what is allowed."""
    types = {field.name: type(field.default) for field in fields(LineFormat)}
    for name, value in options.items():
        if name not in types:
            raise ValueError(unknown_word("option", name, types))
        if type(value) is not types[name]:
            raise ValueError(f"{name}: expected {types[name].__name__}, not {value!r}")
    return LineFormat(**options)  # type: ignore[arg-type]  # each type was compared above


class LineDecoder:
    """Collects a line up to its end and then judges it; `read` takes the text without its frame.

    With `restarts` the prefix begins a new line wherever it occurs. The rest of a line that was cut
    by a silence is refused up to its end, as a shorter number may be another customer's; not so
    where the line has such a start, or where `read` `tells_parts` from whole lines. A line that
    silence may end has no other end: there the next burst is refused.
    """

    def __init__(
        self,
        form: LineFormat,
        read: Callable[[str], AnyFrame] | None = None,
        *,
        restarts: bool = False,
        tells_parts: bool = False,
    ) -> None:
        self._form = form
        self._read = read or self._matched
        self._end = form.end.encode("ascii")
        self._prefix = form.prefix.encode("ascii")
        self._suffix = form.suffix.encode("ascii")
        self._room = form.max_length + len(self._prefix) + len(self._suffix)
        self._regex = re.compile(form.regex)
        begins = (octet for octet in self._prefix[:1] if restarts or octet < _BLANK)
        self._restart = next(begins, None)
        self._line = bytearray()
        self._tells_parts = tells_parts or self._restart is not None
        self._overflowed = False
        self._cut = False
        self._opening = False

    def skip_to_boundary(self) -> None:
        """Refuse the rest of a line: what comes before an end or a silence."""
        self._cut = self._opening = not self._tells_parts

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come and give the lines that they complete."""
        return [frame for octet in data if (frame := self._take(octet))]

    def idle(self) -> list[AnyFrame]:
        """Give up the pending line, or take it as ended where the form says so."""
        line, was_cut, overflowed = self._emptied(), self._cut, self._overflowed
        begun = bool(line.strip())
        self._overflowed = False
        if begun or overflowed:
            accepts = self._form.idle_accepts and begun and not was_cut
            found = self._judge(line) if accepts else BadFrame(Fault.TRUNCATED)
            ended = self._form.idle_accepts and (was_cut or not isinstance(found, BadFrame))
            self._cut = not (self._tells_parts or ended)
        elif self._opening:
            self._cut = False
        self._opening = False
        return [found] if begun else []

    def _emptied(self) -> bytes:
        line = bytes(self._line)
        self._line.clear()
        return line

    def _take(self, octet: int) -> AnyFrame | None:
        if octet in self._end:
            line, was_cut = self._emptied(), self._cut
            self._overflowed = self._cut = self._opening = False
            if not line.strip():
                return None
            return BadFrame(Fault.TRUNCATED) if was_cut else self._judge(line)
        if octet == self._restart:
            self._overflowed = False
            cut_short = bool(self._emptied().strip())
            self._line.append(octet)
            return BadFrame(Fault.TRUNCATED) if cut_short else None
        if self._overflowed or (octet == _BLANK and not self._line):
            return None
        if len(self._line) == self._room:
            self._line.clear()
            self._overflowed = True
            return BadFrame(Fault.OVERFLOW)
        self._line.append(octet)
        return None

    def _judge(self, line: bytes) -> AnyFrame:
        line = line.strip(b" ")
        if not (line.startswith(self._prefix) and line.endswith(self._suffix)):
            return BadFrame(Fault.FRAMING)
        text = line.removeprefix(self._prefix).removesuffix(self._suffix).strip(b" ")
        if any(octet not in _PRINTABLE for octet in text):
            return BadFrame(Fault.BAD_CHAR)
        if len(text) < self._form.min_length:
            return BadFrame(Fault.TRUNCATED)
        return self._read(text.decode("ascii"))

    def _matched(self, text: str) -> AnyFrame:
        if not self._form.regex:
            return Frame(text)
        found = self._regex.fullmatch(text)
        card = found and found[min(1, self._regex.groups)]
        return Frame(card) if card else BadFrame(Fault.FRAMING)


def hex_text(read: Callable[[bytes], AnyFrame]) -> Callable[[str], AnyFrame]:
    """Let lines of hex digits be read as octets."""

    def read_text(text: str) -> AnyFrame:
        digits = text.encode("ascii")
        if not HEX_DIGITS.issuperset(digits):
            return BadFrame(Fault.BAD_CHAR)
        return BadFrame(Fault.TRUNCATED) if len(digits) % 2 else read(bytes.fromhex(text))

    return read_text
