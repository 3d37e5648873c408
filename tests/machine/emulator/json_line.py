"""Commands to QEMU's monitor and to the agent in the guest: one JSON object a line, both ways."""

import json
import socket
import time
from pathlib import Path
from typing import Any

RESET = b"\xff"
"""The octet that makes the guest's agent forget a half command and what it still has to answer."""

ANSWER_MAX = 1 << 20


class MachineError(Exception):
    """The machine, or QEMU, did not do what was asked; the words say what."""


class JsonLine:
    """A connection of the QEMU Machine Protocol (QMP) or of the guest's agent (QGA)."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._rest = b""

    def read(self, timeout_s: float) -> dict[str, Any]:
        """Return the next object. Errors: TimeoutError; MachineError at the end of QEMU."""
        end_s = time.monotonic() + timeout_s
        while b"\n" not in self._rest:
            self._socket.settimeout(max(0.001, end_s - time.monotonic()))
            octets = self._socket.recv(ANSWER_MAX)
            if not octets:
                raise MachineError("QEMU has ended: see qemu.log")
            self._rest += octets
        line, self._rest = self._rest.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line.lstrip(RESET) or b"{}")
        return message

    def send(
        self, command: str, arguments: dict[str, Any] | None = None, *, reset: bool = False
    ) -> None:
        """Send a command without waiting for its answer."""
        message = {"execute": command, **({"arguments": arguments} if arguments else {})}
        self._socket.settimeout(30)
        self._socket.sendall((RESET if reset else b"") + json.dumps(message).encode() + b"\n")

    def ask(
        self, command: str, arguments: dict[str, Any] | None = None, timeout_s: float = 30
    ) -> Any:
        """Return what a command returns; events that come meanwhile are passed over.

        Errors: MachineError with the reason that was given, TimeoutError.
        """
        self.send(command, arguments)
        end_s = time.monotonic() + timeout_s
        while True:
            answer = self.read(end_s - time.monotonic())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise MachineError(f"{command}: {answer['error'].get('desc', answer['error'])}")

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
