"""Times the requests to a polled reader and collects its answers; pure, without I/O.

One request is under way at a time. A request without a good answer is sent once more. When that
fails too, it is one fault, and `FAULTS_MAX` faults in a row mean that the reader is unresponsive.
"""

from math import inf

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, PolledDecoder, Signal

POLL_S = 0.12
ANSWER_S = 0.2
TRIES = 2
FAULTS_MAX = 3

_ANSWERS = (Signal.NO_CARD, Signal.GO_ON, BadFrame(Fault.READER_ERROR))


class Polling:
    """The requests to one reader and its answers; the caller passes monotonic seconds.

    Where answers carry no checksum, a card that was not there before must be read twice.
    """

    def __init__(self, decoder: PolledDecoder, *, has_checksum: bool = True) -> None:
        self._decoder = decoder
        self._has_checksum = has_checksum
        self._last_answer: AnyFrame | None = None
        self._tries = 0
        self._request_sent_s = -inf
        self._next_s = -inf
        self._awaiting_answer = False
        self._faults = 0
        self.has_answered = False

    @property
    def is_unresponsive(self) -> bool:
        """Return whether so many requests failed that the reader must be opened again."""
        return self._faults >= FAULTS_MAX

    def pause_s(self, now_s: float) -> float:
        """Return the seconds until the next request; 0 while an answer may come."""
        return 0.0 if self._awaiting_answer else max(0.0, self._next_s - now_s)

    def next_request(self, now_s: float) -> bytes:
        """Return the request to send now; empty while an answer may come."""
        if self._awaiting_answer:
            return b""
        self._decoder.idle()
        self._tries += 1
        self._request_sent_s, self._awaiting_answer = now_s, True
        return self._decoder.request()

    def receive(self, data: bytes, now_s: float) -> list[AnyFrame]:
        """Return the frames in what was read, which may be nothing."""
        frames = self._decoder.feed(data)
        is_overdue = self._awaiting_answer and now_s - self._request_sent_s >= ANSWER_S
        if is_overdue and not _answers(frames):
            frames += self._decoder.idle()
        is_failed = is_overdue or any(isinstance(frame, BadFrame) for frame in frames)
        if _answers(frames):
            frames = self._confirm_cards(frames)
            self._accept_answer(_answers(frames)[-1], now_s)
        elif self._awaiting_answer and is_failed:
            self._awaiting_answer = False
            self._next_s = now_s
            if self._tries == TRIES:
                frames.append(self._fault(now_s))
        return frames

    def _confirm_cards(self, frames: list[AnyFrame]) -> list[AnyFrame]:
        """Replace each card that must be read once more by `GO_ON`."""
        confirmed_frames = list[AnyFrame]()
        for frame in frames:
            is_confirmed = (
                self._has_checksum or not isinstance(frame, Frame) or frame == self._last_answer
            )
            confirmed_frames.append(frame if is_confirmed else Signal.GO_ON)
            if isinstance(frame, Frame) or frame is Signal.NO_CARD:
                self._last_answer = frame
        return confirmed_frames

    def _accept_answer(self, answer: AnyFrame, now_s: float) -> None:
        self.has_answered = True
        self._awaiting_answer = False
        self._tries = self._faults = 0
        self._next_s = now_s if answer is Signal.GO_ON else self._request_sent_s + POLL_S

    def _fault(self, now_s: float) -> AnyFrame:
        self._tries = 0
        self._faults += 1
        self._next_s = now_s + POLL_S
        return BadFrame(Fault.NO_ANSWER)


def _answers(frames: list[AnyFrame]) -> list[AnyFrame]:
    return [frame for frame in frames if isinstance(frame, Frame) or frame in _ANSWERS]
