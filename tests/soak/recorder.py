"""Records with strace what a command does to the files of one folder.

What it wrote to standard output is recorded in the same order: it tells what had been promised by
then. `-shm` files are left out: they are memory that no power cut leaves.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.disk import FileSync, Name, Operation, Resize, SyncFolder, Write

STRACE_S = 120
READ = (
    *("openat", "close", "write", "pwrite64", "fsync", "fdatasync", "ftruncate", "unlink"),
    "rename",
)
UNREAD = (
    *(
        "pwritev",
        "writev",
        "fallocate",
        "unlinkat",
        "link",
        "linkat",
        "renameat",
        "renameat2",
        "dup",
    ),
)
_BEGUN = re.compile(r"(\d+) +(.*) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
_CALL = re.compile(r"\d+ +(\w+)\((.*)\) += (\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_SAID = "write(1<"


@dataclass(frozen=True, slots=True)
class PrintedLine:
    """A piece of standard output."""

    words: str


def record(words: list[str], folder: Path, log: Path) -> list[Operation | PrintedLine]:
    """Run a command under strace; return what it did to the files of `folder`, in order."""
    strace = ["strace", "-f", "-y", "-xx", "-s", "10000000", "-o", str(log), "-e"]
    command = [*strace, f"trace={','.join((*READ, *UNREAD))}", *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=STRACE_S, check=False)
    assert result.returncode == 0, result.stderr
    with log.open("r", encoding="ascii") as lines:
        return list(TraceReader(folder).read(lines))


@dataclass
class TraceReader:
    """Reads strace's lines; what it does not understand of the folder's files is an error."""

    folder: Path
    names: dict[str, int] = field(default_factory=dict)
    open_files: dict[int, int | None] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)

    def read(self, lines: Iterable[str]) -> Iterator[Operation | PrintedLine]:
        """Yield each operation when it ended, and what was said when that began."""
        unfinished: dict[str, str] = {}
        for line in lines:
            complete_line = line
            if match := _BEGUN.match(line):
                unfinished[match[1]] = match[2]
                complete_line = f"{match[1]} {match[2]}) = 0" if match[2].startswith(_SAID) else ""
            elif match := _RESUMED.match(line):
                first = unfinished.pop(match[1])
                complete_line = "" if first.startswith(_SAID) else f"{match[1]} {first}{match[2]}"
            if call := _CALL.match(complete_line):
                yield from self._operations(call[1], call[2], int(call[3]))

    def _operations(
        self, call: str, arguments: str, result: int
    ) -> Iterator[Operation | PrintedLine]:
        if call == "openat":
            yield from self._open(arguments, result)
        elif call == "unlink":
            name = self._name(arguments)
            if name in self.names:
                del self.names[name]
                yield Name(name, None)
        elif call == "rename":
            yield from self._rename(arguments)
        elif call in UNREAD:
            assert str(self.folder).encode().hex() not in arguments.replace("\\x", ""), call
        else:
            yield from self._on_file(call, int(re.split("[<,]", arguments)[0]), arguments, result)

    def _on_file(
        self, call: str, fd: int, arguments: str, result: int
    ) -> Iterator[Operation | PrintedLine]:
        file = self.open_files.get(fd, -1)
        if call == "close":
            self.open_files.pop(fd, None)
        elif call == "write" and fd == 1:
            yield PrintedLine(text(arguments).decode())
        elif file is None:
            yield SyncFolder()
        elif file == -1:
            pass
        elif call in ("fsync", "fdatasync"):
            yield FileSync(file)
        elif call == "ftruncate":
            self.sizes[file] = int(arguments.rpartition(", ")[2])
            yield Resize(file, self.sizes[file])
        else:  # all that does not say where appends: the lock file
            place = arguments.rpartition(", ")[2]
            offset = int(place) if call == "pwrite64" else self.sizes[file]
            self.sizes[file] = max(self.sizes[file], offset + result)
            yield Write(file, offset, text(arguments)[:result])

    def _open(self, arguments: str, fd: int) -> Iterator[Operation]:
        self.open_files.pop(fd, None)
        path, name = Path(text(arguments).decode()), self._name(arguments)
        if path == self.folder:
            self.open_files[fd] = None
        elif name:
            assert "O_TRUNC" not in arguments, name
            if name not in self.names:
                self.names[name] = len(self.sizes)
                self.sizes[len(self.sizes)] = 0
                yield Name(name, self.names[name])
            self.open_files[fd] = self.names[name]

    def _rename(self, arguments: str) -> Iterator[Operation]:
        first, _, second = arguments.partition(", ")
        old, new = self._name(first), self._name(second)
        if old in self.names:
            self.names[new] = self.names.pop(old)
            yield Name(new, self.names[new])
            yield Name(old, None)

    def _name(self, arguments: str) -> str:
        """Return the name in the folder that a call is about; empty for any other place."""
        path = Path(text(arguments).decode())
        return path.name if path.parent == self.folder and path.suffix != ".db-shm" else ""


def text(arguments: str) -> bytes:
    """Return the first text of a call's arguments."""
    match = _TEXT.search(arguments)
    assert match, arguments[:200]
    return bytes.fromhex(match[1].replace("\\x", ""))
