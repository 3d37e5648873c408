"""A till's folder and its commands beside a real service, as office and technician use them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import httpx
from tests.fakes.forked.command import run_taptill
from tests.fakes.service import RunningService

from taptill.config import load
from taptill.domain.entry import Draft, EntryKind
from taptill.wiring.sending import Sender, sender

ADA, BEN = 1, 3
STAFF = ("--staff", "Jo", "--reason", "as agreed")
CONFIG = """
[till]
name = "bar"
[backend]
base_url = "{url}"
token_file = "{folder}/token"
[[reader]]
driver = "simulated"
card_id = ["text"]
[settlement]
strategy = "{strategy}"
late_max_s = 10
"""


class CommandSite:
    """A till's folder, its commands, and the office's view of the backend."""

    def __init__(self, folder: Path, service: RunningService, strategy: str = "debt") -> None:
        self.folder = folder
        self.service = service
        self.config = folder / "config.toml"
        (folder / "token").write_text(service.token)
        (folder / "token").chmod(0o600)
        text = CONFIG.format(url=service.url, folder=folder, strategy=strategy)
        self.config.write_text(text)
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)

    def taptill(self, *words: str) -> CompletedProcess[str]:
        return run_taptill(*words, "--state-dir", str(self.state))

    def done(self, *words: str) -> str:
        """Run a command that must succeed; return what it printed."""
        result = self.taptill(*words)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def decided(self, *words: str) -> str:
        return self.done("conflicts", *words, *STAFF, "--config", str(self.config))

    def settle(self, *charges: tuple[int, int], send: bool = True) -> None:
        """Charge (customer, amount) each, and settle as a till would."""

        async def work(connection: Sender) -> None:
            for customer, amount in charges:
                body = {"currency": "EUR", "offline": False, "initials": "A. B."}
                await connection.journal.append([Draft(EntryKind.CHARGE, customer, amount, body)])
            while send and await connection.settlement.settle_open():
                pass

        async def both() -> None:
            config = load(self.config)
            async with sender(config, self.state, self.service.token) as connection:
                await work(connection)

        asyncio.run(both())

    def sell(
        self,
        customer: int,
        amount: int,
        *,
        kind: EntryKind = EntryKind.CHARGE,
        charge_id: str | None = None,
        lines: Sequence[Any] = (),
    ) -> None:
        """Keep one sale in the journal, and send nothing."""
        body = {"currency": "EUR", "offline": False, "initials": "A. B.", "lines": list(lines)}

        async def work() -> None:
            async with sender(load(self.config), self.state, self.service.token) as connection:
                await connection.journal.append(
                    [Draft(kind, customer, amount_minor=amount, body=body, charge_id=charge_id)]
                )

        asyncio.run(work())

    def update(self, customer: int, **fields: Any) -> None:
        """Change a row as the office does."""
        version = {"field": "version", "comparator": "=", "value": self.row(customer)["version"]}
        body = {"fields": fields, "conditions": {"filters": [version]}}
        answer = self._post(f"update/{customer}", body)
        assert answer.status_code == 200, answer.text

    def row(self, customer: int) -> dict[str, Any]:
        conditions = {"filters": [{"field": "id", "comparator": "=", "value": customer}]}
        fields = dict.fromkeys(("totalDebt", "debtData", "version"), True)
        body = {"fields": fields, "conditions": conditions}
        (row,) = self._post("select", body).json()
        assert isinstance(row, dict)
        return row

    def debt(self, customer: int) -> float:
        return float(self.row(customer)["totalDebt"])

    def _post(self, path: str, body: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.service.office_token}"}
        url = f"{self.service.url}/core/data/Customers/{path}"
        return httpx.post(url, json=body, headers=headers, trust_env=False)
