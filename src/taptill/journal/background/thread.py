"""A worker in, a thread out that lets it do a little at a time beside the sales."""

import logging
import threading
from typing import Protocol

log = logging.getLogger("taptill.journal")


class Worker(Protocol):
    """Work that is never in a customer's way; both methods are called in the worker's thread."""

    def step(self) -> float | None:
        """Do a little; give how many seconds to rest then, None: all is done."""

    def close(self) -> None:
        """Bring to an end what was begun."""


class BackgroundThread:
    """The thread of one worker; `fault` names what nobody foresaw and what ended it."""

    def __init__(self, name: str, worker: Worker) -> None:
        self.name = name
        self.fault = ""
        self._worker = worker
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """End after the step under way; one that hangs longer than this is left alone."""
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
