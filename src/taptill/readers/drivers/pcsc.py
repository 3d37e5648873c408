"""A reader that pcscd serves; each card is asked for its UID once, when it is inserted.

While the card lies there, its frame is repeated from memory, as if the reader were polled. For
pcscd a card that lost contact for a moment is a new card: it is asked again, but it is reported as
removed only after `hold_ms` without any card, and no less than `EMPTY_S_MIN`.
"""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from threading import Lock, Thread
from typing import Any

from smartcard import scard

from taptill.domain.tap import ReaderState
from taptill.readers.device import READ_S_MAX, ReaderSettings, reader_error
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.polling import POLL_S

SERVICE = "pcscd"
TRIES = 2
RETRY_S = 0.5
"""pcscd reports a removal within 0.4 s; if it still reports a card then, a card is there."""

EMPTY_S_MIN = 0.9
"""pcscd polls every 0.4 s: a card that lost contact for 1 ms is reported as absent for 0.5 s."""

_GET_UID = [0xFF, 0xCA, 0x00, 0x00, 0x00]
"""GET DATA of PC/SC part 3, 3.2.2.1.3, which the reader answers, whatever the card is."""

_DONE = [0x90, 0x00]
_COUNT_BITS = 16
"""The upper half of a reader's state counts the cards that were inserted and removed."""

_GONE_STATES = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE
_PROTOCOLS = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
_REFUSALS = (scard.SCARD_W_SECURITY_VIOLATION, scard.SCARD_E_NO_ACCESS)
_WAITED = (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED)
_CODE_MEANINGS: dict[int, tuple[ReaderState, str | None]] = {
    scard.SCARD_E_NO_SERVICE: (ReaderState.FAULTY, SERVICE),
    scard.SCARD_E_SERVICE_STOPPED: (ReaderState.FAULTY, SERVICE),
    scard.SCARD_E_INVALID_HANDLE: (ReaderState.FAULTY, SERVICE),
    scard.SCARD_F_COMM_ERROR: (ReaderState.FAULTY, SERVICE),
    scard.SCARD_W_SECURITY_VIOLATION: (ReaderState.DENIED, None),
    scard.SCARD_E_NO_ACCESS: (ReaderState.DENIED, None),
    scard.SCARD_E_SHARING_VIOLATION: (ReaderState.BUSY, ""),  # pcscd does not say who it is
    scard.SCARD_E_UNKNOWN_READER: (ReaderState.LOST, None),
    scard.SCARD_E_READER_UNAVAILABLE: (ReaderState.LOST, None),
}
"""Codes about the reader or its service: what state they mean, and the detail (None: the port)."""


@dataclass(slots=True)
class _InsertedCard:
    event_count: int
    next_try_s: float
    tries: int = TRIES
    frame: Frame | None = None


