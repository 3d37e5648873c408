"""The journal of a running till: a writer thread, queries, and background threads."""

import asyncio
import logging
import queue
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from taptill.domain.clock import Clock
from taptill.domain.decision import OfflineExposure
from taptill.domain.entry import Draft, Entry, EntryKind, Position
from taptill.domain.errors import JournalBrokenError, JournalError
from taptill.domain.figures.durations import Durations
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.durable_files import sync_to_disk
from taptill.journal import faults
from taptill.journal.background.archive_watch import ArchiveWatch
from taptill.journal.background.chain_verifier import ChainVerifier
from taptill.journal.background.mirror import Mirror
from taptill.journal.background.thread import BackgroundThread
from taptill.journal.file import JournalFile
from taptill.journal.identity import opening
from taptill.journal.lock import JournalLock
from taptill.journal.queries import JournalQueries
from taptill.settlement.requests import JournalAnswer

log = logging.getLogger("taptill.journal")

QUEUE_MAX = 256
"""At most so many groups of drafts wait for the writer; one more is an error."""

CHECKPOINT_COMMITS = 200
CHECKPOINT_COMMITS_BUSY = 2000
IDLE_S = 1.0
PROBE_S = 2.0
"""While the disk refuses writes it is tried this often, as nobody sells meanwhile."""


PATIENCE_S = 2.0
"""Closing waits so long for each background thread."""


