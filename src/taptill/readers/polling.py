"""Bytes of a reader that speaks when asked in, frames and the next question out; pure.

One question is under way at a time. One without a good answer is asked once more; then it is a
fault, and so many faults in a row are a reader that does not answer.
"""

from math import inf

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, PolledDecoder, Signal

POLL_S = 0.12
ANSWER_S = 0.2
TRIES = 2
FAULTS_MAX = 3

_ANSWERS = (Signal.NO_CARD, Signal.GO_ON, BadFrame(Fault.READER_ERROR))


class Polling:
    """The talk with one reader; the caller passes monotonic seconds.

    Where answers carry no check, a card that was not there before must be named twice.
    """

    def __init__(self, decoder: PolledDecoder, *, checked: bool = True) -> None:
        self._decoder = decoder
        self._checked = checked
        self._named: AnyFrame | None = None
        self._tries = 0
        self._asked_s = -inf
        self._next_s = -inf
        self._waiting = False
        self._faults = 0
        self.answered = False

    @property
    def broken(self) -> bool:
        """Tell whether the reader does not answer."""
        return self._faults >= FAULTS_MAX

    def rest_s(self, now_s: float) -> float:
        """Give the time until the next question; none while an answer may come."""
        return 0.0 if self._waiting else max(0.0, self._next_s - now_s)

    def question(self, now_s: float) -> bytes:
        """Give what is to be sent now, or nothing while an answer may come."""
        if self._waiting:
            return b""
        self._decoder.idle()
        self._tries += 1
        self._asked_s, self._waiting = now_s, True
        return self._decoder.request()

    def heard(self, data: bytes, now_s: float) -> list[AnyFrame]:
        """Take what came, perhaps nothing; give the frames in it."""
        frames = self._decoder.feed(data)
        overdue = self._waiting and now_s - self._asked_s >= ANSWER_S
        if overdue and not _answers(frames):
            frames += self._decoder.idle()
        if _answers(frames):
            frames = self._named_twice(frames)
            self._answer(_answers(frames)[-1], now_s)
        elif self._waiting and (overdue or any(isinstance(one, BadFrame) for one in frames)):
            self._waiting = False
            self._next_s = now_s
            if self._tries == TRIES:
                frames.append(self._fault(now_s))
        return frames

    def _named_twice(self, frames: list[AnyFrame]) -> list[AnyFrame]:
        sure = list[AnyFrame]()
        for frame in frames:
            again = self._checked or not isinstance(frame, Frame) or frame == self._named
            sure.append(frame if again else Signal.GO_ON)
            if isinstance(frame, Frame) or frame is Signal.NO_CARD:
                self._named = frame
        return sure

    def _answer(self, answer: AnyFrame, now_s: float) -> None:
        self.answered = True
        self._waiting = False
        self._tries = self._faults = 0
        self._next_s = now_s if answer is Signal.GO_ON else self._asked_s + POLL_S

    def _fault(self, now_s: float) -> AnyFrame:
        self._tries = 0
        self._faults += 1
        self._next_s = now_s + POLL_S
        return BadFrame(Fault.NO_ANSWER)


def _answers(frames: list[AnyFrame]) -> list[AnyFrame]:
    return [one for one in frames if isinstance(one, Frame) or one in _ANSWERS]
