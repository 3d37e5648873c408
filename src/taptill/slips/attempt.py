"""One slip's way to the printer, in a thread that may be left alone."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

from taptill.domain.slips.printer import PrinterState
from taptill.slips.printers.connection import (
    OPEN_S,
    STATUS_S,
    WRITE_S,
    OpenPrinter,
    PrinterConnection,
    PrinterError,
)

log = logging.getLogger("taptill.slips")

ATTEMPT_S = OPEN_S + STATUS_S + 2 * WRITE_S
"""So long an attempt is waited for: a write, and a wait until it was taken."""


class PrintAttempt(threading.Thread):
    """One slip's way to the printer; `outcome` is OK once all was done. `seq` 0: only a look."""

    def __init__(
        self, opens: OpenPrinter, work: Callable[[PrinterConnection], None], seq: int
    ) -> None:
        super().__init__(name="printer", daemon=True)
        self.seq = seq
        self._opens = opens
        self._work = work
        self.outcome = PrinterState.SLOW

    def run(self) -> None:
        """Open the printer, ask it, and work."""
        try:
            connection = self._opens()
            try:
                connection.check()
                self._work(connection)
            finally:
                with suppress(OSError):
                    connection.close()
        except PrinterError as fault:
            self.outcome = fault.state
        except OSError:
            self.outcome = PrinterState.NOT_THERE
        except Exception:  # thread top: the desk goes on without this slip
            log.exception("printer.fault")
            self.outcome = PrinterState.NOT_THERE
        else:
            self.outcome = PrinterState.OK


def print_bytes(opens: OpenPrinter, printed: bytes, within_s: float = ATTEMPT_S) -> PrinterState:
    """Print bytes once, and return how the printer is; SLOW where that is not done in time."""
    attempt = PrintAttempt(opens, lambda to: to.write(printed), 0)
    attempt.start()
    attempt.join(within_s)
    return attempt.outcome
