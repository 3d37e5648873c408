"""Lines of commands on a terminal: broken between words, and whole for a script."""

import os
import re
import textwrap
from typing import TextIO

_QUOTED = re.compile(r"""(?<![^\s`=-])'[^']*'(?:"'"'[^']*')*(?![^\s`;,:.)/])""")
"""A word of a command as a shell wants it; no apostrophe of a sentence begins one."""

_KEPT = {ord(" "): 0xE000}
"""A private character stands for a blank where no line may end."""


def in_columns(line: str, stream: TextIO, hanging: int = 0) -> str:
    """Return a line broken between its words to the width of a terminal, `hanging` columns in.

    A path or a command is never broken. What goes into a file or a pipe stays one line.
    """
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):  # no terminal
        return line
    whole = _QUOTED.sub(lambda found: found[0].translate(_KEPT), line)
    filled = textwrap.fill(
        whole,
        columns or len(line),  # a serial console says none
        subsequent_indent=" " * hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return filled.translate({kept: blank for blank, kept in _KEPT.items()})
