"""Tracks a reader's state and counts, and decides when a new `ReaderHealth` is published."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from taptill.domain.figures.reader import HistoryKeeper, ReaderFigures, care_for
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal

COUNTS_EVERY_S = 0.5
HEARD_EVERY_S = 10.0
WINDOW_S = 60.0
WINDOW_FRAMES = 64
GARBLED_MIN = 3


class HealthTracker:
    """Counts frames and keeps the state; a line with more bad frames than good ones is garbled.

    A change of state is published at once, mere counts at most each `COUNTS_EVERY_S`.
    """

    def __init__(self, reader: str, place: str) -> None:
        self._current = ReaderHealth(reader, ReaderState.OPENING, place)
        self._place = place
        self._recent: deque[tuple[float, bool]] = deque(maxlen=WINDOW_FRAMES)
        self._faults: Counter[str] = Counter()
        self._history = HistoryKeeper()
        self._was_opened = False
        self._last_report: ReaderHealth | None = None
        self._last_report_s = 0.0

    @property
    def is_garbled(self) -> bool:
        """Return whether more bad frames than good ones arrive."""
        return self._current.state is ReaderState.GARBLED

    def record_open(self, now_s: float) -> None:
        """Record that the device was opened."""
        self._recent.clear()
        if self._was_opened:
            self._history.record_reopen(now_s)
        self._current = replace(
            self._current,
            state=ReaderState.OK,
            detail=self._place,
            reopened=self._current.reopened + self._was_opened,
        )
        self._was_opened = True

    def record_failure(self, state: ReaderState, detail: str) -> None:
        """Record why the device does not work."""
        self._current = replace(self._current, state=state, detail=detail)

    def record_frames(self, frames: Sequence[AnyFrame], now_s: float) -> None:
        """Count frames, and decide by the recent ones whether the line is garbled."""
        transmissions = [frame for frame in frames if not isinstance(frame, Signal)]
        self._faults.update(
            frame.fault.value for frame in transmissions if isinstance(frame, BadFrame)
        )
        good = sum(isinstance(frame, Frame) for frame in transmissions)
        for frame in transmissions:
            is_frame = isinstance(frame, Frame)
            self._recent.append((now_s, is_frame))
            self._history.record_frame(is_bad=not is_frame)
        while self._recent and now_s - self._recent[0][0] > WINDOW_S:
            self._recent.popleft()
        readable = sum(was_frame for _, was_frame in self._recent)
        bad = len(self._recent) - readable
        self._current = replace(
            self._current,
            state=ReaderState.GARBLED if bad >= GARBLED_MIN and bad > readable else ReaderState.OK,
            frames=self._current.frames + good,
            bad_frames=self._current.bad_frames + len(transmissions) - good,
            faults=tuple(sorted(self._faults.items())),
            heard_s=self._heard_s(frames, now_s),
        )

    def _heard_s(self, frames: Sequence[AnyFrame], now_s: float) -> float | None:
        """Return when the reader last answered; a read of signals only counts each `HEARD_EVERY_S`.

        A polled reader without a card answers several times a second: no change worth publishing.
        """
        was_s = self._current.heard_s
        answers = [frame for frame in frames if frame != BadFrame(Fault.NO_ANSWER)]
        only_signals = all(isinstance(frame, Signal) for frame in answers)
        is_recent = was_s is not None and now_s - was_s < HEARD_EVERY_S
        return was_s if not answers or (only_signals and is_recent) else now_s

    def figures(self, now_s: float, *, for_goods: bool) -> ReaderFigures:
        """Return the figures now; any thread may ask."""
        health = self._current
        return ReaderFigures(
            name=health.reader,
            state=health.state,
            for_goods=for_goods,
            frames=health.frames,
            bad_frames=health.bad_frames,
            faults=health.faults,
            reopened=health.reopened,
            silent_s=None if health.heard_s is None else max(0.0, now_s - health.heard_s),
            care=care_for(self._history.history(now_s)),
        )

    def due_report(self, now_s: float) -> ReaderHealth | None:
        """Return the health to publish now, None if nothing is due."""
        if self._current == self._last_report:
            return None
        previous = self._last_report
        same_state = previous and (previous.state, previous.detail) == (
            self._current.state,
            self._current.detail,
        )
        if same_state and now_s - self._last_report_s < COUNTS_EVERY_S:
            return None
        self._last_report, self._last_report_s = self._current, now_s
        return self._current
