"""A sentence on standard error: one line for a script, whole words for who reads a console."""

import fcntl
import os
import struct
import subprocess
import sys
import termios

import pytest

pytestmark = pytest.mark.slow

COMMAND = (sys.executable, "-m", "taptill", "config", "check", "--config", "/none/config.toml")
COLUMNS = 40
PATIENCE_S = 60.0


def test_a_script_is_told_in_one_line() -> None:
    run = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    [line] = run.stderr.splitlines()
    assert len(line) > COLUMNS
    assert line.endswith("[config]")


def test_a_console_breaks_no_word() -> None:
    whole = subprocess.run(
        COMMAND, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    ).stderr
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
    subprocess.run(COMMAND, stderr=slave, check=False, timeout=PATIENCE_S)
    os.close(slave)
    told = os.read(master, 4096).decode()
    os.close(master)
    assert max(map(len, told.splitlines())) <= COLUMNS
    assert told.split() == whole.split()
