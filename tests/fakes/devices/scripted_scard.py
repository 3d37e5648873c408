"""Codes in, a PC/SC service that answers with them out: faults that no virtual reader has."""

import time
from collections.abc import Sequence

READER = "Told Reader 00 00"
NOBODY, LIES = 0x10, 0x10020
_SUCCESS = 0

_States = tuple[int, list[tuple[str, int, list[int]]]]


class ScriptedScard:
    """The calls that the driver makes, each answered well unless `codes` has another answer.

    The second look finds a card, which says `answer`.
    """

    def __init__(
        self,
        codes: dict[str, int] | None = None,
        names: Sequence[str] = (READER,),
        states: Sequence[int] = (NOBODY, LIES),
        answer: bytes = b"\xa1\xb2\xc3\xd4\x90\x00",
    ) -> None:
        self.open_contexts = 0
        self._codes = codes or {}
        self._names = list(names)
        self._states = list(states)
        self.answer = answer

    def SCardEstablishContext(self, _: int) -> list[int]:  # noqa: N802 - PC/SC's own names
        """Count it."""
        code = self._code("SCardEstablishContext")
        self.open_contexts += code == _SUCCESS
        return [code, 1]

    def SCardReleaseContext(self, _: int) -> int:  # noqa: N802
        """Count it."""
        self.open_contexts -= 1
        return _SUCCESS

    def SCardListReaders(self, *_: object) -> tuple[int, list[str]]:  # noqa: N802
        """Give the names."""
        return self._code("SCardListReaders"), self._names

    def SCardGetStatusChange(self, _: int, wait_ms: int, __: object) -> _States:  # noqa: N802
        """Give the next state, the last one for ever, each time after the whole wait."""
        if len(self._states) == 1:
            time.sleep(wait_ms / 1000)
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return self._code("SCardGetStatusChange"), [(READER, state, [])]

    def SCardConnect(self, *_: object) -> list[int]:  # noqa: N802
        """Reach the card, if it answers."""
        return [self._code("SCardConnect"), 1, 2]

    def SCardTransmit(self, *_: object) -> tuple[int, list[int]]:  # noqa: N802
        """Answer as the card."""
        return self._code("SCardTransmit"), list(self.answer)

    def SCardCancel(self, _: int) -> int:  # noqa: N802
        """Let the wait go on."""
        return _SUCCESS

    def SCardDisconnect(self, *_: object) -> int:  # noqa: N802
        """Part from the card."""
        return _SUCCESS

    def _code(self, call: str) -> int:
        return self._codes.get(call, _SUCCESS)
