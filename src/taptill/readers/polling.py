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

    def __init__(self, decoder: PolledDecoder, *, has_checksum: bool = True) -> None:
        self._decoder = decoder
        self._has_checksum = has_checksum
        self._last_card: AnyFrame | None = None
        self._tries = 0
        self._request_sent_s = -inf
        self._next_s = -inf
        self._awaiting_answer = False
        self._faults = 0
        self.has_answered = False

    @property
    def is_unresponsive(self) -> bool:
        """Tell whether the reader does not answer."""
        return self._faults >= FAULTS_MAX

    def pause_s(self, now_s: float) -> float:
        """Give the time until the next question; none while an answer may come."""
        return 0.0 if self._awaiting_answer else max(0.0, self._next_s - now_s)

    def next_request(self, now_s: float) -> bytes:
        """Give what is to be sent now, or nothing while an answer may come."""
        if self._awaiting_answer:
            return b""
        self._decoder.idle()
        self._tries += 1
        self._request_sent_s, self._awaiting_answer = now_s, True
        return self._decoder.request()

    def receive(self, data: bytes, now_s: float) -> list[AnyFrame]:
        """Take what came, perhaps nothing; give the frames in it."""
        frames = self._decoder.feed(data)
        overdue = self._awaiting_answer and now_s - self._request_sent_s >= ANSWER_S
        if overdue and not _answers(frames):
            frames += self._decoder.idle()
        if _answers(frames):
            frames = self._confirm_cards(frames)
            self._accept_answer(_answers(frames)[-1], now_s)
        elif self._awaiting_answer and (
            overdue or any(isinstance(one, BadFrame) for one in frames)
        ):
            self._awaiting_answer = False
            self._next_s = now_s
            if self._tries == TRIES:
                frames.append(self._fault(now_s))
        return frames

    def _confirm_cards(self, frames: list[AnyFrame]) -> list[AnyFrame]:
        sure = list[AnyFrame]()
        for frame in frames:
            again = self._has_checksum or not isinstance(frame, Frame) or frame == self._last_card
            sure.append(frame if again else Signal.GO_ON)
            if isinstance(frame, Frame) or frame is Signal.NO_CARD:
                self._last_card = frame
        return sure

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
    return [one for one in frames if isinstance(one, Frame) or one in _ANSWERS]
