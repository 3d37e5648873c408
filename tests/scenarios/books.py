"""What the books hold: the backend's with the office token, the journal's by its command."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from tests.fakes.service import RunningService
from tests.scenarios.program import TillSite


@dataclass(frozen=True)
class BackendRow:
    """A customer's row as the office sees it."""

    id: int
    total: Decimal
    debt_data: dict[str, Any]


def post(service: RunningService, verb: str, body: dict[str, Any]) -> Any:
    """Call the service as the office; any status but success fails the test."""
    answer = httpx.post(
        f"{service.url}/core/data/Customers/{verb}",
        content=json.dumps(body),
        headers={"Authorization": f"Bearer {service.office_token}"},
    )
    assert answer.status_code < 300, answer.text
    return json.loads(answer.text, parse_float=Decimal)


def row_of(service: RunningService, card_id: str) -> BackendRow:
    """Read one customer by card."""
    fields = {"id": True, "totalDebt": True, "debtData": True}
    filters = [{"field": "cardId", "comparator": "=", "value": card_id}]
    rows = post(service, "select", {"fields": fields, "conditions": {"filters": filters}})
    assert len(rows) == 1
    return BackendRow(rows[0]["id"], Decimal(rows[0]["totalDebt"]), rows[0]["debtData"])


def office_sets(service: RunningService, card_id: str, fields: dict[str, Any]) -> None:
    """Change a customer as the office does."""
    post(service, f"update/{row_of(service, card_id).id}", {"fields": fields})


def entries(site: TillSite) -> list[dict[str, Any]]:
    """Read the journal with the program's own command."""
    words = ("journal", "list", "--json", "--last", "1000000", "--state-dir", str(site.state))
    result = site.ask(*words)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]
