"""A service, a lying network before it, and a till's folder: what most scenarios need."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.proxy import LyingNetwork, lying_network
from tests.fakes.service import RunningService, running_service
from tests.scenarios.program import TillSite


@dataclass(frozen=True)
class TillAndService:
    """Everything around one till."""

    service: RunningService
    network: LyingNetwork
    site: TillSite


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TillAndService]:
    """Yield a running service behind a network that can lie, and a site that uses it."""
    with running_service(tmp_path) as service, lying_network(service.url) as network:
        yield TillAndService(service, network, TillSite(tmp_path, network.url, service.token))
