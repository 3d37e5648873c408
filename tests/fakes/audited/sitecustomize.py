"""Notes what a Python program and its children open and connect to: put this folder on PYTHONPATH.

Python imports a module of this name at its start. Each line of the file AUDIT_LOG is one of the
AUDIT_EVENTS, an event of PEP 578, and its values as JSON; a whole line is written at once.
"""

import json
import os
import sys
from pathlib import Path

_EVENTS = frozenset(os.environ["AUDIT_EVENTS"].split())
_LOG = os.open(os.environ["AUDIT_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _note(event: str, values: tuple[object, ...]) -> None:
    if event in _EVENTS:
        say = repr if event.startswith("socket.") else _path
        os.write(_LOG, f"{json.dumps([event, *map(say, values)])}\n".encode())


def _path(value: object) -> str:
    """Return a path from the root on; empty for what is none."""
    if not isinstance(value, str | bytes | os.PathLike):
        return ""
    return str(Path(os.fsdecode(value)).absolute())


sys.addaudithook(_note)
