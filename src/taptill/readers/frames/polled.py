"""Turns a decoder into the wire format of a polled reader, which sends only when requested."""

from dataclasses import dataclass

from taptill.readers.frames import AnyFrame, BadFrame, Decoder, Fault, Frame, Signal

_FINAL_ANSWERS = (Signal.NO_CARD, BadFrame(Fault.READER_ERROR))
"""Answers that end a sequence of requests, beside a card."""


@dataclass(frozen=True, slots=True)
class RequestCycle:
    """The requests of one round of polling.

    By default they are a sequence that leads to one id: each is sent once the one before was
    answered with `GO_ON`. With `alternating`, each asks for another kind of card.
    `fallback_requests` are the same requests in another encoding, for readers about whose encoding
    vendors and libraries disagree.
    """

    requests: tuple[bytes, ...]
    alternating: bool = False
    fallback_requests: tuple[bytes, ...] = ()


class PollingDecoder:
    """Decodes the answers and knows the next request; a round without a card is one `NO_CARD`."""

    def __init__(self, decoder: Decoder, cycle: RequestCycle) -> None:
        self._decoder = decoder
        self._cycle = cycle
        self._index = 0
        self._no_card_answers = 0
        self._requests, self._other_requests = cycle.requests, cycle.fallback_requests
        self._has_requested = False

    def request(self) -> bytes:
        """Return the request to send now, which is the last one while it was not answered.

        Until the reader has answered for the first time, the two encodings take turns.
        """
        if self._other_requests and self._has_requested:
            self._requests, self._other_requests = self._other_requests, self._requests
        self._has_requested = True
        return self._requests[self._index]

    def feed(self, data: bytes) -> list[AnyFrame]:
        """Return the answers that these bytes complete."""
        return list(map(self._advance, self._decoder.feed(data)))

    def idle(self) -> list[AnyFrame]:
        """Return the answers that the silence of the line ends."""
        return list(map(self._advance, self._decoder.idle()))

    def _advance(self, frame: AnyFrame) -> AnyFrame:
        """Choose the next request by an answer; return what the answer means for the round."""
        if not isinstance(frame, BadFrame):
            self._other_requests = ()
        is_last_request = self._index == len(self._cycle.requests) - 1
        if self._cycle.alternating:
            return self._alternate(frame)
        if frame is Signal.GO_ON and is_last_request:
            frame = BadFrame(Fault.FRAMING)
            self._index = 0
        elif frame is Signal.GO_ON:
            self._index += 1
        elif isinstance(frame, Frame) or frame in _FINAL_ANSWERS:
            self._index = 0
        return frame

    def _alternate(self, frame: AnyFrame) -> AnyFrame:
        """Keep asking for the kind of card that is there; without one ask for the next kind."""
        if isinstance(frame, Frame):
            self._no_card_answers = 0
        if frame is not Signal.NO_CARD:
            return frame
        count = len(self._cycle.requests)
        self._index = (self._index + 1) % count
        self._no_card_answers = (self._no_card_answers + 1) % count
        return Signal.GO_ON if self._no_card_answers else frame


def alternating_requests(*requests: bytes) -> RequestCycle:
    """Return a cycle that asks for one kind of card after the other."""
    return RequestCycle(tuple(requests), alternating=True)


def request_sequence(*requests: bytes, fallback_requests: tuple[bytes, ...] = ()) -> RequestCycle:
    """Return a cycle whose requests lead to one id, one after the other."""
    return RequestCycle(tuple(requests), fallback_requests=fallback_requests)
