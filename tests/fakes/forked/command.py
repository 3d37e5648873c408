"""`taptill ...` as a process of its own, forked from one that has imported everything already.

A fresh interpreter takes most of a second to import the program, and the tests run hundreds of
commands. A fork has its own descriptors, folder, environment, signals and exit status as any
process has; what it skips, the way from nothing to `main`, is what tests of the real till and
`tests/scenarios` begin with.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from subprocess import DEVNULL, PIPE, CompletedProcess, TimeoutExpired
from tempfile import TemporaryFile
from typing import IO, Any

from taptill.cli import main

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.fakes.forked.preloaded"])

STDERR = 2
# Standard input, output or errors: an open file, a descriptor, PIPE or DEVNULL of `subprocess`.
Stream = IO[str] | IO[bytes] | int


class ForkedCommand:
    """A running `taptill`; the names are those of `subprocess.Popen`."""

    def __init__(  # noqa: PLR0913 - those of subprocess.Popen
        self,
        words: Sequence[str],
        *,
        stdin: Stream = DEVNULL,
        stdout: Stream = PIPE,
        stderr: Stream | None = None,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        start_new_session: bool = False,
    ) -> None:
        self.stdin, its_input = _stream(stdin, "w")
        self.stdout, its_output = _stream(stdout, "r")
        self.stderr, its_errors = _stream(STDERR if stderr is None else stderr, "r")
        streams = (its_input, its_output, its_errors)
        environment = dict(os.environ if env is None else env)
        self._process = CONTEXT.Process(
            target=_run_taptill,
            args=(list(words), streams, cwd or Path.cwd(), environment, start_new_session),
            daemon=True,
        )
        self._process.start()
        for stream in streams:
            stream.close()

    @property
    def pid(self) -> int:
        """Return the process's number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Return the exit status, minus the signal that ended it, or None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit status once it has ended; raise TimeoutExpired after `timeout` s."""
        self._process.join(timeout)
        if self.returncode is None:
            raise TimeoutExpired("taptill", timeout or 0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


def run_taptill(
    *words: str,
    input: str = "",  # noqa: A002 - the name that subprocess.run has for it
    timeout: float = 60.0,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> CompletedProcess[str]:
    """Run a command to its end; return its exit status and both its outputs.

    Raise TimeoutExpired, with the command killed, when it takes longer than `timeout` s.
    """
    with ExitStack() as files:
        given, output, errors = (
            files.enter_context(TemporaryFile("w+", encoding="utf-8", newline="")) for _ in range(3)
        )
        given.write(input)
        given.seek(0)
        process = ForkedCommand(words, stdin=given, stdout=output, stderr=errors, cwd=cwd, env=env)
        try:
            status = process.wait(timeout)
        except TimeoutExpired:
            process.kill()
            raise
        for file in (output, errors):
            file.seek(0)
        return CompletedProcess(["taptill", *words], status, output.read(), errors.read())


def _stream(stream: Stream, mode: str) -> tuple[IO[str] | None, Connection]:
    """Return the caller's end of a pipe, None for a file, and the process's end."""
    if not isinstance(stream, int):
        return None, Connection(os.dup(stream.fileno()))
    if stream == PIPE:
        reading, writing = os.pipe()
        ours, theirs = (reading, writing) if mode == "r" else (writing, reading)
        return os.fdopen(ours, mode, encoding="utf-8"), Connection(theirs)
    if stream == DEVNULL:
        return None, Connection(os.open(os.devnull, os.O_RDWR))
    return None, Connection(os.dup(stream))


def _run_taptill(
    words: list[str],
    streams: Sequence[Connection],
    folder: Path,
    environment: Mapping[str, str],
    start_new_session: bool,  # noqa: FBT001 - multiprocessing passes arguments in order
) -> None:
    """Become `taptill` with these words: in the forked process, which it ends."""
    if start_new_session:
        os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    standard: Any = sys  # what `sys.__stdin__` is, too, which Textual reads
    standard.stdin = standard.__stdin__ = _opened(0, "r")
    standard.stdout = standard.__stdout__ = _opened(1, "w")
    standard.stderr = standard.__stderr__ = _opened(2, "w")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["taptill", *words]
    main()


def _opened(number: int, mode: str) -> IO[str]:
    errors = "backslashreplace" if number == STDERR else "strict"
    return os.fdopen(number, mode, encoding="utf-8", errors=errors, closefd=False)
