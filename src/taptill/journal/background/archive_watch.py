"""Warns while an archive that the journal follows cannot be read."""

import logging
from pathlib import Path

from taptill.domain.errors import JournalArchiveError, JournalError
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
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
        self._warning: TillWarning | None = None

    def warning(self) -> TillWarning | None:
        """Return which archive to put back; None while all can be read."""
        if not self._has_any:
            return None
        try:
            traces = self._traces()
            if traces != self._seen:
                self._note(self._trouble())
                self._seen = traces
        except (OSError, JournalError):
            pass  # the journal's own disk or file: `closed_by` and the chain verifier report it
        return self._warning

    def _trouble(self) -> TillWarning | None:
        try:
            check_archives(self._reads)
        except JournalArchiveError as fault:
            if gone := fault.fields.get("gone"):
                return till_warning(WarningCode.ARCHIVE_GONE, file=gone)
            return till_warning(WarningCode.ARCHIVE_UNUSABLE, detail=fault.fields["detail"])
        return None

    def _note(self, warning: TillWarning | None) -> None:
        if warning and warning != self._warning:
            log.warning("journal.archive", extra={"detail": str(warning)})
        self._warning = warning

    def _traces(self) -> list[_Trace]:
        traces = []
        for archive in archives_beside(Path(self._reads.path)):
            status = archive.stat()
            traces.append((archive.name, status.st_ino, status.st_size, status.st_mtime_ns))
        return traces
