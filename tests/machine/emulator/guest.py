"""Commands and files in the guest, by the agent that runs there as root (qemu-guest-agent)."""

import base64
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.machine.emulator.json_line import JsonLine, MachineError

CHUNK = 1 << 16
PAUSE_MIN_S, PAUSE_MAX_S = 0.01, 0.5
COMMAND_S = 120.0
_ENVIRONMENT = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command in the guest ended: its status and what it printed on both streams."""

    status: int
    text: str


class Guest:
    """The system in the machine."""

    def __init__(self, line: JsonLine, patience: float = 1.0) -> None:
        self._line = line
        self._patience = patience

    def answers(self, within_s: float = 2.0) -> bool:
        """Return whether the agent answers by now.

        What was asked before it came up is answered, too; only this question counts.
        """
        token = random.getrandbits(31)
        try:
            # A guest that boots slowly reads nothing yet: what was asked before fills the line.
            self._line.send("guest-sync", {"id": token}, reset=True)
            while self._line.read(within_s).get("return") != token:
                pass
        except TimeoutError:
            return False
        return True

    def run(self, command: str, *, within_s: float = COMMAND_S) -> Ended:
        """Run a command of the shell. Errors: MachineError where it takes longer."""
        words: dict[str, Any] = {
            "path": "/bin/sh",
            "arg": ["-c", f"exec 2>&1\n{command}"],
            "capture-output": True,
            "env": _ENVIRONMENT,
        }
        pid = self._line.ask("guest-exec", words)["pid"]
        end_s, pause_s = time.monotonic() + within_s * self._patience, PAUSE_MIN_S
        while time.monotonic() < end_s:
            state = self._line.ask("guest-exec-status", {"pid": pid})
            if state["exited"]:
                text = base64.b64decode(state.get("out-data", "")).decode(errors="replace")
                return Ended(state.get("exitcode", 128 + state.get("signal", 0)), text)
            time.sleep(pause_s)
            pause_s = min(PAUSE_MAX_S, pause_s * 1.5)
        raise MachineError(f"not done in {within_s * self._patience:.0f} s: {command}")

    def sh(self, command: str, *, within_s: float = COMMAND_S) -> str:
        """Run a command that must succeed, and return what it printed."""
        ended = self.run(command, within_s=within_s)
        if ended.status:
            raise MachineError(f"{command}\n{ended.text}\nexit status {ended.status}")
        return ended.text

    def put(self, source: Path, target: str) -> None:
        """Copy a file into the guest."""
        self.write(target, source.read_bytes())

    def write(self, target: str, octets: bytes) -> None:
        """Make a file in the guest."""
        handle = self._line.ask("guest-file-open", {"path": target, "mode": "w"})
        for at in range(0, len(octets), CHUNK):
            part = base64.b64encode(octets[at : at + CHUNK]).decode()
            self._line.ask("guest-file-write", {"handle": handle, "buf-b64": part}, 60)
        self._line.ask("guest-file-close", {"handle": handle}, 60)

    def read(self, source: str) -> bytes:
        """Return what a file in the guest holds."""
        handle = self._line.ask("guest-file-open", {"path": source, "mode": "r"})
        parts: list[dict[str, Any]] = []
        while not parts or not parts[-1]["eof"]:
            question = {"handle": handle, "count": CHUNK}
            parts.append(self._line.ask("guest-file-read", question, 60))
        self._line.ask("guest-file-close", {"handle": handle}, 60)
        return b"".join(base64.b64decode(part["buf-b64"]) for part in parts)

    def shut_down(self) -> None:
        """Tell the system to shut down; the agent does not answer that."""
        self._line.send("guest-shutdown")
