"""What a serial reader said and when in, a text file out, and back.

The first line names the wire format; each further one is `SECONDS HEX`, a read and the time since
the first one. Lines that begin with # are for people.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

HEADER = "# taptill recording, family "
BYTES_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class RecordedRead:
    """One read: seconds since the recording began, and the bytes."""

    at_s: float
    octets: bytes

    def __str__(self) -> str:
        return f"{self.at_s:.3f} {self.octets.hex().upper()}"


@dataclass(frozen=True, slots=True)
class ReaderRecording:
    """A wire format's name and its reads in order."""

    family: str
    reads: tuple[RecordedRead, ...]


def recording_lines(family: str, reads: Iterable[RecordedRead]) -> Iterator[str]:
    """Write a recording, line by line as the reads come."""
    yield f"{HEADER}{family}\n"
    for heard in reads:
        yield f"{heard}\n"


def read_recording(path: Path) -> ReaderRecording:
    """Read a file; OSError when it cannot be read, ValueError names the line that is wrong."""
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
    return ReaderRecording(first.removeprefix(HEADER).strip(), tuple(sorted(reads, key=_when)))


def _when(heard: RecordedRead) -> float:
    return heard.at_s


def _parse_read(line: str, place: str) -> RecordedRead:
    at_s, _, octets = line.partition(" ")
    try:
        return RecordedRead(max(0.0, float(at_s)), bytes.fromhex(octets))
    except ValueError:
        raise ValueError(f"{place} is not 'SECONDS HEX'") from None
