"""A serial line without a cable, and an inbox for the messages of a reader."""

import os
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic

from taptill.domain.tap import CardProblem, ReaderHealth, ReaderMessage, ReaderState, Tap
from taptill.readers.device import Device
from taptill.readers.frames import AnyFrame

PATIENCE_S = 30.0

CARD, CARD_FRAME = "62E3086CED", b"\x0262E3086CED08\x03"
OTHER_CARD, OTHER_FRAME = "3C00CE754C", b"\x023C00CE754CCB\x03"


class PtyLine:
    """A pseudo-terminal behind a link, as udev makes one: plug it in, send, unplug it."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self._master: int | None = None
        self.device = Path()

    def plug(self) -> None:
        """Create a new terminal and let the link lead to it."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.device = Path(os.ttyname(slave))
        os.close(slave)
        fresh = self.link.with_suffix(".new")
        fresh.symlink_to(self.device)
        fresh.rename(self.link)

    def send(self, octets: bytes) -> None:
        """Send bytes as the reader."""
        assert self._master is not None
        os.write(self._master, octets)

    def sent_by_program(self) -> bytes:
        """Return what the program has sent to the reader so far."""
        assert self._master is not None
        os.set_blocking(self._master, False)
        try:
            return os.read(self._master, 4096)
        except OSError:  # nothing, or nobody has the line open
            return b""
        finally:
            os.set_blocking(self._master, True)

    def unplug(self) -> None:
        """Hang up and remove the link, in the order of a real unplugging."""
        if self._master is not None:
            os.close(self._master)
            self._master = None
        with suppress(FileNotFoundError):
            self.link.unlink()


@contextmanager
def plugged_line(folder: Path) -> Iterator[PtyLine]:
    """Yield a line that is plugged in, and unplug it at the end."""
    line = PtyLine(folder / "rfid-reader")
    line.plug()
    yield line
    line.unplug()


class Inbox:
    """The messages of a reader, in order; waiting has a deadline and no sleeps."""

    def __init__(self) -> None:
        self.messages: list[ReaderMessage] = []
        self._arrived = Condition()

    def deliver(self, message: ReaderMessage) -> None:
        """Append a message, from any thread."""
        with self._arrived:
            self.messages.append(message)
            self._arrived.notify_all()

    def wait(self, until: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
        """Wait until a condition holds."""
        with self._arrived:
            assert self._arrived.wait_for(until, within_s), self.messages

    def wait_state(self, state: ReaderState, within_s: float = PATIENCE_S) -> ReaderHealth:
        """Wait until the last health has this state, and return it."""
        self.wait(lambda: bool(self.health) and self.health[-1].state is state, within_s)
        return self.health[-1]

    def wait_taps(self, *card_ids: str, within_s: float = PATIENCE_S) -> None:
        """Wait until exactly these cards have tapped, in this order."""
        self.wait(lambda: len(self.taps) >= len(card_ids), within_s)
        assert self.taps == list(card_ids)

    @property
    def health(self) -> list[ReaderHealth]:
        """Return the healths so far."""
        return [message for message in self.messages if isinstance(message, ReaderHealth)]

    @property
    def taps(self) -> list[str]:
        """Return the card ids of the taps so far."""
        return [message.card_id for message in self.messages if isinstance(message, Tap)]

    @property
    def problems(self) -> list[CardProblem]:
        """Return the card problems so far."""
        return [message for message in self.messages if isinstance(message, CardProblem)]


def read_frames(reader: Device, count: int = 1, within_s: float = PATIENCE_S) -> list[AnyFrame]:
    """Read a device until so many frames have come, and return them."""
    frames: list[AnyFrame] = []
    end_s = monotonic() + within_s
    while len(frames) < count:
        assert monotonic() < end_s, frames
        frames += reader.read()
    return frames


class RealClock:
    """The machine's monotonic time; readers use nothing else of a clock."""

    def monotonic(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def now(self) -> str:
        """Return a wall time that no reader uses."""
        return "2026-01-01T00:00:00.000Z"

    def boot(self) -> tuple[str, int]:
        """Return a boot that no reader uses."""
        return "boot", 0

    def trusted(self) -> bool:
        """Return that the wall time is not trusted."""
        return False


class SkippingClock(RealClock):
    """Real time, and the seconds that a test has skipped."""

    skipped_s = 0.0

    def monotonic(self) -> float:
        """Return monotonic seconds, with those that were skipped."""
        return super().monotonic() + self.skipped_s


def open_descriptors() -> int:
    """Return the number of this process's descriptors."""
    return len(list(Path("/proc/self/fd").iterdir()))


@contextmanager
def held_cards(line: PtyLine, *frames: bytes) -> Iterator[None]:
    """Hold one card after the other to the reader, again and again, while the block runs."""
    away = Event()

    def repeat() -> None:
        number = 0
        while not away.wait(0.03):
            line.send(frames[number // 40 % len(frames)])
            number += 1

    hand = Thread(target=repeat)
    hand.start()
    yield
    away.set()
    hand.join()
