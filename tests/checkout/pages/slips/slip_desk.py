"""A print desk that records what it is asked for."""

from taptill.domain.reports.shift_report import ShiftReport
from taptill.domain.slips.printer import READY_STATES, PrinterHealth, PrinterState


class FakeSlipDesk:
    """`asked` holds numbers of entries, and the words `waiting` and `drop`."""

    def __init__(self) -> None:
        self.asked: list[int | str] = []
        self.now = PrinterHealth(PrinterState.OK)

    def health(self) -> PrinterHealth:
        """Return the health that a test has set."""
        return self.now

    def print_slip(self, seq: int, *, once: bool = False) -> bool:
        """Record the entry; `once`: where it was not asked for before."""
        is_copy = seq in self.asked
        if not (is_copy and once):
            self.asked.append(seq)
        return is_copy

    def print_report(self, report: ShiftReport) -> bool:
        """Record the shift's number as a word."""
        self.asked.append(f"report {report.shift.number}")
        return self.now.state in READY_STATES

    def print_closed(self, report: ShiftReport) -> None:
        """Record that the shift was closed."""
        self.asked.append(f"closed {report.shift.number}")

    def print_waiting(self) -> None:
        """Record that all shall be printed."""
        self.asked.append("waiting")

    def drop_waiting(self) -> None:
        """Record that all shall be dropped."""
        self.asked.append("drop")