class PcscReader:
    """A device over pyscard; `api` has the functions of `smartcard.scard`."""

    def __init__(self, settings: ReaderSettings, api: Any = scard) -> None:
        self._settings = settings
        self._hold_s = max(EMPTY_S_MIN, settings.hold_ms / 1000)
        self._api = api
        self._lock = Lock()
        self._context: Any = None
        self._reader = ""
        self._state: int = scard.SCARD_STATE_UNAWARE
        self._card: _InsertedCard | None = None
        self._empty_s = 0.0

    def open(self) -> None:
        """Find the reader by a part of its name. Errors: ReaderError."""
        code, context = self._api.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        self._check(code)
        with self._lock:
            self._context = context
        self._reader = self._find_reader()
        self._state, self._card = scard.SCARD_STATE_UNAWARE, None
        self._empty_s = time.monotonic()
        self._wait(0)

    def read(self) -> list[AnyFrame]:
        """Wait until a card comes or goes; return its frame. Asking a card may take long."""
        self._state = self._wait(self._wait_time_s())
        count, now_s = self._state >> _COUNT_BITS, time.monotonic()
        if not self._state & scard.SCARD_STATE_PRESENT:
            if self._card:
                self._card, self._empty_s = None, now_s
            return [Signal.REMOVED] if now_s - self._empty_s >= self._hold_s else []
        if not self._card or self._card.event_count != count:
            self._card = _InsertedCard(count, now_s)
        return self._report_card(self._card, now_s)

    def interrupt(self) -> None:
        """Wake the thread that waits.

        The call has a thread of its own, as a service that hangs would block it.
        """
        Thread(target=self._cancel, name="pcsc-cancel", daemon=True).start()

    def close(self) -> None:
        """Release the context, and with it the connection to the service."""
        with self._lock:
            context, self._context = self._context, None
            if context is not None:
                self._api.SCardReleaseContext(context)

    def _cancel(self) -> None:
        with self._lock:
            if self._context is not None:
                self._api.SCardCancel(self._context)

    def _find_reader(self) -> str:
        code, names = self._api.SCardListReaders(self._context, [])
        if code != scard.SCARD_E_NO_READERS_AVAILABLE:
            self._check(code)
        port = self._settings.port
        matches = matching_readers(port, names)
        if not matches:
            raise reader_error(self._settings.name, ReaderState.MISSING, port)
        if len(matches) > 1:
            raise reader_error(self._settings.name, ReaderState.FAULTY, ", ".join(matches))
        return matches[0]

    def _wait(self, wait_s: float) -> int:
        """Return the reader's state once it changes or the time is over. Errors: ReaderError."""
        wait_ms = ceil(wait_s * 1000)
        query = [(self._reader, self._state)]
        code, answer = self._api.SCardGetStatusChange(self._context, wait_ms, query)
        if code in _WAITED:
            return self._state
        self._check(code)
        state = int(answer[0][1])
        if state & _GONE_STATES:
            self._check(scard.SCARD_E_UNKNOWN_READER)
        if state & scard.SCARD_STATE_EXCLUSIVE:
            self._check(scard.SCARD_E_SHARING_VIOLATION)
        return state

    def _wait_time_s(self) -> float:
        """Return for how long there is nothing to do unless the state changes."""
        if not self._card:
            return min(self._hold_s, READ_S_MAX)
        if self._card.tries:
            return min(max(0.0, self._card.next_try_s - time.monotonic()), READ_S_MAX)
        return POLL_S

    def _report_card(self, card: _InsertedCard, now_s: float) -> list[AnyFrame]:
        """Return the card's frame, from memory or by asking the card; none between two tries."""
        if card.frame:
            return [card.frame]
        if not card.tries or now_s < card.next_try_s:
            return []
        card.tries -= 1
        card.frame = self._read_uid()
        if card.frame:
            card.tries = 0
            return [card.frame]
        card.next_try_s = time.monotonic() + RETRY_S
        return [] if card.tries else [BadFrame(Fault.READER_ERROR)]

    def _read_uid(self) -> Frame | None:
        """Ask the card for its UID; None if it refuses, does not answer, or was taken away."""
        code, card, protocol = self._api.SCardConnect(
            self._context,
            self._reader,
            scard.SCARD_SHARE_SHARED,
            _PROTOCOLS,
        )
        answer: list[int] = []
        if code == scard.SCARD_S_SUCCESS:
            code, answer = self._api.SCardTransmit(card, protocol, _GET_UID)
            self._api.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        if code in _CODE_MEANINGS:
            self._check(code)
        # Any other code is about the card.
        uid = answer[:-2] if code == scard.SCARD_S_SUCCESS and answer[-2:] == _DONE else []
        return Frame(bytes(uid).hex().upper()) if uid else None

    def _check(self, code: int) -> None:
        """Raise ReaderError for any code but success."""
        if code == scard.SCARD_S_SUCCESS:
            return
        state, detail = _CODE_MEANINGS.get(code, (ReaderState.FAULTY, None))
        port = self._settings.port
        raise reader_error(self._settings.name, state, port if detail is None else detail)


def matching_readers(port: str, names: Sequence[str]) -> list[str]:
    """Return the readers that a port means: those of that name, else all with it in their name."""
    folded_port = port.casefold()
    exact_matches = [name for name in names if name.casefold() == folded_port]
    return exact_matches or [name for name in names if folded_port in name.casefold()]


def shortest_unique_name(name: str, names: Sequence[str]) -> str:
    """Return the shortest port that means this reader alone.

    The two numbers at the end of a name change with the place where the reader is plugged in.
    """
    short = re.sub(r"( \d\d){2}$", "", name)
    return short if matching_readers(short, names) == [name] else name


def is_refused(port: str, api: Any = scard) -> bool:
    """Return whether pcscd refuses this account: its service, or the cards at this reader.

    It may allow the one and not the other, and refuses a connection before it looks for a card.
    """
    code, context = api.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return code in _REFUSALS
    try:
        _, names = api.SCardListReaders(context, [])
        for name in matching_readers(port, names):
            code, card, _ = api.SCardConnect(context, name, scard.SCARD_SHARE_SHARED, _PROTOCOLS)
            if code in _REFUSALS:
                return True
            if code == scard.SCARD_S_SUCCESS:
                api.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        return False
    finally:
        api.SCardReleaseContext(context)


def list_readers() -> list[str]:
    """Return the names of all readers that pcscd serves; none where it does not answer."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return []
    code, names = scard.SCardListReaders(context, [])
    scard.SCardReleaseContext(context)
    return list(names) if code == scard.SCARD_S_SUCCESS else []
