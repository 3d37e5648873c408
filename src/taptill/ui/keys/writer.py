"""The thread that writes to the terminal, and reports when the terminal has taken the output."""

import os
import termios
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from time import monotonic

PIECES_MAX = 64
"""A frame is one piece. For a terminal that is so far behind, further pieces are dropped, and the
whole screen is painted again later."""

BEHIND_PIECES = 4
"""Two pictures, each with the question when the terminal has taken it."""

STOP_S_MAX = 1.0

Piece = str | Callable[[float], object] | None


class TerminalWriter:
    """Writes UTF-8 to a terminal in a thread, so that a slow one never blocks the caller.

    `on_loss` is called, in the thread, once there is room again after pieces had to be dropped.
    """

    def __init__(self, fileno: int, on_loss: Callable[[], object]) -> None:
        self._fileno = fileno
        self._is_terminal = os.isatty(fileno)
        self._on_loss = on_loss
        self._pieces: SimpleQueue[Piece] = SimpleQueue()
        self._dropped = False
        self._gone = False
        self._thread = Thread(target=self._run, name="terminal output", daemon=True)

    @property
    def is_behind(self) -> bool:
        """Return whether so much output waits that a further picture would only come later."""
        return self._pieces.qsize() >= BEHIND_PIECES

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def write(self, text: str) -> None:
        """Queue a piece of output."""
        self._put(text)

    def after(self, callback: Callable[[float], object]) -> None:
        """Call `callback` with the time at which the terminal has taken all output so far.

        It is called in the thread; the time is in monotonic seconds. It is never called where
        pieces were dropped before and `on_loss` was not called yet: the picture has a gap.
        """
        if not self._dropped:
            self._put(callback)

    def stop(self) -> None:
        """Write what is queued, for at most STOP_S_MAX, and end the thread."""
        self._pieces.put(None)
        self._thread.join(STOP_S_MAX)

    def _put(self, piece: Piece) -> None:
        if self._pieces.qsize() < PIECES_MAX:
            self._pieces.put(piece)
        else:
            self._dropped = True

    def _run(self) -> None:
        texts: list[str] = []  # those queued directly after one another are written in one call
        while (piece := self._pieces.get()) is not None:
            if isinstance(piece, str):
                texts.append(piece)
                if not self._pieces.empty() and len(texts) < PIECES_MAX:
                    continue
            self._write(texts)
            if callable(piece) and not self._gone:
                self._drain()
                piece(monotonic())
            if self._dropped and self._pieces.empty():
                self._dropped = False
                self._on_loss()
        self._write(texts)

    def _write(self, texts: list[str]) -> None:
        octets = "".join(texts).encode("utf-8", "replace")
        texts.clear()
        try:
            while octets and not self._gone:
                octets = octets[os.write(self._fileno, octets) :]
        except OSError:
            self._gone = True  # the reading side ends the program

    def _drain(self) -> None:
        """Wait until a serial line has sent all output; other terminals have it already."""
        if not self._is_terminal:  # lines may go into a pipe
            return
        try:
            termios.tcdrain(self._fileno)
        except termios.error:
            self._gone = True
