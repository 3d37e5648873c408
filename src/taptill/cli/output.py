"""A path in, a whole file there or none out."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from taptill.domain.errors import UsageError


@contextmanager
def written(path: Path) -> Iterator[IO[str]]:
    """Write a text file that is there, synced, only once it is whole; UsageError where it cannot.

    The file is for its owner alone: it may hold what customers bought.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with _opened(partial) as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
    except OSError as fault:
        raise UsageError(problem=f"{path} cannot be written: {fault.strerror}") from fault
    finally:
        partial.unlink(missing_ok=True)


def _opened(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", newline="")
