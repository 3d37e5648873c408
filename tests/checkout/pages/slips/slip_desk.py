"""A print desk that records what it is asked for."""

from taptill.domain.slips.printer import PrinterHealth, PrinterState


class FakeSlipDesk:
    """`asked` holds numbers of entries, and the words `waiting` and `drop`."""

    def __init__(self) -> None:
        self.asked: list[int | str] = []
        self.now = PrinterHealth(PrinterState.OK)

    def health(self) -> PrinterHealth:
        """Return the health that a test has set."""
        return self.now

    def print_slip(self, seq: int) -> None:
        """Record the entry."""
        self.asked.append(seq)

    def print_waiting(self) -> None:
        """Record that all shall be printed."""
        self.asked.append("waiting")

    def drop_waiting(self) -> None:
        """Record that all shall be dropped."""
        self.asked.append("drop")
