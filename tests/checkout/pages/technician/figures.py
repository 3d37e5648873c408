"""Figures that a test sets, and cards that were read."""

from tests.domain.figures.samples import WELL

from taptill.domain.errors import JournalError
from taptill.domain.figures.reader import LastRead
from taptill.domain.figures.till import TillFigures

RDM6300 = b"\x020062E3086CED08\x03"
READ = LastRead(reader="reader 1", octets=RDM6300, card="0062E3086CED", ago_s=1.0)


class FakeFigures:
    """Fits `checkout.ports.FiguresPort`; `is_lost`: the journal cannot be read."""

    def __init__(self, figures: TillFigures = WELL) -> None:
        self.now = figures
        self.reads: tuple[LastRead, ...] = ()
        self.is_lost = False

    def figures(self) -> TillFigures:
        """Return the figures that the test has set."""
        if self.is_lost:
            raise JournalError(path="journal.db", detail="gone")
        return self.now

    def last_reads(self) -> tuple[LastRead, ...]:
        """Return what the test says was read."""
        return self.reads
