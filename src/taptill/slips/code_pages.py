"""Text in, the same in letters that a printer has: one code page a slip, never a question mark.

Many printers ignore a change of the code page, or count the pages otherwise. `ascii` is what all of
them print; a site that has tried its printer (`taptill receipt test`) may choose a page. A letter
that the page has not is written with letters that it has: first by the table below, which is how
the tills' languages write their own letters without marks, else by the package anyascii.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from unicodedata import category, normalize

CODECS: Mapping[str, tuple[str, int]] = {
    "ascii": ("ascii", 0),
    "437": ("cp437", 0),
    "850": ("cp850", 2),
    "858": ("cp858", 19),
    "1252": ("cp1252", 16),
}
"""By name: Python's codec, and the page's number n of `ESC t n` in Epson's ESC/POS reference."""

_OURS: Mapping[str, str] = {
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "Ä": "Ae",
    "Ö": "Oe",
    "Ü": "Ue",
    "ß": "ss",
    "ẞ": "SS",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "æ": "ae",
    "Æ": "Ae",
    "ø": "oe",
    "Ø": "Oe",
    "å": "aa",
    "Å": "Aa",
    "œ": "oe",
    "Œ": "Oe",
    "ñ": "n",
    "Ñ": "N",
    "¿": "",
    "¡": "",
    "×": "x",
    "√": "",
    "–": "-",
    "—": "-",
    "…": "...",
    "„": '"',
    "“": '"',
    "”": '"',
    "‚": "'",
    "‘": "'",
    "’": "'",
    "«": '"',
    "»": '"',
    "·": ".",
    "•": "*",
    "°": "o",
}
_BLANKS = re.compile(r"[\s\u00a0\u2007\u202f]")
_LAST_ASCII = 0x7E


@dataclass(frozen=True)
class CodePage:
    """A printer's code page: `name` is one of CODECS, `number` its number at the printer."""

    name: str = "ascii"
    number: int = 0

    def shown(self, text: str) -> str:
        """Return a line in letters of this page, each of which takes one column."""
        clean = _BLANKS.sub(" ", normalize("NFC", text))
        letters = [self._letter(one) for one in clean]
        return "".join(
            letter.upper() if _stands_in_capitals(clean, place) else letter
            for place, letter in enumerate(letters)
        )

    def encoded(self, text: str) -> bytes:
        """Return the bytes of a text that `shown` has made."""
        return text.encode(self._codec)

    @cached_property
    def _codec(self) -> str:
        return CODECS[self.name][0]

    def _letter(self, letter: str) -> str:
        """Return what stands for one letter; nothing for what cannot be written at all."""
        if " " <= letter <= chr(_LAST_ASCII):
            return letter
        if category(letter)[0] in "CM":  # controls, and marks without a letter
            return ""
        if self._has(letter):
            return letter
        if letter in _OURS:
            return _OURS[letter]
        from anyascii import anyascii  # noqa: PLC0415 - most slips do without it

        plain = _BLANKS.sub(" ", anyascii(letter))
        return "".join(one for one in plain if " " <= one <= chr(_LAST_ASCII))

    def _has(self, letter: str) -> bool:
        try:
            octets = letter.encode(self._codec)
        except UnicodeEncodeError:
            return False
        return len(octets) == 1 and octets[0] > _LAST_ASCII


def code_page(name: str, number: int | None = None) -> CodePage:
    """Return a code page by its name; `number` is the printer's, None: Epson's."""
    return CodePage(name, CODECS[name][1] if number is None else number)


def _stands_in_capitals(text: str, place: int) -> bool:
    """Return whether a capital stands in a word of capitals, so that UE is written for it."""
    if not text[place].isupper():
        return False
    after = text[place + 1 : place + 2]
    return after.isupper() if after.isalpha() else text[max(0, place - 1) : place].isupper()
