"""The sixteen colours of a Linux virtual console, set for the till and restored at the end."""

import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

_KDGETMODE = 0x4B3B
"""The ioctl that only a virtual console answers, linux/kd.h."""

RESET = "\x1b]R"
"""The sequence that restores the console's own colours, console_codes(4)."""


def palette(colours: Sequence[str]) -> str:
    """Return the sequence that sets the sixteen colours to these `#rrggbb`, console_codes(4).

    The sequence has no end mark: other terminals would swallow the text that follows it.
    """
    return "".join(f"\x1b]P{slot:X}{colour[1:]}" for slot, colour in enumerate(colours))


def is_console(stream: TextIO) -> bool:
    """Return whether a stream is a virtual console of the kernel, whatever TERM says."""
    try:
        fcntl.ioctl(stream.fileno(), _KDGETMODE, bytes(8))
    except (OSError, ValueError):
        return False
    return True


@contextmanager
def in_colours(colours: Sequence[str], stream: TextIO | None = None) -> Iterator[None]:
    """Give a console these colours until the block ends; leave other terminals as they are."""
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
