"""How much of a long work is done in, a bar on the terminal out; nothing where it is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def progress_bar(label: str, length: int) -> Iterator[Callable[[int], object]]:
    """Give what is to be told how much more is done; a script and a pipe see none of it."""
    if not sys.stderr.isatty():
        yield lambda _more: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as progress:
        yield progress.update


def size_of(file: Path) -> int:
    """Give a file's bytes; 0 where there is none, which whoever reads it tells."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
