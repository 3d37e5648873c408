"""A device on a pseudo-terminal, which answers what the host writes."""

import os
import tty
from contextlib import suppress
from pathlib import Path
from threading import Thread


class PtyDevice:
    """Answers in a thread of its own until it is unplugged."""

    WAKE_BYTES = b"\x00"

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = Path(os.ttyname(self._slave))
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def unplug(self) -> None:
        """Hang up while the driver has the device open."""
        if self._slave >= 0:
            # These bytes wake the thread, which then closes the master.
            self._slave, slave = -1, self._slave
            with suppress(OSError):  # the thread has ended by itself
                os.write(slave, self.WAKE_BYTES)
            os.close(slave)
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        pending = b""
        with suppress(OSError):
            while self._slave >= 0:
                pending += os.read(self._master, 4096)
                while size := self._answer_first(pending):
                    pending = pending[size:]
        os.close(self._master)

    def _answer_first(self, pending: bytes) -> int:
        """Answer the first request, if it is whole; return how many bytes are done with."""
        raise NotImplementedError
