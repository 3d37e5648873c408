"""Where the lines of commands break."""

import os
import pty
import subprocess
import sys
import termios

LINE = (
    "fail  backend.name: nobody knows api.example.org; look at it with getent hosts api.example.org"
)
PROGRAM = """
import sys
from taptill.cli.technical.columns import in_columns
print(in_columns(sys.argv[1], sys.stdout, 6))
"""


def on_terminal(columns: int, line: str = LINE) -> list[str]:
    """Return the lines that a program on a terminal of so many columns prints for one line."""
    ours, theirs = pty.openpty()
    try:
        termios.tcsetwinsize(theirs, (25, columns))
        subprocess.run([sys.executable, "-c", PROGRAM, line], stdout=theirs, check=True, timeout=60)
        return os.read(ours, 4096).decode().split("\r\n")[:-1]
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_gets_lines_that_break_between_words() -> None:
    lines = on_terminal(40)
    assert [len(line) <= 40 for line in lines] == [True] * len(lines)
    assert {line[:6] for line in lines[1:]} == {" " * 6}
    assert " ".join([lines[0], *(line.strip() for line in lines[1:])]) == LINE


def test_a_long_path_is_never_broken() -> None:
    assert "api.example.org;" in " ".join(on_terminal(12)).split()


def test_a_pipe_gets_a_line_a_check() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, LINE],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert run.stdout == f"{LINE}\n"


def test_a_path_that_a_shell_needs_quoted_is_never_broken() -> None:
    """A line's end within quotes would belong to the path; an apostrophe quotes nothing."""
    command = "sudo chmod 600 '/media/the stick/the token'"
    line = f"the till's account may not read the till's token; {command}; then again"
    lines = on_terminal(30, line)
    assert any("'/media/the stick/the token';" in one for one in lines)
    assert len(lines) > 4
    assert " ".join([lines[0], *(one.strip() for one in lines[1:])]) == line
