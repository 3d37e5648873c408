"""The thread that reads a terminal's keys with the times at which they were pressed.

It notes the time of each read, and gives the bytes to the decoder; each read becomes one call with
its keys. It reads the clock at least every `LOOK_S`. If it is late by `LATE_S`, the program was
stalled, and nobody knows when the keys that it finds were pressed; such keys carry the time of the
previous reading of the clock as well. End of file or an error means that the terminal has gone.
"""

import fcntl
import logging
import os
import select
import termios
import tty
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from time import monotonic
from typing import Any

from taptill.checkout.keys.key import NO_KEY, Key
from taptill.ui.keys.decoder import PENDING_S, Decoded, Dropped, Press, TerminalKeyDecoder

LOOK_S = 0.1
LATE_S = 0.1
"""A thread that wakes so much later than it asked for was stalled, and the program with it."""

READ_BYTES_MAX = 4096
LOG_EVERY_S = 60.0
STOP_S_MAX = 1.0

TerminalSettings = list[Any]
"""What `termios.tcgetattr` returns."""

_KDGKBTYPE = 0x4B33
"""The kernel's question for the type of keyboard, ioctl_console(2): only its consoles have one."""

_log = logging.getLogger("taptill.keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCallbacks:
    """What the thread calls, in itself.

    `on_look` is called at each reading of the clock. `takes_sequence` is called with each control
    sequence that is of no key, and when it was read; what it takes, by returning True, is no
    input to the till.
    """

    on_keys: Callable[[tuple[Key, ...]], object]
    on_gone: Callable[[], object]
    on_look: Callable[[], object] = lambda: None
    takes_sequence: Callable[[bytes, float], bool] = lambda _, __: False


class KeyReader:
    """Reads the keys of one terminal; `console`: it says that it is the Linux console.

    `has_console_keypad`: it is, with the keypad codes of its own. A serial line or tmux may say so,
    too, and sends F1 to F4 as those codes.
    """

    def __init__(self, fileno: int, callbacks: KeyCallbacks, *, console: bool) -> None:
        self._fileno = fileno
        self._callbacks = callbacks
        self.has_console_keypad = console and _is_virtual_console(fileno)
        self._stop_ours, self._stop_theirs = os.pipe()
        self._dropped: Counter[str] = Counter()
        self._logged_s = -LOG_EVERY_S
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = Thread(target=self._read, name="terminal input", daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        """End the thread; keys that were not read are dropped. Return False where none ran."""
        thread, self._thread = self._thread, None
        if thread is None:
            return False
        os.write(self._stop_theirs, b"\n")
        thread.join(STOP_S_MAX)
        with suppress(termios.error):
            termios.tcflush(self._fileno, termios.TCIFLUSH)
        return True

    def close(self) -> None:
        """Close the pipe, after `stop`."""
        for end in (self._stop_ours, self._stop_theirs):
            os.close(end)

    def _read(self) -> None:
        decoder = TerminalKeyDecoder(console=self.has_console_keypad)
        try:
            self._read_until_stopped(decoder)
        except OSError:
            self._callbacks.on_gone()
        except Exception:  # noqa: BLE001 - thread top: without keys the till is of no use
            _log.exception("keys.fault")
            self._callbacks.on_gone()

    def _read_until_stopped(self, decoder: TerminalKeyDecoder) -> None:
        lines = select.poll()
        lines.register(self._fileno, select.POLLIN)
        lines.register(self._stop_ours, select.POLLIN)
        looked_s = monotonic()
        while True:
            wait_s = PENDING_S if decoder.waits else LOOK_S
            ready = dict(lines.poll(wait_s * 1000))
            now_s = monotonic()
            since_s = looked_s if now_s - looked_s > wait_s + LATE_S else now_s
            looked_s = now_s
            self._callbacks.on_look()
            if self._stop_ours in ready:
                return
            decoded = decoder.idle(now_s) if not ready else decoder.feed(self._bytes(), now_s)
            self._hand_over(decoded, now_s, since_s)

    def _bytes(self) -> bytes:
        octets = os.read(self._fileno, READ_BYTES_MAX)
        if not octets:
            raise OSError  # end of file: the other side has hung up
        return octets

    def _hand_over(self, decoded: Sequence[Decoded], now_s: float, since_s: float) -> None:
        late_s = now_s - since_s
        takes = self._callbacks.takes_sequence
        left = [
            item
            for item in decoded
            if not (isinstance(item, Dropped) and takes(item.answer, item.at_s))
        ]
        keys = tuple(
            Key(item.name if isinstance(item, Press) else NO_KEY, item.at_s, item.at_s - late_s)
            for item in left
        )
        if keys:
            self._callbacks.on_keys(keys)
        self._note([item for item in left if isinstance(item, Dropped)], now_s)

    def _note(self, dropped_items: Sequence[Dropped], now_s: float) -> None:
        """Log how much of each kind was dropped, never its text: it may be a card's number."""
        self._dropped.update(item.junk.value for item in dropped_items)
        if self._dropped and now_s - self._logged_s >= LOG_EVERY_S:
            _log.info("keys.dropped", extra=dict(self._dropped))
            self._dropped.clear()
            self._logged_s = now_s


def settings_of(fileno: int) -> TerminalSettings | None:
    """Return a terminal's settings; None where there is no terminal any more."""
    with suppress(termios.error):
        return termios.tcgetattr(fileno)
    return None


def take_keys(fileno: int) -> None:
    """Let a terminal give each key at once, and none a meaning of its own, such as ctrl+c."""
    with suppress(termios.error):
        settings = termios.tcgetattr(fileno)
        settings[tty.IFLAG] &= ~(
            termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR
        )
        settings[tty.IFLAG] &= ~termios.ISTRIP
        settings[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        settings[tty.CC][termios.VMIN] = 1
        settings[tty.CC][termios.VTIME] = 0
        termios.tcsetattr(fileno, termios.TCSANOW, settings)


def give_back(fileno: int, settings: TerminalSettings | None) -> None:
    """Restore a terminal's settings."""
    if settings is not None:
        with suppress(termios.error):
            termios.tcsetattr(fileno, termios.TCSANOW, settings)


def _is_virtual_console(fileno: int) -> bool:
    """Return whether a terminal is one of the kernel's own consoles."""
    try:
        fcntl.ioctl(fileno, _KDGKBTYPE, b"\0")
    except OSError:
        return False
    return True
