"""A reader that pcscd serves in, frames out: each card is asked for its UID once, when it has come.

Then it is told from memory for as long as it lies there, as if it were polled. For pcscd one that
was out of contact for a moment is a new one: it is asked anew, but only `hold_ms` without any, and
no less than `EMPTY_S_MIN`, is told as a card that has left.
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
"""pcscd notices a card that was taken away within 0.4 s: a second try that late means one there."""

EMPTY_S_MIN = 0.9
"""pcscd looks every 0.4 s: of a card out of contact for 1 ms it says for 0.5 s that it is gone."""

_GET_UID = [0xFF, 0xCA, 0x00, 0x00, 0x00]
"""GET DATA of PC/SC part 3, 3.2.2.1.3: the reader answers it, whatever card it is."""

_DONE = [0x90, 0x00]
_COUNT_BITS = 16
"""pcscd counts cards that come and go in the upper half of a reader's state."""

_GONE_STATES = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE | scard.SCARD_STATE_IGNORE
_WAITED = (scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED)
_TROUBLES: dict[int, tuple[ReaderState, str | None]] = {
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
"""Codes that speak of the reader or its service, whatever was asked; None names the port."""


@dataclass(slots=True)
class _InsertedCard:
    event_count: int
    next_try_s: float
    tries: int = TRIES
    frame: Frame | None = None


class PcscReader:
    """A device over pyscard; `api` stands for the functions of `smartcard.scard`."""

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
        """Find the reader by a part of its name; nobody else may have it alone."""
        code, context = self._api.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        self._check(code)
        with self._lock:
            self._context = context
        self._reader = self._find_reader()
        self._state, self._card = scard.SCARD_STATE_UNAWARE, None
        self._empty_s = time.monotonic()
        self._wait(0)

    def read(self) -> list[AnyFrame]:
        """Wait until a card comes or goes; the question to one may take as long as it likes."""
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
        """Wake the thread that waits; a service that hangs would let the caller hang, too."""
        Thread(target=self._cancel, name="pcsc-cancel", daemon=True).start()

    def close(self) -> None:
        """Give back the context, and with it the line to the service."""
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
        found = matching_readers(port, names)
        if not found:
            raise reader_error(self._settings.name, ReaderState.MISSING, port)
        if len(found) > 1:
            raise reader_error(self._settings.name, ReaderState.FAULTY, ", ".join(found))
        return found[0]

    def _wait(self, wait_s: float) -> int:
        """Give the reader's state once it is another one, or the time is over."""
        wait_ms = ceil(wait_s * 1000)
        polled = [(self._reader, self._state)]
        code, answer = self._api.SCardGetStatusChange(self._context, wait_ms, polled)
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
        """Tell how long nothing is to be done, if nothing happens."""
        if not self._card:
            return min(self._hold_s, READ_S_MAX)
        if self._card.tries:
            return min(max(0.0, self._card.next_try_s - time.monotonic()), READ_S_MAX)
        return POLL_S

    def _report_card(self, card: _InsertedCard, now_s: float) -> list[AnyFrame]:
        """Ask a card that has just come, or tell it again."""
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
        """Ask the card for its UID; nothing if it does not say, is mute or has been taken away."""
        code, card, protocol = self._api.SCardConnect(
            self._context,
            self._reader,
            scard.SCARD_SHARE_SHARED,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        answer: list[int] = []
        if code == scard.SCARD_S_SUCCESS:
            code, answer = self._api.SCardTransmit(card, protocol, _GET_UID)
            self._api.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        if code in _TROUBLES:
            self._check(code)
        # Any other code speaks of the card.
        uid = answer[:-2] if code == scard.SCARD_S_SUCCESS and answer[-2:] == _DONE else []
        return Frame(bytes(uid).hex().upper()) if uid else None

    def _check(self, code: int) -> None:
        """Raise what a code means, unless all is well."""
        if code == scard.SCARD_S_SUCCESS:
            return
        state, named = _TROUBLES.get(code, (ReaderState.FAULTY, None))
        port = self._settings.port
        raise reader_error(self._settings.name, state, port if named is None else named)


def matching_readers(port: str, names: Sequence[str]) -> list[str]:
    """Give the readers that a port means: the one of that name, else all with it in theirs."""
    wanted = port.casefold()
    whole = [name for name in names if name.casefold() == wanted]
    return whole or [name for name in names if wanted in name.casefold()]


def shortest_unique_name(name: str, names: Sequence[str]) -> str:
    """Give what means this reader alone, without the counts that plugging in elsewhere changes."""
    short = re.sub(r"( \d\d){2}$", "", name)
    return short if matching_readers(short, names) == [name] else name


def list_readers() -> list[str]:
    """Give the names of all readers that pcscd serves; none where it does not answer."""
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    if code != scard.SCARD_S_SUCCESS:
        return []
    code, names = scard.SCardListReaders(context, [])
    scard.SCardReleaseContext(context)
    return list(names) if code == scard.SCARD_S_SUCCESS else []
