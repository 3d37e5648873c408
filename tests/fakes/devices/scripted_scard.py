"""A PC/SC service that returns scripted codes, for faults that no virtual reader has."""

import time
from collections.abc import Sequence

READER = "Told Reader 00 00"
NO_CARD, CARD_PRESENT = 0x10, 0x10020
_SUCCESS = 0

_States = tuple[int, list[tuple[str, int, list[int]]]]


class ScriptedScard:
    """The calls that the driver makes; each succeeds unless `codes` has another code for it.

    The second status has a card, which answers `answer`.
    """

    def __init__(
        self,
        codes: dict[str, int] | None = None,
        names: Sequence[str] = (READER,),
        states: Sequence[int] = (NO_CARD, CARD_PRESENT),
        answer: bytes = b"\xa1\xb2\xc3\xd4\x90\x00",
    ) -> None:
        self.open_contexts = 0
        self._codes = codes or {}
        self._names = list(names)
        self._states = list(states)
        self.answer = answer

    def SCardEstablishContext(self, _: int) -> list[int]:  # noqa: N802 - PC/SC's own names
        """Count the context."""
        code = self._code("SCardEstablishContext")
        self.open_contexts += code == _SUCCESS
        return [code, 1]

    def SCardReleaseContext(self, _: int) -> int:  # noqa: N802
        """Count the context."""
        self.open_contexts -= 1
        return _SUCCESS

    def SCardListReaders(self, *_: object) -> tuple[int, list[str]]:  # noqa: N802
        """Return the names of the readers."""
        return self._code("SCardListReaders"), self._names

    def SCardGetStatusChange(self, _: int, wait_ms: int, __: object) -> _States:  # noqa: N802
        """Return the next state; the last one for ever, each time after the wait."""
        if len(self._states) == 1:
            time.sleep(wait_ms / 1000)
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        return self._code("SCardGetStatusChange"), [(READER, state, [])]

    def SCardConnect(self, *_: object) -> list[int]:  # noqa: N802
        """Connect to the card, unless scripted otherwise."""
        return [self._code("SCardConnect"), 1, 2]

    def SCardTransmit(self, *_: object) -> tuple[int, list[int]]:  # noqa: N802
        """Return the card's answer."""
        return self._code("SCardTransmit"), list(self.answer)

    def SCardCancel(self, _: int) -> int:  # noqa: N802
        """Do nothing: no wait is long."""
        return _SUCCESS

    def SCardDisconnect(self, *_: object) -> int:  # noqa: N802
        """Disconnect from the card."""
        return _SUCCESS

    def _code(self, call: str) -> int:
        return self._codes.get(call, _SUCCESS)
