"""Printer and sounds of a till as one part, which listens to it and which nothing waits for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from taptill.checkout.ports import ChargeJournal, SlipDesk
from taptill.domain.slips.printer import PrinterHealth
from taptill.domain.technical.till_warning import TillWarning
from taptill.journal.journal import Journal
from taptill.wiring.devices.observed_journal import ObservedJournal

if TYPE_CHECKING:  # imported where the site has them
    from taptill.checkout.till import Till
    from taptill.slips.desk import PrintDesk
    from taptill.sounds.listener import Sounds


@dataclass(frozen=True, slots=True)
class Devices:
    """What a site has of them; None: it has none."""

    print_desk: "PrintDesk | None" = None
    sounds: "Sounds | None" = None

    @property
    def slips(self) -> SlipDesk | None:
        """Return what the till prints slips by."""
        return self.print_desk

    @property
    def printer(self) -> Callable[[], PrinterHealth] | None:
        """Return what says how the printer is."""
        return self.print_desk.health if self.print_desk else None

    def observed(self, journal: Journal) -> ChargeJournal:
        """Return the journal as the till needs it, to whose commits the printer listens."""
        return ObservedJournal(journal, self.print_desk.committed) if self.print_desk else journal

    def listen(self, till: "Till") -> None:
        """Let the sounds follow a till."""
        if self.sounds:
            from taptill.sounds.listener import SoundListener  # noqa: PLC0415 - as above

            till.watch(SoundListener(self.sounds).take)

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return what keeps the devices from working."""
        return self.sounds.warnings() if self.sounds else ()

    def start(self) -> None:
        """Start what has a thread from the beginning on."""
        if self.print_desk:
            self.print_desk.start()

    def close(self) -> None:
        """End all threads, as far as that takes a moment."""
        if self.print_desk:
            self.print_desk.close()
        if self.sounds:
            self.sounds.close()


NO_DEVICES = Devices()
