"""Files that are whole or not there at all, and that a loss of power does not take back."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from taptill.domain.errors import OutputError


def sync_to_disk(path: Path) -> None:
    """Wait until a file, or a folder with the names in it, is on the disk; raises OSError.

    A new file's name is safe only once its folder was synced.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def atomic_write(path: Path) -> Iterator[TextIOWrapper]:
    """Write a UTF-8 file beside its place, sync it and rename it: nobody ever sees half of one.

    Only its owner may read it, as it may tell what customers bought. Errors: OutputError.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        raw = os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        with TextIOWrapper(raw, "utf-8", newline="") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
    except OSError as fault:
        raise OutputError(path=path, detail=fault.strerror) from fault
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    with suppress(OSError):  # not every file system syncs a folder
        sync_to_disk(path.parent)


def unsynced_write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a UTF-8 file beside its place and rename it: nobody sees half of one.

    It is not synced: a loss of power may take it back, or leave it empty. It is for what is written
    again soon, and for folders in memory. `mode` is the file's, whatever the umask. Errors:
    OutputError.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as target:
            target.write(text)
            os.fchmod(target.fileno(), mode)
        partial.replace(path)
    except OSError as fault:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise OutputError(path=path, detail=fault.strerror) from fault
