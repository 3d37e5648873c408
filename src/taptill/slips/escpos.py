r"""Rows in, bytes of ESC/POS out.

Source: Epson's ESC/POS Command Reference (pages of `ESC @`, `ESC R`, `ESC t`, `ESC E`, `GS !`,
`ESC d`, `GS V`, `DLE EOT`). Only what printers of all makers share is used: reset, one code page a
slip, bold, double height, feed, cut.
"""

from collections.abc import Iterable

from taptill.slips.code_pages import CodePage
from taptill.slips.layout import Paper, SlipRow

RESET = b"\x1b@"
"""ESC @: the slip before may have left anything."""

US_LETTERS = b"\x1bR\x00"
"""ESC R 0: a printer that is set to a country prints other signs for brackets and the like."""

FEED_LINES = 4
"""So many lines lie between the print head and where the paper is torn off."""

CUT = b"\x1dVB\x00"
"""GS V 66 0: feed to the knife and cut; a printer without a knife feeds, or ignores it."""

ASK_PAPER = b"\x10\x04\x04"
"""DLE EOT 4: asks for the state of the paper, which the printer says in one byte."""

_PAPER_FIXED, _PAPER_FIXED_BITS = 0b1001_0011, 0b0001_0010
_PAPER_END = 0b0110_0000


def encode_page(page: CodePage) -> bytes:
    """Return the choice of a code page: ESC t n."""
    return b"\x1bt" + bytes([page.number])


def encode_rows(rows: Iterable[SlipRow], paper: Paper) -> bytes:
    """Return a whole slip: reset, page, rows, feed and cut."""
    printed = bytearray(RESET + US_LETTERS + encode_page(paper.page))
    is_bold = is_tall = False
    for row in rows:
        if row.bold != is_bold:
            printed += b"\x1bE" + bytes([row.bold])
            is_bold = row.bold
        if row.tall != is_tall:
            printed += b"\x1d!" + bytes([row.tall])
            is_tall = row.tall
        printed += paper.page.encoded(row.text.rstrip()) + b"\n"
    return bytes(printed) + ending(paper)


def ending(paper: Paper) -> bytes:
    """Return what ends a slip, whatever its last row was: ESC d n, and the cut."""
    return b"\x1bE\x00\x1d!\x00\x1bd" + bytes([FEED_LINES]) + (CUT if paper.cut else b"")


def says_no_paper(answer: bytes) -> bool:
    """Return whether an answer to ASK_PAPER says that the paper has ended.

    False also where there is no answer, or one that no printer of this kind gives.
    """
    if not answer or answer[-1] & _PAPER_FIXED != _PAPER_FIXED_BITS:
        return False
    return bool(answer[-1] & _PAPER_END)
