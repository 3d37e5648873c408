"""Device nodes of the system: their identity, who holds them, and what an error at one means."""

import errno
import grp
import os
import termios
from contextlib import suppress
from pathlib import Path

from taptill.domain.errors import ReaderError
from taptill.domain.tap import ReaderState
from taptill.readers.device import reader_error

_STATES = {
    errno.ENOENT: ReaderState.MISSING,
    errno.ENODEV: ReaderState.MISSING,
    errno.ENXIO: ReaderState.MISSING,
    errno.EIO: ReaderState.MISSING,
    errno.EACCES: ReaderState.DENIED,
    errno.EPERM: ReaderState.DENIED,
    errno.EAGAIN: ReaderState.BUSY,
    errno.EBUSY: ReaderState.BUSY,
}


def is_path(port: str) -> bool:
    """Return whether a port is a path on this machine; otherwise it is a URL."""
    return "://" not in port


def device_identity(path: str) -> object:
    """Return a value that identifies the device at a path, None if there is none.

    Another device behind the same link has another identity.
    """
    try:
        link, device = os.lstat(path), os.stat(path)  # noqa: PTH116 - no Path for each look
    except OSError:
        return None
    return link.st_ino, device.st_rdev, device.st_ctime_ns


def opening_error(reader: str, port: str, error: Exception) -> ReaderError:
    """Return the error for a port that cannot be opened; its detail is the port or its holder."""
    # The error for a network peer that cannot be reached has no errno.
    default_state = ReaderState.FAULTY if is_path(port) else ReaderState.MISSING
    state = _STATES.get(_errno_of(error), default_state)
    holder = holder_of(port) if state is ReaderState.BUSY else ""
    return reader_error(reader, state, holder or port)


def _errno_of(error: Exception) -> int:
    if isinstance(error, OSError):
        return error.errno or 0
    return int(error.args[0]) if isinstance(error, termios.error) else 0


def holder_of(port: str, *, besides_us: bool = False) -> str:
    """Return the program that has the port open; empty if this account may not see it.

    `besides_us`: this process does not count.
    """
    device = os.path.realpath(port)
    own_name = str(os.getpid()) if besides_us else ""
    for process in Path("/proc").glob("[0-9]*"):
        if process.name == own_name:
            continue
        with suppress(OSError):  # a process may end while we look
            if any(_leads_to(link, device) for link in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text('utf-8').strip()} ({process.name})"
    return ""


def group_of(path: str) -> str:
    """Return the name of a device's group; empty where that is root, or the device is gone."""
    with suppress(OSError, KeyError):  # a group may have no name
        group_id = os.stat(path).st_gid  # noqa: PTH116 - a port may be no path
        return grp.getgrgid(group_id).gr_name if group_id else ""
    return ""


def _leads_to(link: Path, device: str) -> bool:
    with suppress(OSError):
        return str(link.readlink()) == device
    return False
