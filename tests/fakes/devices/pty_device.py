"""A device on a pseudo-terminal: what the host writes in, what the device makes of it out."""

import os
import tty
from contextlib import suppress
from pathlib import Path
from threading import Thread


class PtyDevice:
    """Takes what comes in a thread of its own until it is unplugged."""

    WAKE_BYTES = b"\x00"

    def __init__(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = Path(os.ttyname(self._slave))
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def unplug(self) -> None:
        """Hang up under the driver."""
        if self._slave >= 0:
            # A last word wakes the thread, which then closes the master.
            self._slave, slave = -1, self._slave
            os.write(slave, self.WAKE_BYTES)
            os.close(slave)
        self._thread.join(5)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        pending = b""
        with suppress(OSError):
            while self._slave >= 0:
                pending += os.read(self._master, 4096)
                while taken := self._take(pending):
                    pending = pending[taken:]
        os.close(self._master)

    def _take(self, pending: bytes) -> int:
        """Answer the first thing asked, if it is there; give how many bytes are done with."""
        raise NotImplementedError
