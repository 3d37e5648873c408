"""A log file of commands with their output and faults."""

import subprocess
from types import TracebackType
from typing import Self

from tests.project.sources import ROOT as HERE

LOGS = HERE / ".venv/bare"
TAIL_LINES = 60


class CommandFailedError(Exception):
    """A command failed, or went on for too long."""

    def __init__(self, step: str) -> None:
        super().__init__(step)


class Log:
    """A file that holds what the commands on one release have said."""

    def __init__(self, name: str) -> None:
        LOGS.mkdir(exist_ok=True)
        self.path = LOGS / f"{name}.log"
        self._file = self.path.open("wb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def run(self, words: list[str], wait_s_max: float) -> None:
        """Run a command. Errors: CommandFailedError."""
        text = " ".join(words[-1:] if words[0] == "unshare" else words[:1])
        self._file.write(f"\n$ {words[-1]}\n".encode())
        self._file.flush()
        running = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=self._file, stderr=self._file
        )
        try:
            status = running.wait(wait_s_max)
        except subprocess.TimeoutExpired as fault:
            raise CommandFailedError(f"{text}: not done in {wait_s_max:.0f} s") from fault
        finally:
            # Of namespaces this is the first process: nothing in them outlives it.
            running.kill()
            running.wait()
        if status:
            raise CommandFailedError(f"{text}: exit status {status}")

    def add(self, text: str) -> None:
        """Keep a screen."""
        self._file.write(text.encode() + b"\n")
        self._file.flush()

    def tail(self, lines: int = TAIL_LINES) -> str:
        """Return the last lines."""
        return "\n".join(self.path.read_text("utf-8", "replace").splitlines()[-lines:])
