"""The driver and its writer on real pseudo-terminals that are slow, stop or go."""

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Iterator
from contextlib import suppress
from queue import Queue

import pytest

from taptill.ui.keys.writer import BEHIND_PIECES, PIECES_MAX, TerminalWriter

WAIT_S = 30.0


@pytest.fixture
def line() -> Iterator[tuple[int, int]]:
    """Open a pseudo-terminal; return the till's end and the person's end."""
    theirs, ours = pty.openpty()
    tty.setraw(ours)
    yield ours, theirs
    with suppress(OSError):
        os.close(theirs)
    # A writer that is still at it would write to whatever gets the number of its end next.
    for thread in threading.enumerate():
        if thread.name == "terminal output":
            thread.join(WAIT_S)
    os.close(ours)


def test_all_is_written_in_order_as_utf_8_and_the_end_is_reported(line: tuple[int, int]) -> None:
    ours, theirs = line
    times_shown: Queue[float] = Queue()
    writer = TerminalWriter(ours, lambda: None)
    writer.start()
    began_s = time.monotonic()
    for piece in ("┌─", "é", "€"):
        writer.write(piece)
    writer.after(times_shown.put)
    assert times_shown.get(timeout=WAIT_S) >= began_s
    assert os.read(theirs, 100) == "┌─é€".encode()
    writer.stop()


@pytest.mark.slow
def test_a_terminal_that_takes_nothing_holds_up_neither_caller_nor_end(
    line: tuple[int, int],
) -> None:
    """Surplus output is dropped, and never reported as shown."""
    ours, _ = line
    times_shown: list[float] = []
    writer = TerminalWriter(ours, lambda: None)
    writer.start()
    for _ in range(PIECES_MAX * 3):
        writer.write("x" * 65_536)
    writer.after(times_shown.append)
    ends = threading.Thread(target=writer.stop, daemon=True)
    ends.start()
    ends.join(WAIT_S)
    assert not ends.is_alive()
    assert times_shown == []


def test_after_pieces_were_dropped_a_whole_picture_is_asked_for(line: tuple[int, int]) -> None:
    ours, theirs = line
    loss = threading.Event()
    writer = TerminalWriter(ours, loss.set)
    writer.start()
    for _ in range(PIECES_MAX * 3):
        writer.write("x" * 65_536)
    assert not loss.is_set()
    end_s = time.monotonic() + WAIT_S
    while not loss.is_set() and time.monotonic() < end_s:
        if select.select([theirs], [], [], 0.05)[0]:
            os.read(theirs, 1_000_000)
    assert loss.is_set()
    writer.stop()


def test_nothing_counts_as_shown_between_dropped_pieces_and_the_whole_picture(
    line: tuple[int, int],
) -> None:
    """There is room again before the loss is reported; what is behind a gap was not seen."""
    ours, theirs = line
    loss = threading.Event()
    times_shown: list[float] = []
    writer = TerminalWriter(ours, loss.set)
    writer.start()
    for _ in range(PIECES_MAX * 3):
        writer.write("x" * 65_536)
    end_s = time.monotonic() + WAIT_S
    while writer._pieces.qsize() >= PIECES_MAX and time.monotonic() < end_s:
        os.read(theirs, 4096)
    assert not loss.is_set()
    writer.after(times_shown.append)
    while not loss.is_set() and time.monotonic() < end_s:
        if select.select([theirs], [], [], 0.05)[0]:
            os.read(theirs, 1_000_000)
    assert loss.is_set()
    writer.stop()
    assert times_shown == []


@pytest.mark.slow
def test_a_terminal_is_behind_until_it_has_taken_most_of_what_waits(line: tuple[int, int]) -> None:
    ours, theirs = line
    writer = TerminalWriter(ours, lambda: None)
    writer.start()
    for _ in range(BEHIND_PIECES + 1):  # the thread may have taken one
        writer.write("x" * 65_536)
        writer.after(lambda _: None)
    assert writer.is_behind
    end_s, is_behind = time.monotonic() + WAIT_S, True
    while is_behind and time.monotonic() < end_s:
        is_behind = writer.is_behind
        if select.select([theirs], [], [], 0.05)[0]:
            os.read(theirs, 1_000_000)
    assert not is_behind
    writer.stop()


def test_a_terminal_that_is_gone_is_written_to_in_vain(line: tuple[int, int]) -> None:
    ours, theirs = line
    times_shown: list[float] = []
    writer = TerminalWriter(ours, lambda: None)
    writer.start()
    os.close(theirs)
    writer.write("x")
    writer.after(times_shown.append)
    writer.stop()
    assert not writer._thread.is_alive()
    assert times_shown == []
