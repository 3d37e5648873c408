"""Warns while an archive that the journal follows cannot be read."""

import logging
from pathlib import Path

from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.journal.queries import JournalQueries, archive_of, archives_beside, check_archives

log = logging.getLogger("taptill.journal")

_Trace = tuple[str, int, int, int]


class ArchiveWatch:
    """Checks the archives once, and again when such a file has come, gone or changed.

    Sales do not need them, but a mark that is older than the close does.
    """

    def __init__(self, queries: JournalQueries) -> None:
        self._reads = queries
        self._has_any = archive_of(queries) is not None
        self._seen: list[_Trace] | None = None
        self._words = ""

    def warning(self) -> str:
        """Return in a line which archive to put back; empty while all can be read."""
        if not self._has_any:
            return ""
        try:
            traces = self._traces()
            if traces != self._seen:
                self._note(self._trouble())
                self._seen = traces
        except (OSError, JournalError):
            pass  # the journal's own disk or file: `closed_by` and the chain verifier report it
        return self._words

    def _trouble(self) -> str:
        try:
            check_archives(self._reads)
        except JournalArchiveError as fault:
            return f"{fault.fields['detail']}: put it back beside the journal"
        return ""

    def _note(self, words: str) -> None:
        if words and words != self._words:
            log.warning("journal.archive", extra={"detail": words})
        self._words = words

    def _traces(self) -> list[_Trace]:
        traces = []
        for archive in archives_beside(Path(self._reads.path)):
            status = archive.stat()
            traces.append((archive.name, status.st_ino, status.st_size, status.st_mtime_ns))
        return traces
