"""A device in, messages out: one thread opens it, reads it, and reopens it for ever."""

import logging
import random
from collections.abc import Callable, Sequence
from threading import Event, Thread
from traceback import extract_tb

from taptill.domain.clock import Clock
from taptill.domain.errors import ReaderError
from taptill.domain.tap import CardProblem, ReaderMessage, ReaderState, Tap
from taptill.readers.device import Device, ReaderSettings, error_state
from taptill.readers.frames import AnyFrame, BadFrame, Frame, Signal
from taptill.readers.health import HealthTracker
from taptill.readers.presence import Misreads

TapDetector = Callable[[Frame | Signal, float], Tap | CardProblem | None]

BACK_OFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)
JITTER = 0.2
STEADY_S = 30.0
APPEARANCE_POLL_S = 0.2
STOP_S_MAX = 1.0

log = logging.getLogger(__name__)


class BackOff:
    """How long to wait before the next try: longer each time, from the start after a steady run."""

    def __init__(self, spread: Callable[[float, float], float] = random.uniform) -> None:
        self._tries = 0
        self._spread = spread

    def next_s(self) -> float:
        """Give the next wait in seconds and count the try."""
        wait_s = BACK_OFF_S[min(self._tries, len(BACK_OFF_S) - 1)]
        self._tries += 1
        return wait_s * self._spread(1 - JITTER, 1 + JITTER)

    def ran(self, seconds: float) -> None:
        """Learn how long the last try went well."""
        if seconds >= STEADY_S:
            self.restart()

    def restart(self) -> None:
        """Begin again with the shortest wait."""
        self._tries = 0


class Supervisor:
    """One reader's thread; `deliver` is called from it, must be quick and must not raise.

    `there` tells what stands for the device that is plugged in now, nothing without one; it never
    raises.
    """

    def __init__(
        self,
        settings: ReaderSettings,
        device: Device,
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
        self._health = HealthTracker(settings.name, settings.port)
        self._misreads = Misreads(settings.name, settings.hold_ms)
        self._logged: ReaderState | None = None
        self._back_off = BackOff()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=f"reader-{settings.name}", daemon=True)

    def start(self) -> None:
        """Begin; the first message is the reader's health."""
        self._thread.start()

    def stop(self) -> bool:
        """End the thread within `STOP_S_MAX`; tell whether it has ended."""
        self._stopping.set()
        self.device.interrupt()
        self._thread.join(STOP_S_MAX)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._publish()
            opened_s, was = self._clock.monotonic(), self._device_identity()
            try:
                self._open_and_read()
            except ReaderError as error:
                self._health.record_failure(*error_state(error))
            except Exception as error:  # noqa: BLE001 - thread top: no fault ends the reader
                _log_fault(error)
                self._health.record_failure(ReaderState.FAULTY, type(error).__name__)
            self._back_off.ran(self._clock.monotonic() - opened_s)
            self._publish()
            self._wait_for_retry(self._back_off.next_s(), was)

    def _open_and_read(self) -> None:
        try:
            self.device.open()
            self._health.record_open()
            self._detect_tap(Signal.OPENED, self._clock.monotonic())
            while not self._stopping.is_set():
                self._publish()
                self._deliver_taps(self.device.read())
        finally:
            self.device.close()

    def _deliver_taps(self, frames: Sequence[AnyFrame]) -> None:
        now_s = self._clock.monotonic()
        for frame in frames:
            if not isinstance(frame, BadFrame) and (message := self._detect_tap(frame, now_s)):
                self._deliver(message)
        self._health.record_frames(frames, now_s)
        self._misreads.record_frames(frames, now_s)
        if misread := self._misreads.due_report(now_s, garbled=self._health.garbled):
            self._deliver(misread)

    def _publish(self) -> None:
        health = self._health.due_report(self._clock.monotonic())
        if not health:
            return
        if health.state is not self._logged:
            self._logged = health.state
            found = {"reader": health.reader, "state": health.state, "detail": health.detail}
            log.info("reader.changed", extra=found)
        self._deliver(health)

    def _wait_for_retry(self, wait_s: float, was: object) -> None:
        """Wait for the next try, but no longer than until the device, or another one, appears."""
        until_s = self._clock.monotonic() + wait_s
        while (left_s := until_s - self._clock.monotonic()) > 0:
            if self._stopping.wait(min(left_s, APPEARANCE_POLL_S)):
                return
            found = self._device_identity()
            if found and found != was:
                self._back_off.restart()
                return
            was = found


def _log_fault(error: Exception) -> None:
    """Log where it happened, not what was said: a message may hold a card's number."""
    where = extract_tb(error.__traceback__)[-1]
    place = f"{where.filename}:{where.lineno}"
    found = {"fault": type(error).__name__, "place": place, "next": "the device is opened anew"}
    log.error("reader.faulty", extra=found)
