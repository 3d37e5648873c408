"""The health check: the backend's return is noticed within 5 s, and it is not asked too often."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.loop import FakeTimeLoop
from tests.lookup.sync_harness import AWAY

from taptill.domain.errors import TaptillError, UnauthorisedError, UnreachableError
from taptill.lookup.backend_health import BackendHealth
from taptill.lookup.health_check import JITTER, PAUSE_S, REFUSED_PAUSE_S, TIMEOUT_S, HealthCheck

NOTICED_S = 5.0


class PingTarget:
    """Fails, or never answers, until `back_s`; then it answers within 50 ms."""

    def __init__(self, clock: FakeClock, backend_health: BackendHealth) -> None:
        self.clock, self.backend_health = clock, backend_health
        self.back_s = clock.monotonic()
        self.fault: TaptillError | None = AWAY
        self.ping_times: list[float] = []

    async def ping(self) -> None:
        """Answer one ping."""
        self.ping_times.append(self.clock.monotonic())
        if self.clock.monotonic() < self.back_s:
            if self.fault is None:
                await asyncio.sleep(3600.0)
            assert self.fault
            self.backend_health.lookup_failed(self.fault.code)
            raise self.fault
        await asyncio.sleep(0.05)
        self.backend_health.lookup_succeeded(0.05)


@pytest.fixture
def backend() -> PingTarget:
    clock = FakeClock()
    return PingTarget(clock, BackendHealth(clock))


def play(backend: PingTarget, scene: Callable[[], Awaitable[None]], chance: float = 0.0) -> None:
    """Run the health check beside a scene, in time that passes only while all wait."""

    async def both() -> None:
        looking = asyncio.ensure_future(
            HealthCheck(backend.backend_health, backend.ping, lambda: chance).run()
        )
        await scene()
        assert not looking.done(), looking.exception()
        looking.cancel()

    with asyncio.Runner(loop_factory=lambda: FakeTimeLoop(backend.clock)) as runner:
        runner.run(both())


@pytest.mark.parametrize("fault", [AWAY, None], ids=["refuses", "never answers"])
@pytest.mark.parametrize("chance", [0.0, 0.999])
@pytest.mark.parametrize("away_s", [0.1, 2.1, 3.9, 61.7, 3600.3])
def test_a_backend_that_returns_is_noticed_within_five_seconds(
    backend: PingTarget, away_s: float, chance: float, fault: TaptillError | None
) -> None:
    """No tap is needed, however long the backend was offline and whatever the last ping met."""
    backend.back_s += away_s
    backend.fault = fault
    returned_s: list[float] = []
    backend.backend_health.on_recovery(lambda: returned_s.append(backend.clock.monotonic()))

    async def scene() -> None:
        backend.backend_health.lookup_failed("backend-unreachable")
        await asyncio.sleep(away_s + NOTICED_S)

    play(backend, scene, chance)
    assert backend.backend_health.health.online
    assert [when - backend.back_s <= NOTICED_S for when in returned_s] == [True]


def test_a_backend_that_is_away_for_an_hour_is_asked_at_a_steady_pace(backend: PingTarget) -> None:
    backend.back_s += 7200.0

    async def scene() -> None:
        backend.backend_health.lookup_failed("backend-unreachable")
        await asyncio.sleep(3600.0)

    play(backend, scene, chance=0.999)
    gaps = [
        later - earlier
        for earlier, later in zip(backend.ping_times, backend.ping_times[1:], strict=False)
    ]
    assert min(gaps) >= PAUSE_S * (1 - JITTER)
    assert len(backend.ping_times) <= 3600 / (PAUSE_S * (1 - JITTER))


@pytest.mark.parametrize("first", ["nothing was asked yet", "it answers"])
def test_nothing_is_asked_of_a_backend_that_is_not_away(backend: PingTarget, first: str) -> None:
    async def scene() -> None:
        if first == "it answers":
            backend.backend_health.lookup_succeeded(0.1)
        await asyncio.sleep(600.0)

    play(backend, scene)
    assert backend.ping_times == []


def test_a_backend_that_went_away_under_an_update_is_found_out_without_a_tap(
    backend: PingTarget,
) -> None:
    backend.back_s += 3600.0

    async def scene() -> None:
        backend.backend_health.lookup_succeeded(0.1)
        backend.backend_health.update_failed("backend-unknown")
        assert backend.backend_health.health.online
        await asyncio.sleep(NOTICED_S)

    play(backend, scene)
    assert backend.backend_health.health.online is False


def test_a_backend_that_takes_no_updates_is_asked_once_for_each(backend: PingTarget) -> None:
    async def scene() -> None:
        for _ in range(3):
            backend.backend_health.update_failed("backend-unknown")
            await asyncio.sleep(60.0)

    play(backend, scene)
    assert len(backend.ping_times) == 3


WAITS = {
    "it said when": (UnreachableError(place="x", detail="503", retry_after_s=20.0), 20.0),
    "it said tomorrow": (UnreachableError(place="x", detail="503", retry_after_s=86_400.0), 60.0),
    "it does not want us": (UnauthorisedError(status=401), REFUSED_PAUSE_S * (1 - JITTER)),
}


@pytest.mark.parametrize(("fault", "least_s"), WAITS.values(), ids=WAITS)
@pytest.mark.parametrize("chance", [0.0, 0.999])
def test_a_backend_that_asks_for_patience_gets_it(
    backend: PingTarget, fault: TaptillError, least_s: float, chance: float
) -> None:
    backend.back_s += 7200.0
    backend.fault = fault

    async def scene() -> None:
        backend.backend_health.lookup_failed(fault.code)
        await asyncio.sleep(600.0)

    play(backend, scene, chance)
    gaps = [
        later - earlier
        for earlier, later in zip(backend.ping_times, backend.ping_times[1:], strict=False)
    ]
    assert gaps
    assert least_s <= min(gaps) <= max(gaps) <= least_s / (1 - JITTER) + TIMEOUT_S
