"""Questions and a decoder in, a wire format of a reader that speaks only when asked out."""

from dataclasses import dataclass

from taptill.readers.frames import AnyFrame, BadFrame, Decoder, Fault, Frame, Signal

_ENDS = (Signal.NO_CARD, BadFrame(Fault.READER_ERROR))
"""Answers that no further question follows, beside a card."""


@dataclass(frozen=True, slots=True)
class RequestCycle:
    """What is asked in one round.

    Each question is the next step to the id, asked once the one before was answered with
    `GO_ON`; or, of `alternatives`, each asks for another kind of card. `otherwise` are the same
    questions in another spelling, where makers and libraries do not agree.
    """

    requests: tuple[bytes, ...]
    alternating: bool = False
    fallback_requests: tuple[bytes, ...] = ()


class PollingDecoder:
    """Knows which question comes next; a round without a card ends with one `NO_CARD`."""

    def __init__(self, decoder: Decoder, questions: RequestCycle) -> None:
        self._decoder = decoder
        self._questions = questions
        self._step = 0
        self._missed = 0
        self._spelled, self._other = questions.requests, questions.fallback_requests
        self._asked = False

    def request(self) -> bytes:
        """Give the question of this step; the same again while no answer came.

        Before the first answer of all, each is in the other spelling.
        """
        if self._other and self._asked:
            self._spelled, self._other = self._other, self._spelled
        self._asked = True
        return self._spelled[self._step]

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Take bytes as they come and give the answers that they complete."""
        return list(map(self._follow, self._decoder.feed(data)))

    def idle(self) -> list[AnyFrame]:
        """Learn that no more of an answer will come."""
        return list(map(self._follow, self._decoder.idle()))

    def _follow(self, frame: AnyFrame) -> AnyFrame:
        if not isinstance(frame, BadFrame):
            self._other = ()
        last = self._step == len(self._questions.requests) - 1
        if self._questions.alternating:
            return self._miss(frame) if frame is Signal.NO_CARD else self._meet(frame)
        if frame is Signal.GO_ON and last:
            frame = BadFrame(Fault.FRAMING)
            self._step = 0
        elif frame is Signal.GO_ON:
            self._step += 1
        elif isinstance(frame, Frame) or frame in _ENDS:
            self._step = 0
        return frame

    def _meet(self, frame: AnyFrame) -> AnyFrame:
        """Stay with the kind of card that was found."""
        if isinstance(frame, Frame):
            self._missed = 0
        return frame

    def _miss(self, frame: AnyFrame) -> AnyFrame:
        count = len(self._questions.requests)
        self._step = (self._step + 1) % count
        self._missed = (self._missed + 1) % count
        return Signal.GO_ON if self._missed else frame


def alternating_requests(*requests: bytes) -> RequestCycle:
    """Ask for one kind of card after the other."""
    return RequestCycle(tuple(requests), alternating=True)


def request_sequence(*requests: bytes, fallback_requests: tuple[bytes, ...] = ()) -> RequestCycle:
    """Ask one question after the other to get to one id."""
    return RequestCycle(tuple(requests), fallback_requests=fallback_requests)
