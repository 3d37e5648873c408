"""Runs a reader in a thread, which opens its device, reads it, and opens it again after a fault."""

import logging
import random
from collections.abc import Callable, Sequence
from threading import Event, Thread
from traceback import extract_tb

from taptill.domain.clock import Clock
from taptill.domain.errors import ReaderError
from taptill.domain.figures.reader import ReaderFigures
from taptill.domain.tap import CardProblem, ReaderMessage, ReaderState, Tap
from taptill.domain.technical.backoff import Backoff
from taptill.readers.device import Device, ReaderSettings, error_state
from taptill.readers.frames import AnyFrame, BadFrame, Frame, Signal
from taptill.readers.health import HealthTracker
from taptill.readers.presence import Misreads

TapDetector = Callable[[Frame | Signal, float], Tap | CardProblem | None]

REOPEN_DELAYS_S = (0.5, 1.0, 2.0, 5.0, 10.0)
JITTER = 0.2
REOPEN_BACKOFF = Backoff(REOPEN_DELAYS_S, factor_min=1 - JITTER, factor_span=2 * JITTER)
STEADY_S = 30.0
APPEARANCE_POLL_S = 0.2
STOP_S_MAX = 1.0

log = logging.getLogger(__name__)


class ReopenSchedule:
    """When a device that failed is opened again.

    The waits grow from try to try, and begin again with the shortest after `STEADY_S` of work.
    """

    def __init__(
        self, delays: Backoff = REOPEN_BACKOFF, chance: Callable[[], float] = random.random
    ) -> None:
        self._delays = delays
        self._tries = 0
        self._chance = chance

    def next_s(self) -> float:
        """Return the next wait in seconds, and count the try."""
        wait_s = self._delays.delay_s(self._tries, self._chance())
        self._tries += 1
        return wait_s

    def ran(self, seconds: float) -> None:
        """Record for how many seconds the device worked after the last try."""
        if seconds >= STEADY_S:
            self.restart()

    def restart(self) -> None:
        """Begin again with the shortest wait."""
        self._tries = 0


class Supervisor:
    """The thread of one reader.

    `detect_tap` is given each good frame and each signal, and returns the message it causes, if
    any. `deliver` is called from the thread; it must be quick and must not raise.
    `device_identity` returns a value that identifies the device that is plugged in now, and a
    false one while there is none; it never raises.
    """

    def __init__(
        self,
        settings: ReaderSettings,
        device: Device,
        *,
        detect_tap: TapDetector,
        deliver: Callable[[ReaderMessage], None],
        clock: Clock,
        device_identity: Callable[[], object],
    ) -> None:
        self.device = device
        self._device_identity = device_identity
        self._detect_tap = detect_tap
        self._deliver = deliver
        self._clock = clock
        self._for_goods = settings.for_goods
        self._health = HealthTracker(settings.name, settings.port)
        self._misreads = Misreads(settings.name, settings.hold_ms)
        self._logged_state: ReaderState | None = None
        self._reopen_schedule = ReopenSchedule()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"reader-{settings.name}", daemon=True)

    def start(self) -> None:
        """Start the thread; the first message delivered is the reader's health."""
        self._thread.start()

    def stop(self) -> bool:
        """Stop the thread; return whether it ended within `STOP_S_MAX`."""
        self._stopping.set()
        self.device.interrupt()
        self._thread.join(STOP_S_MAX)
        return not self._thread.is_alive()

    def figures(self) -> ReaderFigures:
        """Return the reader's figures now."""
        return self._health.figures(self._clock.monotonic(), for_goods=self._for_goods)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._publish()
            opened_s, identity = self._clock.monotonic(), self._device_identity()
            try:
                self._open_and_read()
            except ReaderError as error:
                self._health.record_failure(*error_state(error))
            except Exception as error:  # noqa: BLE001 - thread top: no fault ends the reader
                _log_fault(error)
                self._health.record_failure(ReaderState.FAULTY, type(error).__name__)
            self._reopen_schedule.ran(self._clock.monotonic() - opened_s)
            self._publish()
            self._wait_for_retry(self._reopen_schedule.next_s(), identity)

    def _open_and_read(self) -> None:
        try:
            self.device.open()
            self._health.record_open(self._clock.monotonic())
            self._detect_tap(Signal.OPENED, self._clock.monotonic())
            while not self._stopping.is_set():
                self._publish()
                self._deliver_messages(self.device.read())
        finally:
            self.device.close()

    def _deliver_messages(self, frames: Sequence[AnyFrame]) -> None:
        now_s = self._clock.monotonic()
        for frame in frames:
            if not isinstance(frame, BadFrame) and (message := self._detect_tap(frame, now_s)):
                self._deliver(message)
        self._health.record_frames(frames, now_s)
        self._misreads.record_frames(frames, now_s)
        if misread := self._misreads.due_report(now_s, is_garbled=self._health.is_garbled):
            self._deliver(misread)

    def _publish(self) -> None:
        health = self._health.due_report(self._clock.monotonic())
        if not health:
            return
        if health.state is not self._logged_state:
            self._logged_state = health.state
            fields = {"reader": health.reader, "state": health.state, "detail": health.detail}
            log.info("reader.changed", extra=fields)
        self._deliver(health)

    def _wait_for_retry(self, wait_s: float, last_identity: object) -> None:
        """Wait for the next try, or until a device appears that was not there before."""
        until_s = self._clock.monotonic() + wait_s
        while (left_s := until_s - self._clock.monotonic()) > 0:
            if self._stopping.wait(min(left_s, APPEARANCE_POLL_S)):
                return
            identity = self._device_identity()
            if identity and identity != last_identity:
                self._reopen_schedule.restart()
                return
            last_identity = identity


def _log_fault(error: Exception) -> None:
    """Log where the error was raised, not its text, which may hold a card's number."""
    where = extract_tb(error.__traceback__)[-1]
    place = f"{where.filename}:{where.lineno}"
    fields = {"fault": type(error).__name__, "place": place, "next": "the device is opened anew"}
    log.error("reader.faulty", extra=fields)
