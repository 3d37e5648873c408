"""All figures of a running till, asked of the rooms that count them."""

from dataclasses import replace

from taptill import __version__
from taptill.checkout.technical.sale_times import SaleTimes
from taptill.checkout.view import StatusView
from taptill.domain.figures.reader import LastRead
from taptill.domain.figures.till import (
    BackendFigures,
    CacheFigures,
    JournalFigures,
    ProgramFigures,
    SendingFigures,
    TillFigures,
)
from taptill.wiring.card_readers import CardReaders
from taptill.wiring.fleet.runs import Runs
from taptill.wiring.status import Status

FRESH_S = 0.9
"""Figures that are not older are given to everybody who asks: page, files and status line."""


class FiguresSource:
    """The one place where the figures are put together; errors: JournalError.

    `cache_rows` is counted by somebody else, beside the till: it takes a while.
    """

    def __init__(self, status: Status, readers: CardReaders, times: SaleTimes, runs: Runs) -> None:
        self.cache_rows: int | None = None
        self._status = status
        self._readers = readers
        self._times = times
        self._runs = runs
        self._newest: tuple[float, TillFigures] | None = None

    def figures(self) -> TillFigures:
        """Return the figures as they are now, or were a moment ago."""
        now_s = self._status.clock.monotonic()
        if self._newest is None or now_s - self._newest[0] > FRESH_S:
            self._newest = now_s, self._all()
        return self._newest[1]

    def last_reads(self) -> tuple[LastRead, ...]:
        """Return what each reader has read last; these name cards and are no figures."""
        return self._readers.last_reads()

    def _all(self) -> TillFigures:
        rooms, line = self._status, self._status.draw()
        newest = rooms.journal.queries.newest()
        return TillFigures(
            program=self._program(),
            currency=rooms.config.till.currency,
            readers=self._readers.figures(),
            verdicts=self._times.verdicts.summary(),
            confirms=self._times.confirms.summary(),
            backend=self._backend(),
            sending=self._sending(line),
            cache=CacheFigures(age_s=rooms.cache.age_s(), rows=self.cache_rows),
            journal=JournalFigures(
                entries=newest.seq if newest else 0,
                closed_by=rooms.journal.closed_by(),
                commits=rooms.journal.commits.summary(),
            ),
            printer=line.printer,
            alarms=tuple(alarm.value for alarm in line.alarms),
            warnings=len(line.warnings),
        )

    def _program(self) -> ProgramFigures:
        clock = self._status.clock
        known = ProgramFigures(
            till=self._status.config.till.name,
            version=__version__,
            at=clock.now(),
            uptime_s=self._runs.uptime_s(),
            clock_trusted=clock.trusted(),
            clock_doubtful=clock.doubtful(),
        )
        crashes = self._runs.crashes
        return replace(
            known,
            starts=self._runs.starts,
            unclean_ends=self._runs.unclean_ends,
            ready_s=self._runs.ready_s,
            crashes=len(crashes),
            last_crash=crashes[-1] if crashes else None,
        )

    def _backend(self) -> BackendFigures:
        counted = self._status.backend_health
        health = counted.health
        return BackendFigures(
            online=health.online,
            slow=health.slow,
            offline_since=health.since,
            error_code=health.error_code,
            update_error=health.update_error,
            lookups=counted.lookups.summary(),
            lookups_failed=counted.lookups_failed,
            certificate_days=self._status.api.certificate_days(),
        )

    def _sending(self, line: StatusView) -> SendingFigures:
        strategy = self._status.strategy
        return SendingFigures(
            state=strategy.state.value,
            outcomes=tuple(sorted(strategy.outcomes.items())),
            to_send=line.to_send,
            to_send_sum=line.to_send_sum,
            conflicts=line.conflicts,
            in_question=line.in_question,
        )
