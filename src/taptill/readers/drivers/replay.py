"""A reader that plays a recording, the file at `port`, with its original timing."""

import time
from collections import deque
from pathlib import Path
from threading import Event

from taptill.readers.device import READ_S_MAX, ReaderSettings
from taptill.readers.drivers.device_nodes import opening_error
from taptill.readers.frames import AnyFrame, Decoder
from taptill.readers.frames.families import find_family
from taptill.readers.recording import RecordedRead, read_recording


class ReplayReader:
    """A device without hardware; after the end of the recording it stays silent."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self._reads: deque[RecordedRead] = deque()
        self._began_s = self._silent_s = self._silence_s = 0.0
        self._decoder: Decoder
        self._stopping = Event()
        self.finished = False

    def open(self) -> None:
        """Read the file and start at its first read. Errors: ReaderError."""
        settings = self._settings
        try:
            recording = read_recording(Path(settings.port))
        except (OSError, ValueError) as error:
            raise opening_error(settings.name, settings.port, error) from error
        family = find_family(settings.family or recording.family)
        self._silence_s = family.silence_s
        self._decoder = family.decoder(settings.options)
        self._reads = deque(recording.reads)
        self._began_s = time.monotonic()
        self.finished = False

    def read(self) -> list[AnyFrame]:
        """Return the frames of the next read when it is due, or of the silence after a read."""
        waited_s = time.monotonic() - self._began_s
        due_s = self._reads[0].at_s if self._reads else READ_S_MAX + waited_s
        if self._silent_s and due_s > self._silent_s:
            self._stopping.wait(min(READ_S_MAX, max(0.0, self._silent_s - waited_s)))
            self._silent_s = 0.0
            return self._decoder.idle()
        if not self._reads:
            self.finished = True
        if self._stopping.wait(min(READ_S_MAX, max(0.0, due_s - waited_s))):
            return []
        if not self._reads or time.monotonic() - self._began_s < due_s:
            return []
        self._silent_s = due_s + self._silence_s
        return self._decoder.feed(self._reads.popleft().octets)

    def interrupt(self) -> None:
        """End the wait between two reads."""
        self._stopping.set()

    def close(self) -> None:
        """Drop the rest of the recording."""
        self._reads.clear()
