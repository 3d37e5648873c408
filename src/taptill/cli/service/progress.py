"""A progress bar on the terminal; nothing where standard error is no terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def progress_bar(label: str, length: int) -> Iterator[Callable[[int], object]]:
    """Yield a function to call with the amount of further progress; pipes see nothing of it."""
    if not sys.stderr.isatty():
        yield lambda _more: None
        return
    with click.progressbar(length=length, label=label, file=sys.stderr) as progress:
        yield progress.update


def size_of(file: Path) -> int:
    """Return a file's size in bytes; 0 if it is missing, which reading it will report."""
    try:
        return file.stat().st_size
    except OSError:
        return 0
