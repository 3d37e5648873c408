"""A real service for a module's tests, and a till's folder beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.office import CommandSite
from tests.fakes.service import RunningService, running_service


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, service: RunningService) -> CommandSite:
    return CommandSite(tmp_path, service)
