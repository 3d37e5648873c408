"""Lines of commands on a terminal: broken between words, and whole for a script."""

import os
import textwrap
from typing import TextIO


def in_columns(line: str, stream: TextIO, hanging: int = 0) -> str:
    """Return a line broken between its words to the width of a terminal, `hanging` columns in.

    A path or a command is never broken. What goes into a file or a pipe stays one line.
    """
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # no terminal
        return line
    return textwrap.fill(
        line,
        columns or len(line),  # a serial console says none
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
