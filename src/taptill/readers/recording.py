"""Writes what a serial reader sent, with its times, to a text file, and reads it back.

The first line names the wire format. Each further line is `SECONDS HEX`: the time since the first
read, and the bytes. Lines that begin with # are comments.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = "# taptill recording, family "
BYTES_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class RecordedRead:
    """The bytes of one read, and the seconds since the recording began."""

    at_s: float
    octets: bytes

    def __str__(self) -> str:
        return f"{self.at_s:.3f} {self.octets.hex().upper()}"


@dataclass(frozen=True, slots=True)
class ReaderRecording:
    """The name of a wire format, and reads in the order of their times."""

    family: str
    reads: tuple[RecordedRead, ...]


def recording_lines(family: str, reads: Iterable[RecordedRead]) -> Iterator[str]:
    """Yield the lines of a recording as the reads come."""
    yield f"{HEADER}{family}\n"
    for read in reads:
        yield f"{read}\n"


def read_recording(path: Path) -> ReaderRecording:
    """Return the recording in a file.

    Raise OSError where the file cannot be read, and ValueError, which names the line that is wrong.
    """
    with path.open("r", encoding="utf-8") as file:
        text = file.read(BYTES_MAX + 1)
    if len(text) > BYTES_MAX:
        raise ValueError(f"{path} is larger than {BYTES_MAX} bytes")
    first, *rest = text.splitlines() or [""]
    if not first.startswith(HEADER):
        raise ValueError(f"{path}: the first line is not '{HEADER}NAME'")
    reads = [
        _parse_read(line, f"{path}, line {number}")
        for number, line in enumerate(rest, 2)
        if line.strip() and not line.startswith("#")
    ]
    return ReaderRecording(first.removeprefix(HEADER).strip(), tuple(sorted(reads, key=_read_time)))


def _read_time(read: RecordedRead) -> float:
    return read.at_s


def _parse_read(line: str, place: str) -> RecordedRead:
    at_s, _, octets = line.partition(" ")
    try:
        return RecordedRead(max(0.0, float(at_s)), bytes.fromhex(octets))
    except ValueError:
        raise ValueError(f"{place} is not 'SECONDS HEX'") from None
