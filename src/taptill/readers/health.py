"""What happens to a reader in, `ReaderHealth` out: each change at once, bare counts sparingly."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal

COUNTS_EVERY_S = 0.5
HEARD_EVERY_S = 10.0
WINDOW_S = 60.0
WINDOW_FRAMES = 64
GARBLED_MIN = 3


class HealthTracker:
    """Counts frames and keeps the state; a line with more bad frames than good is garbled."""

    def __init__(self, reader: str, place: str) -> None:
        self._current = ReaderHealth(reader, ReaderState.OPENING, place)
        self._place = place
        self._recent: deque[tuple[float, bool]] = deque(maxlen=WINDOW_FRAMES)
        self._faults: Counter[str] = Counter()
        self._was_opened = False
        self._published: ReaderHealth | None = None
        self._published_s = 0.0

    @property
    def garbled(self) -> bool:
        """Whether the line says more that is bad than good."""
        return self._current.state is ReaderState.GARBLED

    def record_open(self) -> None:
        """Note that the device works."""
        self._recent.clear()
        self._current = replace(
            self._current,
            state=ReaderState.OK,
            detail=self._place,
            reopened=self._current.reopened + self._was_opened,
        )
        self._was_opened = True

    def record_failure(self, state: ReaderState, detail: str) -> None:
        """Note why the device does not work."""
        self._current = replace(self._current, state=state, detail=detail)

    def record_frames(self, frames: Sequence[AnyFrame], now_s: float) -> None:
        """Count frames and judge the line by the recent ones."""
        judged = [each for each in frames if not isinstance(each, Signal)]
        self._faults.update(each.fault.value for each in judged if isinstance(each, BadFrame))
        good = sum(isinstance(each, Frame) for each in judged)
        self._recent.extend((now_s, isinstance(each, Frame)) for each in judged)
        while self._recent and now_s - self._recent[0][0] > WINDOW_S:
            self._recent.popleft()
        readable = sum(is_frame for _, is_frame in self._recent)
        bad = len(self._recent) - readable
        self._current = replace(
            self._current,
            state=ReaderState.GARBLED if bad >= GARBLED_MIN and bad > readable else ReaderState.OK,
            frames=self._current.frames + good,
            bad_frames=self._current.bad_frames + len(judged) - good,
            faults=tuple(sorted(self._faults.items())),
            heard_s=self._heard_s(frames, now_s),
        )

    def _heard_s(self, frames: Sequence[AnyFrame], now_s: float) -> float | None:
        """Tell when it last said something; signals alone, which never end, count sparingly."""
        was_s = self._current.heard_s
        said = [each for each in frames if each != BadFrame(Fault.NO_ANSWER)]
        idle = all(isinstance(each, Signal) for each in said)
        known = was_s is not None and now_s - was_s < HEARD_EVERY_S
        return was_s if not said or (idle and known) else now_s

    def due_report(self, now_s: float) -> ReaderHealth | None:
        """Give what is to be published now, or nothing."""
        if self._current == self._published:
            return None
        known = self._published
        same_state = known and (known.state, known.detail) == (
            self._current.state,
            self._current.detail,
        )
        if same_state and now_s - self._published_s < COUNTS_EVERY_S:
            return None
        self._published, self._published_s = self._current, now_s
        return self._current
