"""The archives that a journal follows in, a warning out while one of them cannot be asked."""

import logging
from pathlib import Path

from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.journal.queries import JournalQueries, archive_of, archives_beside, check_archives

log = logging.getLogger("taptill.journal")

_Trace = tuple[str, int, int, int]


class ArchiveWatch:
    """Looks at the archives once, and again where a file of such a name has come, gone or changed.

    Sales need none of them, but a mark that is older than the close does.
    """

    def __init__(self, reads: JournalQueries) -> None:
        self._reads = reads
        self._has_any = archive_of(reads) is not None
        self._seen: list[_Trace] | None = None
        self._words = ""

    def warning(self) -> str:
        """Say in a line which archive to put back; empty while all of them can be asked."""
        if not self._has_any:
            return ""
        try:
            found = self._traces()
            if found != self._seen:
                self._note(self._trouble())
                self._seen = found
        except (OSError, JournalError):
            pass  # the journal's own disk or file: `closed_by` and the patrol say so
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
        found = []
        for one in archives_beside(Path(self._reads.path)):
            there = one.stat()
            found.append((one.name, there.st_ino, there.st_size, there.st_mtime_ns))
        return found
