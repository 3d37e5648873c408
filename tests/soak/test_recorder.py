"""The recorder reads strace's lines, also where the calls of two threads interleave."""

from pathlib import Path

from tests.soak.disk import FileSync, Name
from tests.soak.recorder import PrintedLine, TraceReader

FOLDER = Path("/till")


def coded(words: str) -> str:
    return '"' + "".join(f"\\x{octet:02x}" for octet in words.encode()) + '"'


def test_what_was_said_while_another_thread_worked_counts_from_when_it_was_begun() -> None:
    words = "5 5\n"
    lines = [
        f"8 openat(AT_FDCWD, {coded('/till/journal.db')}, O_RDWR|O_CREAT, 0644) = 3",
        f"7 write(1<pipe:[99]>, {coded(words)}, 4 <unfinished ...>",
        "8 fsync(3</till/journal.db> <unfinished ...>",
        "7 <... write resumed>) = 4",
        "8 <... fsync resumed>) = 0",
    ]
    assert list(TraceReader(FOLDER).read(lines)) == [
        Name("journal.db", 0),
        PrintedLine(words),
        FileSync(0),
    ]
