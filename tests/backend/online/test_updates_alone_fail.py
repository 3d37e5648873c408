"""Where selects succeed and updates fail the till stays online, and says what does not work."""

import pytest
from tests.backend.conftest import Connect
from tests.backend.test_updates import ENROLLED, sale
from tests.fakes.backend import LOST_REQUEST, Canned, SentRequest
from tests.fakes.clock import FakeClock

from taptill.domain.customer import Snapshot
from taptill.lookup.backend_health import BackendHealth
from taptill.settlement.requests import Applied, OutcomeUnknown

FAULTS: dict[str, Canned | str] = {
    "a broken server": Canned("{}", 500),
    "down for updates": Canned("", 503),
    "a line that breaks": LOST_REQUEST,
    "no right to write": Canned("{}", 403),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_online_does_not_flap(connect: Connect, fault: Canned | str) -> None:
    backend_health = BackendHealth(FakeClock())
    harness = await connect(ENROLLED, backend_health=backend_health)
    returns: list[int] = []
    backend_health.on_recovery(lambda: returns.append(1))

    def rule(request: SentRequest) -> Canned | str | None:
        return fault if "/update/" in request.path else None

    harness.backend.rule = rule
    states = []
    for _ in range(4):
        snapshot = await harness.api.read_row(7)
        assert isinstance(snapshot, Snapshot)
        assert not isinstance(await harness.api.update_row(sale(snapshot)), Applied)
        states.append((backend_health.health.online, bool(backend_health.health.update_error)))
    assert states == [(True, True)] * 4
    assert returns == []  # a look-up that succeeds does not wake settlement
    harness.backend.rule = lambda _: None
    assert isinstance(await harness.api.update_row(sale(snapshot)), Applied)
    assert (backend_health.health.online, backend_health.health.update_error) == (True, "")


async def test_a_backend_that_is_away_altogether_is_away(connect: Connect) -> None:
    backend_health = BackendHealth(FakeClock())
    harness = await connect(ENROLLED, backend_health=backend_health)
    snapshot = await harness.api.read_row(7)
    assert isinstance(snapshot, Snapshot)
    harness.backend.always = LOST_REQUEST
    assert isinstance(await harness.api.update_row(sale(snapshot)), OutcomeUnknown)
    assert backend_health.needs_check
    await harness.api.read_row(7)
    assert backend_health.health.online is False
