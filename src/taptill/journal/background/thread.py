"""A background thread that runs a worker in small steps."""

import logging
import threading
from typing import Protocol

log = logging.getLogger("taptill.journal")


class Worker(Protocol):
    """Work that must not delay a sale; both methods are called in the background thread."""

    def step(self) -> float | None:
        """Do one small step; return the seconds to rest then, None: all is done."""

    def close(self) -> None:
        """Finish and release what is open."""


class BackgroundThread:
    """The thread of one worker; `fault` names the unexpected exception that ended it."""

    def __init__(self, name: str, worker: Worker) -> None:
        self.name = name
        self.fault = ""
        self._worker = worker
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Stop after the current step; do not wait longer than `patience_s` seconds."""
        self._stopped.set()
        self._thread.join(patience_s)

    def _run(self) -> None:
        try:
            while True:
                rest_s = self._worker.step()
                if rest_s is None or self._stopped.wait(rest_s):
                    break
            self._worker.close()
        except Exception as fault:  # thread top: the till sells on without this worker
            log.exception("journal.fault")
            self.fault = type(fault).__name__
