"""Updates over real HTTP, and what settlement is told of their outcome."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.backend.conftest import ClientHarness, Connect, row
from tests.fakes.backend import HTML, LOST_REPLY, LOST_REQUEST, SILENCE, Canned

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Mark, with_mark
from taptill.settlement.requests import (
    Applied,
    NoAnswer,
    OutcomeUnknown,
    Rejected,
    Update,
    UpdateAnswer,
    UpdateCondition,
)

MARK = Mark(4711, 320, "9f3c21aa")
OURS = "aaaa0001"
ENROLLED = row(7, debtData={"taptill": {"e": "0000e90c", "t": {}}}, version=4)
REFUSED = Canned('{"error": {"code": "unknown-key", "message": "Ada Byron"}}', 400)


async def read(harness: ClientHarness, *, versions: bool = False) -> Snapshot:
    if versions:
        faults, harness.backend.faults = harness.backend.faults, []
        harness.backend.capabilities = {"version": True, "conditional_update": True}
        await harness.api.capabilities()
        harness.backend.faults = faults
    faults, harness.backend.faults = harness.backend.faults, []
    snapshot = await harness.api.read_row(7)
    assert isinstance(snapshot, Snapshot)
    harness.backend.faults = faults
    return snapshot


def sale(
    snapshot: Snapshot, condition: UpdateCondition = UpdateCondition.NONE, amount: int = 320
) -> Update:
    debt_data = with_mark(snapshot.marks, snapshot.marks.epoch or "0000e90c", OURS, MARK)
    return Update(
        snapshot, snapshot.total + amount, debt_data=debt_data, condition=condition, mark=MARK
    )


async def test_total_and_mark_go_in_one_request_and_come_back(connect: Connect) -> None:
    harness = await connect(ENROLLED)
    answer = await harness.api.update_row(sale(await read(harness)))
    assert isinstance(answer, Applied)
    assert answer.row is not None
    assert (answer.row.total, answer.row.marks.table) == (Decimal(1320), {OURS: MARK})
    request = harness.backend.requests[-1]
    assert request.path == "/api/core/data/Customers/update/7"
    assert request.body["fields"] == {
        "totalDebt": Decimal("13.20"),
        "debtData": {"taptill": {"e": "0000e90c", "t": {OURS: [4711, 320, "9f3c21aa"]}}},
    }
    assert "conditions" not in request.body
    assert request.body["returning"]["debtData"] is True


async def test_float_noise_is_conditioned_on_exactly_as_read(connect: Connect) -> None:
    harness = await connect(row(7, totalDebt=Decimal("12.300000000000001")))
    snapshot = await read(harness)
    assert snapshot.total == Decimal("1230.0000000000001")
    answer = await harness.api.update_row(
        replace(sale(snapshot, UpdateCondition.AS_READ), total=snapshot.total)
    )
    assert isinstance(answer, Applied)
    assert harness.backend.requests[-1].body["conditions"]["filters"] == [
        {"field": "updatedAt", "comparator": "=", "value": "2026-03-02T09:00:00.000Z"},
        {"field": "totalDebt", "comparator": "=", "value": Decimal("12.300000000000001")},
    ]


async def test_a_condition_names_the_version_where_there_is_one(connect: Connect) -> None:
    harness = await connect(ENROLLED)
    snapshot = await read(harness, versions=True)
    answer = await harness.api.update_row(sale(snapshot, UpdateCondition.AS_READ))
    assert isinstance(answer, Applied)
    assert harness.backend.requests[-1].body["conditions"] == {
        "operator": "and",
        "filters": [{"field": "version", "comparator": "=", "value": 4}],
    }
    clash = await harness.api.update_row(sale(snapshot, UpdateCondition.AS_READ))
    assert isinstance(clash, OutcomeUnknown)
    assert clash.current_row is not None
    assert (clash.version_conflict, clash.current_row.version) == (True, 5)
    assert harness.health.results[-1] == "ok"


@pytest.mark.parametrize("versions", [True, False])
async def test_the_condition_that_no_row_meets_changes_nothing(
    connect: Connect, *, versions: bool
) -> None:
    harness = await connect(ENROLLED)
    answer = await harness.api.update_row(
        sale(await read(harness, versions=versions), UpdateCondition.NEVER)
    )
    assert isinstance(answer, OutcomeUnknown)
    assert answer.version_conflict
    assert harness.backend.rows[7]["totalDebt"] == 10


async def test_debt_data_found_as_text_goes_back_as_text(connect: Connect) -> None:
    harness = await connect(
        row(7, debtData='{"note": 1.50, "taptill": {"e": "0000e90c", "t": {}}}')
    )
    await harness.api.update_row(sale(await read(harness)))
    debt_data = harness.backend.requests[-1].body["fields"]["debtData"]
    assert isinstance(debt_data, str)
    assert '"note":1.50' in debt_data
    assert OURS in debt_data


async def test_foreign_figures_go_back_as_they_came(connect: Connect) -> None:
    """Foreign numbers go back as they came: one that no double holds, and one beyond all bounds."""
    odd = {"pi": Decimal("3.14159265358979323846"), "far": Decimal("1E+400")}
    harness = await connect({**ENROLLED, "debtData": {**ENROLLED["debtData"], **odd}})
    await harness.api.update_row(sale(await read(harness)))
    debt_data = harness.backend.requests[-1].body["fields"]["debtData"]
    assert {key: debt_data[key] for key in odd} == odd


ROW_TEXT = '{"id": 7, "isBlocked": false, "totalDebt": 13.20}'
ANSWERS: dict[str, tuple[str | Canned, Any]] = {
    "the request was lost": (LOST_REQUEST, OutcomeUnknown("backend-unknown")),
    "the reply was lost": (LOST_REPLY, OutcomeUnknown("backend-unknown")),
    "the reply is too slow": (SILENCE, OutcomeUnknown("backend-unknown")),
    "an error of the server": (Canned("{}", 500), OutcomeUnknown("HTTP 500")),
    "down, and says for how long": (
        Canned("{}", 503, {"Retry-After": "7"}),
        OutcomeUnknown("HTTP 503", 7.0),
    ),
    "too much at once": (Canned("{}", 429, {"Retry-After": "7"}), OutcomeUnknown("HTTP 429", 7.0)),
    "a time-out of theirs": (Canned("{}", 408), OutcomeUnknown("HTTP 408")),
    "too early": (Canned("{}", 425), OutcomeUnknown("HTTP 425")),
    "a condition is wanted": (Canned("{}", 428), OutcomeUnknown("HTTP 428")),
    "moved": (Canned("", 302), OutcomeUnknown("HTTP 302")),
    "a proxy's page": (Canned("<html>", 400), OutcomeUnknown("HTTP 400")),
    "a 404 without a word": (Canned("", 404), OutcomeUnknown("HTTP 404")),
    "a transaction failed before ours": (Canned('{"e": "25P02"}', 400), OutcomeUnknown("HTTP 400")),
    "a 409 without a row": (
        Canned("<html>", 409),
        OutcomeUnknown("HTTP 409", version_conflict=True),
    ),
    "a 409 with half a row": (
        Canned('{"row": {"id": 7}}', 409),
        OutcomeUnknown("HTTP 409", version_conflict=True),
    ),
    "a captive portal": (HTML, OutcomeUnknown("a success code without a clear answer")),
    "a success with a failure": (
        Canned('{"success": false}'),
        OutcomeUnknown("a success code without a clear answer"),
    ),
    "no rows": (Canned("[]"), Applied(None)),
    "nothing": (Canned("", 204), Applied(None)),
    "a word": (Canned('"done"'), Applied(None)),
    "another row": (Canned(f"[{ROW_TEXT.replace('7', '8')}]"), Applied(None)),
    "half a row": (Canned('[{"id": 7}]'), Applied(None)),
    "the token has no rights": (Canned("{}", 403), NoAnswer("backend-token", access_denied=True)),
    "unprocessable": (Canned('{"error": {"code": "range"}}', 422), Rejected(422, "range")),
    "a no in prose": (
        Canned('{"error": {"code": "Ada is broke"}}', 422),
        Rejected(422, "no code given"),
    ),
    "a no without words": (Canned("[]", 410), Rejected(410, "no code given")),
}


@pytest.mark.parametrize(("fault", "outcome"), ANSWERS.values(), ids=ANSWERS)
async def test_the_outcome_is(connect: Connect, fault: str | Canned, outcome: UpdateAnswer) -> None:
    harness = await connect(ENROLLED, fault)
    update = sale(await read(harness))
    before = len(harness.backend.requests)
    assert await harness.api.update_row(update) == outcome
    # An update with an unknown outcome is never repeated
    assert len(harness.backend.requests) == before + 1


async def test_nobody_there_is_no_answer(connect: Connect) -> None:
    harness = await connect(ENROLLED)
    snapshot = await read(harness)
    await harness.backend.stop()
    assert await harness.api.update_row(sale(snapshot)) == NoAnswer("backend-unreachable")


@pytest.mark.parametrize("amount", [0, 320], ids=["no money", "money"])
async def test_a_backend_that_refuses_returning_is_not_asked_for_it_again(
    connect: Connect, amount: int
) -> None:
    harness = await connect(ENROLLED, REFUSED)
    snapshot = await read(harness)
    assert await harness.api.update_row(sale(snapshot, amount=amount)) == Applied(None)
    assert await harness.api.update_row(sale(snapshot, amount=amount)) == Applied(None)
    asks_returning = ["returning" in request.body for request in harness.backend.requests[-3:]]
    assert asks_returning == [True, False, False]


async def test_an_update_refused_both_ways_is_a_final_no(connect: Connect) -> None:
    harness = await connect(ENROLLED, REFUSED, REFUSED)
    snapshot = await read(harness)
    answer = await harness.api.update_row(sale(snapshot))
    assert answer == Rejected(400, "unknown-key")
    assert isinstance(await harness.api.update_row(sale(snapshot)), Applied)
    assert "returning" in harness.backend.requests[-1].body
