"""The status line, from facts of several rooms."""

from collections.abc import Callable
from dataclasses import dataclass

from taptill.backend.customers import CustomersApi
from taptill.checkout.recent_sales import local_time
from taptill.checkout.view import Link, StatusView, TillAlarm
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.customer_cache.cache import CustomerCache
from taptill.domain.errors import CurrencyError, MalformedError, UnauthorisedError
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.journal.journal import Journal
from taptill.lookup.backend_health import BackendHealth, HealthReport
from taptill.settlement.state import SettlementState
from taptill.settlement.strategy import Strategy
from taptill.wiring.devices.devices import NO_DEVICES, Devices
from taptill.wiring.opening import unbuilt

_STOPPED = {
    SettlementState.HALTED: TillAlarm.HALTED,
    SettlementState.CLONED: TillAlarm.CLONED,
    SettlementState.DENIED: TillAlarm.TOKEN,
}
_TROUBLES = {
    UnauthorisedError.code: TillAlarm.TOKEN,
    MalformedError.code: TillAlarm.NOT_OURS,
    CurrencyError.code: TillAlarm.NOT_OURS,
}


@dataclass(frozen=True, slots=True)
class Status:
    """Builds the status line from the facts that several rooms own.

    `config_warnings` are those of the config file as it is now; None where nobody watches it.
    """

    config: Config
    clock: SystemClock
    backend_health: BackendHealth
    api: CustomersApi
    journal: Journal
    cache: CustomerCache
    strategy: Strategy
    config_warnings: Callable[[], tuple[TillWarning, ...]] | None = None
    devices: Devices = NO_DEVICES

    def draw(self) -> StatusView:
        """Return the facts as they are now."""
        health = self.backend_health.health
        link = {None: Link.UNKNOWN, False: Link.OFFLINE, True: Link.ONLINE}[health.online]
        count, total = self.journal.queries.open_sum()
        conflicts, in_question = self.journal.queries.in_question()
        age_s = self.cache.age_s()
        latency_s = health.latency_s
        return StatusView(
            till=self.config.till.name,
            link=Link.SLOW if health.slow else link,
            latency_ms=None if latency_s is None else round(latency_s * 1000),
            offline_since=local_time(health.since) if health.since else "",
            to_send=count,
            to_send_sum=total,
            conflicts=conflicts,
            in_question=in_question,
            printer=self.devices.printer() if self.devices.printer else None,
            cache_age_s=None if age_s is None else int(age_s),
            time=local_time(self.clock.now()),
            alarms=self._alarms(health),
            warnings=(
                *(self.config_warnings() if self.config_warnings else self.config.warnings),
                *unbuilt(self.config),
                *self.journal.warnings(),
                *self.api.warnings(),
                *_unsent(health, count),
                *self.devices.warnings(),
            ),
        )

    def _alarms(self, health: HealthReport) -> tuple[TillAlarm, ...]:
        alarms = [_STOPPED.get(self.strategy.state), _TROUBLES.get(health.error_code)]
        if self.api.sees_nothing:
            alarms.append(TillAlarm.NOTHING_VISIBLE)
        was_asked = health.online is not None  # its first answer may confirm the time
        if was_asked and self.clock.doubtful():
            alarms.append(TillAlarm.CLOCK)
        return tuple(dict.fromkeys(alarm for alarm in alarms if alarm))


def _unsent(health: HealthReport, to_send: int) -> list[TillWarning]:
    """Return a warning where cards are looked up but sales cannot be sent: since when, and why."""
    if not (health.online and health.update_error and to_send):
        return []
    since = local_time(health.update_error_since)
    return [till_warning(WarningCode.NOT_TAKEN, since=since, why=health.update_error)]
