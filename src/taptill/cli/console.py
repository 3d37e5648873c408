"""A Linux console in, one with the till's sixteen colours out, and back as it was at the end."""

import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

_KDGETMODE = 0x4B3B
"""The call that only a virtual console answers, linux/kd.h."""

RESET = "\x1b]R"
"""Gives the console's own colours back, console_codes(4)."""


def palette(colours: Sequence[str]) -> str:
    """Give what sets the sixteen slots to these `#rrggbb`, console_codes(4).

    The sequence has no end mark: other terminals would swallow what follows it.
    """
    return "".join(f"\x1b]P{slot:X}{colour[1:]}" for slot, colour in enumerate(colours))


def is_console(stream: TextIO) -> bool:
    """Tell a virtual console of the kernel from every other terminal, whatever TERM says."""
    try:
        fcntl.ioctl(stream.fileno(), _KDGETMODE, bytes(8))
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def in_colours(colours: Sequence[str], stream: TextIO | None = None) -> Iterator[None]:
    """Let a console have these colours until the block ends; other terminals keep theirs."""
    target = stream or sys.stderr
    if not (colours and is_console(target)):
        yield
        return
    target.write(palette(colours))
    target.flush()
    try:
        yield
    finally:
        target.write(RESET)
        target.flush()
