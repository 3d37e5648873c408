"""Logging to the system journal or to a file, because the standard streams are the screen."""

import logging
import socket
import struct
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from taptill.cli.technical.log_limit import LogLimit
from taptill.config import notify_socket
from taptill.wiring.fleet.crash_files import fault_lines

SYSTEM_JOURNAL = "/run/systemd/journal/socket"
FILE_BYTES_MAX = 1_000_000

_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {
    "message",
    "asctime",
}
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}


class SystemJournalHandler(logging.Handler):
    """Sends each record with its fields to the journal's socket (systemd's native protocol)."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(PlacesFormatter())
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; a system journal that has gone must not stop a sale."""
        fields = {
            "MESSAGE": self.format(record),
            "PRIORITY": str(_PRIORITIES.get(record.levelno, 6)),
            "SYSLOG_IDENTIFIER": "taptill",
            **{f"TAPTILL_{key.upper()}": str(value) for key, value in _fields(record).items()},
        }
        try:
            self._socket.sendto(
                b"".join(_field(*field) for field in fields.items()), SYSTEM_JOURNAL
            )
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Drop the record: standard error is the screen."""


class PlacesFormatter(logging.Formatter):
    """Formats the traceback of a fault without its message, which may quote a customer's row."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text; a traceback that another handler has kept is not used."""
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - logging's own name
        """Return the type of the fault, and file, line and function of each call."""
        fault = ei[1]
        return "" if fault is None else "\n".join(fault_lines(fault))


class FieldsFormatter(PlacesFormatter):
    """Formats a record as `noun.verb key=value`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line, with the traceback below it where there is one."""
        words = " ".join(f"{key}={value}" for key, value in _fields(record).items())
        return f"{super().format(record)} {words}".rstrip()


def configure_logging(state: Path) -> None:
    """Log to the system journal under systemd, else to a bounded file in the state directory."""
    root = logging.getLogger()
    root.setLevel(logging.WARNING)
    logging.getLogger("taptill").setLevel(logging.INFO)
    if notify_socket() and Path(SYSTEM_JOURNAL).exists():
        root.addHandler(_limited(SystemJournalHandler()))
        return
    handler = RotatingFileHandler(
        state / "taptill.log", maxBytes=FILE_BYTES_MAX, backupCount=1, delay=True
    )
    handler.setFormatter(FieldsFormatter("%(asctime)s %(levelname)s %(message)s"))
    root.addHandler(_limited(handler))


def _limited(handler: logging.Handler) -> logging.Handler:
    handler.addFilter(LogLimit())
    return handler


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


def _field(name: str, value: str) -> bytes:
    raw = value.encode("utf-8", "replace")
    return name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n"