@dataclass(slots=True)
class _Group:
    """Drafts that are committed together or not at all, and the future that waits for them."""

    drafts: Sequence[Draft]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Entry]]

    def deliver(self, answer: list[Entry] | JournalError) -> None:
        """Hand the answer to the waiting event loop; nothing where that is closed."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self._set, answer)

    def _set(self, answer: list[Entry] | JournalError) -> None:
        if self.answer.done():
            return
        if isinstance(answer, JournalError):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Journal:
    """The journal of a running till: `append` returns when the entries are on the disk.

    `commits` measures how long the disk takes for each of them.
    """

    def __init__(
        self, path: Path, clock: Clock, *, min_free_mb: int = 50, mirror: Path | None = None
    ) -> None:
        self.path = path
        self.commits = Durations()
        self._clock = clock
        self._min_free = min_free_mb * 1024 * 1024
        self._lock = JournalLock(path)
        self._groups: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._failure = ""
        self._chain_verifier = ChainVerifier(path)
        self._mirror = Mirror(path, mirror) if mirror else None
        self._background: list[BackgroundThread] = []
        self._traces: list[faults.Trace] = []
        self._thread: threading.Thread | None = None
        self.journal_id = ""
        self.newest_found: Entry | None = None
        self._archives: ArchiveWatch
        self.queries: JournalQueries

    def open(self, identity: dict[str, str]) -> None:
        """Take the lock, check the chain's end, journal `opened` where the identity is new.

        `identity` holds what the open entries depend on: backend, strategy, money, machine, till.
        Raise JournalError or a subclass, see `journal/identity.py:opening`.
        """
        with ExitStack() as undo:
            self._lock.take(self._clock.now())
            undo.callback(self._lock.release)
            faults.refuse_loss(self.path, self._lock.journal_id)
            self._file = JournalFile(self.path, self._clock)
            undo.callback(self._file.close)
            sync_to_disk(self.path.parent)
            self.queries = JournalQueries(self.path)
            undo.callback(self.queries.close)
            self._identify(identity)
            self._archives = ArchiveWatch(self.queries)
            self._traces = faults.traces(self.path)
            self._lock.sign(self.journal_id)
            undo.pop_all()
        self._background = [BackgroundThread("journal patrol", self._chain_verifier)]
        if self._mirror:
            self._background.append(BackgroundThread("mirror", self._mirror))
        self._thread = threading.Thread(target=self._write, name="journal writer", daemon=True)
        self._thread.start()
        for thread in self._background:
            thread.start()

    async def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Make these entries durable together; JournalError means: none of them is."""
        if self._thread is None:
            raise JournalError(path=self.path, detail="it is not open")
        if self._full():
            raise JournalError(path=self.path, detail="too many entries wait")
        loop = asyncio.get_running_loop()
        group = _Group(drafts, loop, loop.create_future())
        self._groups.put(group)
        return await group.answer

    async def retire(self) -> None:
        """Close the journal for good; its folder is free for a new one then."""
        await self.append([Draft(EntryKind.RETIRED)])
        self._lock.sign("")

    def position(self, customer_id: int) -> Position | None:
        """Return a customer's position; None without any entry."""
        return self.queries.position(customer_id)

    def query(self, customer_id: int, mark_seq: int | None) -> JournalAnswer | None:
        """Return position and entry at the mark together; None: the customer is not known here."""
        return self.queries.query(customer_id, mark_seq)

    def open_customers(self, limit: int) -> list[int]:
        """Return customers with money to be sent, oldest first, without open cases."""
        return self.queries.open_customers(limit)

    def halted(self) -> bool:
        """Return whether settlement was halted and not resumed."""
        return bool(self.queries.halted())

    def offline_exposure(self, customer_id: int, above_seq: int) -> OfflineExposure:
        """Return the offline charges that the newest rows do not hold."""
        return self.queries.offline_exposure(customer_id, above_seq)

    def closed_by(self) -> str:
        """Return what keeps the journal from being written; empty while it can be."""
        return (
            self._failure
            or faults.trouble(self.path, self._traces, self._min_free)
            or self._chain_verifier.fault
        )

    def warnings(self) -> tuple[TillWarning, ...]:
        """Return what a technician should repair; nothing of it stops a sale."""
        thread_faults = [
            till_warning(WarningCode.THREAD_ENDED, thread=thread.name, fault=thread.fault)
            for thread in self._background
            if thread.fault
        ]
        mirror = self._mirror.warning if self._mirror else None
        found = (*thread_faults, mirror, self._archives.warning())
        return tuple(warning for warning in found if warning)

    def alive(self) -> bool:
        """Return whether the writer thread works, for the watchdog."""
        return self._thread is not None and self._thread.is_alive() and not self._full()

    def close(self) -> None:
        """Write what waits, close the file, release the lock."""
        if self._thread:
            self._groups.put(None)
            self._thread.join()
            self._thread = None
            for thread in self._background:
                thread.stop(PATIENCE_S)
            self.queries.close()
            self._file.close()  # the last one to close brings the log back into the file
        self._lock.release()

    def _full(self) -> bool:
        return self._groups.qsize() >= QUEUE_MAX  # only the loop puts: none comes in between

    def _identify(self, identity: dict[str, str]) -> None:
        chain_break = self.queries.end_break()
        if chain_break:
            raise JournalBrokenError(path=self.path, seq=chain_break[0], detail=chain_break[1])
        self.newest_found = self.queries.newest()
        self.journal_id, opened_entries = opening(self.queries, identity)
        if opened_entries:
            (answer,) = self._file.append([opened_entries])
            if isinstance(answer, JournalError):
                raise answer

    def _write(self) -> None:
        self._make_ready()
        commits = 0
        while True:
            try:
                group = self._groups.get(timeout=self._wait_s(commits))
            except queue.Empty:
                commits = self._maintain()
                continue
            batch, last = self._drain(group)
            if batch:
                self._commit(batch)
                commits += 1
            if last:
                return
            if commits >= CHECKPOINT_COMMITS_BUSY:
                commits = self._maintain()

    def _wait_s(self, commits: int) -> float | None:
        """Return how many seconds to wait for entries before maintenance; None: without limit."""
        if self._failure:
            return PROBE_S
        return IDLE_S if commits >= CHECKPOINT_COMMITS else None

    def _drain(self, group: _Group | None) -> tuple[list[_Group], bool]:
        """Take all that waits, so that many groups share one sync; return whether to stop."""
        batch: list[_Group] = []
        while group is not None:
            batch.append(group)
            try:
                group = self._groups.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[_Group]) -> None:
        answers: Sequence[list[Entry] | JournalError]
        try:
            began_s = self._clock.monotonic()
            answers = self._file.append([group.drafts for group in batch])
            self.commits.record(self._clock.monotonic() - began_s)
            self._record_failure("")
        except JournalError as fault:
            answers = [fault] * len(batch)
            self._record_failure(str(fault.fields["detail"]))
        except Exception as fault:  # thread top: no sale may wait for an answer that never comes
            log.exception("journal.fault")
            detail = type(fault).__name__
            answers = [JournalError(path=self.path, detail=detail)] * len(batch)
        for group, answer in zip(batch, answers, strict=True):
            group.deliver(answer)

    def _make_ready(self) -> None:
        """Create and lengthen the log before the first sale, as that costs a sync of its own."""
        try:
            self._file.probe()
            self._file.make_room()
        except JournalError as fault:
            self._record_failure(str(fault.fields["detail"]))

    def _maintain(self) -> int:
        """Try a failing disk again and checkpoint; return 0, the number of commits since."""
        try:
            if self._failure:
                self._file.probe()
            self._file.checkpoint()
            self._record_failure("")
        except JournalError as fault:
            self._record_failure(str(fault.fields["detail"]))
        return 0

    def _record_failure(self, failure: str) -> None:
        """Remember why the disk refuses writes, empty while it does not; log each change."""
        if failure and not self._failure:
            log.error("journal.failed", extra={"detail": failure})
        elif self._failure and not failure:
            log.warning("journal.recovered")
        self._failure = failure
