"""The client against the embedded service, over a real socket: both keep the same contract."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from tests.backend.conftest import RecordedHealth
from tests.fakes.service import RunningService, running_service

from taptill.backend.customers import CustomersApi
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Dialect
from taptill.backend.transport import ConnectionSettings, Transport
from taptill.domain.card_id import CardId
from taptill.domain.customer import Snapshot
from taptill.domain.decision import Found, NotFound
from taptill.domain.mark import Mark, Place, with_mark
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import (
    Applied,
    NoAnswer,
    OutcomeUnknown,
    RowNotFound,
    Update,
    UpdateCondition,
)

OURS = "aaaa0001"
MARK = Mark(4711, 320, "9f3c21aa")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


def client(service: RunningService, token: str) -> CustomersApi:
    health = RecordedHealth()
    access = ConnectionSettings(service.url, {"Authorization": f"Bearer {token}"})
    transport = Transport(access, health.dated)
    return CustomersApi(transport, Dialect("/core/data", MoneyFormat(2)), health)


@pytest.fixture
async def api(service: RunningService) -> AsyncIterator[CustomersApi]:
    customers_api = client(service, service.token)
    yield customers_api
    await customers_api.close()


async def a_row(api: CustomersApi) -> Snapshot:
    assert await api.capabilities() == Capabilities(conditional_update=True, version=True)
    first = (await api.page(0, 1)).ids[0]
    snapshot = await api.read_row(first)
    assert isinstance(snapshot, Snapshot)
    return snapshot


def sale(row: Snapshot, condition: UpdateCondition) -> Update:
    assert row.marks.epoch is not None
    mark = replace(MARK, seq=MARK.seq + (row.version or 0))
    debt_data = with_mark(row.marks, row.marks.epoch, OURS, mark)
    return Update(row, row.total + 320, debt_data=debt_data, condition=condition, mark=mark)


async def test_all_rows_come_in_pages_each_once_and_enrolled(api: CustomersApi) -> None:
    snapshots: list[Snapshot] = []
    ids: tuple[int, ...] = (0,)
    while ids:
        page = await api.page(ids[-1], 3)
        snapshots += page.snapshots
        ids = page.ids
    assert len(snapshots) == len({snapshot.customer.id for snapshot in snapshots}) > 3
    assert all(snapshot.marks.place is Place.TABLE for snapshot in snapshots)


async def test_a_delta_brings_only_what_changed_since(api: CustomersApi) -> None:
    row = await a_row(api)
    everything = await api.page(0, 1000)
    newest = max(snapshot.updated_at for snapshot in everything.snapshots)
    assert (await api.page(0, 1000, newest)).ids == ()
    assert isinstance(await api.update_row(sale(row, UpdateCondition.AS_READ)), Applied)
    assert (await api.page(0, 1000, newest)).ids == (row.customer.id,)


async def test_a_card_finds_its_customer_and_another_finds_nobody(api: CustomersApi) -> None:
    row = await a_row(api)
    finding = await api.find(row.customer.card_id)
    assert isinstance(finding, Found)
    assert finding.snapshot.customer == row.customer
    assert await api.find(CardId("no such card")) == NotFound()


async def test_total_and_mark_are_changed_once_on_the_version_read(api: CustomersApi) -> None:
    row = await a_row(api)
    update = sale(row, UpdateCondition.AS_READ)
    answer = await api.update_row(update)
    assert isinstance(answer, Applied)
    assert answer.row is not None
    assert answer.row.total == row.total + Decimal(320)
    assert answer.row.marks.table[OURS] == update.mark
    assert answer.row == await api.read_row(row.customer.id)
    again = await api.update_row(update)
    assert again == OutcomeUnknown("HTTP 409", version_conflict=True, current_row=answer.row)
    assert await api.read_row(row.customer.id) == answer.row


async def test_stamp_and_total_serve_as_the_condition_too(api: CustomersApi) -> None:
    row = replace(await a_row(api), version=None)
    assert isinstance(await api.update_row(sale(row, UpdateCondition.AS_READ)), Applied)
    clash = await api.update_row(sale(row, UpdateCondition.AS_READ))
    assert isinstance(clash, OutcomeUnknown)
    assert clash.version_conflict


@pytest.mark.parametrize("versions", [True, False], ids=["by version", "by stamp and total"])
async def test_the_condition_that_no_row_meets_is_refused(
    api: CustomersApi, *, versions: bool
) -> None:
    row = await a_row(api)
    read_row = row if versions else replace(row, version=None)
    answer = await api.update_row(sale(read_row, UpdateCondition.NEVER))
    assert answer == OutcomeUnknown("HTTP 409", version_conflict=True, current_row=row)
    assert await api.read_row(row.customer.id) == row


async def test_a_blind_update_of_money_is_not_taken(api: CustomersApi) -> None:
    row = await a_row(api)
    assert await api.update_row(sale(row, UpdateCondition.NONE)) == OutcomeUnknown("HTTP 428")
    assert await api.read_row(row.customer.id) == row


async def test_an_unknown_id_is_nobody(api: CustomersApi) -> None:
    row = await a_row(api)
    assert await api.read_row(999_999) == RowNotFound()
    ghost = replace(row, customer=replace(row.customer, id=999_999))
    assert await api.update_row(sale(ghost, UpdateCondition.AS_READ)) == Applied(None)


async def test_a_token_that_nobody_gave_out_is_denied(service: RunningService) -> None:
    stranger = client(service, "guessed")
    answer = NoAnswer("backend-token", access_denied=True)
    assert await stranger.capabilities() == answer
    assert await stranger.read_row(1) == answer
    await stranger.close()
