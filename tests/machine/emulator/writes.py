"""What a disk holds after a power cut: the log of a run's writes, and which of them survived.

QEMU's `blklogwrites` writes the log in the format of Linux' dm-log-writes: a head, then for each
write one sector with its place and kind, and the octets that were written.
"""

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_MAGIC = 0x6A736677736872
_HEAD = struct.Struct("<QQQI")
_ENTRY = struct.Struct("<QQQQ")
_FLUSH, _DISCARD = 1, 4


class NoLogError(Exception):
    """The log has no head: the machine was never switched on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedWrite:
    """One write, flush or discard: octets on the disk, and where the log has what was written."""

    disk_at: int
    size: int
    log_at: int
    is_flush: bool
    is_discard: bool

    @property
    def has_octets(self) -> bool:
        """Whether the log holds something that belongs onto the disk."""
        return self.size > 0 and not self.is_discard


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """How many writes a run made, how many of them were never flushed, and how many are lost."""

    writes: int
    unflushed: int
    lost: int


def count_writes(path: Path) -> int:
    """Return how many writes and flushes a log has by now, while QEMU goes on writing it."""
    with path.open("rb") as log:
        magic, _, count, _ = _HEAD.unpack(log.read(_HEAD.size))
    return int(count) if magic == _MAGIC else 0


def read_log(path: Path) -> Iterator[LoggedWrite]:
    """Yield the writes of a run in their order. Errors: NoLogError."""
    with path.open("rb") as log:
        magic, _, count, sector = _HEAD.unpack(log.read(_HEAD.size))
        if magic != _MAGIC:
            raise NoLogError(str(path))
        place = sector
        for _ in range(count):
            log.seek(place)
            disk_sector, sectors, flags, _ = _ENTRY.unpack(log.read(_ENTRY.size))
            write = LoggedWrite(
                disk_at=disk_sector * sector,
                size=sectors * sector,
                log_at=place + sector,
                is_flush=bool(flags & _FLUSH),
                is_discard=bool(flags & _DISCARD),
            )
            yield write
            place = write.log_at + (0 if write.is_discard else write.size)


def replay(log_path: Path, disk_path: Path, seed: int | None, until: int | None = None) -> Survival:
    """Write into the disk what survived a cut: all up to the last flush, and of the rest half.

    Which half, the seed says, whatever the order of the writes; without one nothing of the rest.
    `until` puts the cut after so many writes and flushes; what the log has later was not made.
    """
    writes = list(islice(read_log(log_path), until))
    last_flush = max((at for at, write in enumerate(writes) if write.is_flush), default=-1)
    is_kept = _coin(seed)
    lost = 0
    with disk_path.open("r+b") as disk, log_path.open("rb") as log:
        for number, write in enumerate(writes):
            if number > last_flush and not is_kept():
                lost += 1
            elif write.has_octets:
                log.seek(write.log_at)
                disk.seek(write.disk_at)
                disk.write(log.read(write.size))
    return Survival(writes=len(writes), unflushed=len(writes) - 1 - last_flush, lost=lost)


def _coin(seed: int | None) -> Callable[[], bool]:
    if seed is None:
        return lambda: False
    numbers = random.Random(seed)
    return lambda: numbers.random() >= 0.5
