"""What a day has sold, beside what journal, Zs, reports and the service's ledger hold of it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
from tests.fakes.service import RunningService
from tests.scenarios.books import entries, row_of
from tests.scenarios.program import TillSite

OPENING = 5000
"""The cash in the drawer at each opening, in cents."""

PAGE = 1000
"""Rows of the ledger that are asked for at once."""


@dataclass(frozen=True)
class Buyer:
    """A customer of the day."""

    name: str
    card: str


@dataclass(frozen=True)
class ShownMovement:
    """A charge or, below zero, a void, as the screen has shown it: in cents."""

    shift: int
    buyer: Buyer
    staff: str
    cents: int


@dataclass
class DayBook:
    """What the screens have shown, and what was wrong on the way."""

    buyers: list[Buyer]
    shift: int = 1
    movements: list[ShownMovement] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)

    def charged(self, buyer: Buyer, staff: str, cents: int) -> None:
        """Note a sale that was shown as PAID."""
        self.movements.append(ShownMovement(self.shift, buyer, staff, cents))

    def voided(self, buyer: Buyer, staff: str, cents: int) -> None:
        """Note what was shown as taken back."""
        self.movements.append(ShownMovement(self.shift, buyer, staff, -cents))

    def close_shift(self) -> None:
        """Note that what comes now belongs to the next shift."""
        self.shift += 1

    def of_shift(self, number: int) -> list[ShownMovement]:
        """Return what was sold and taken back in a shift."""
        return [one for one in self.movements if one.shift == number]

    def net(self) -> int:
        """Return the net of the running shift."""
        return sum(one.cents for one in self.of_shift(self.shift))


def complaints(site: TillSite, service: RunningService, book: DayBook) -> list[str]:
    """Return each difference between screens, journal, Zs, reports and the service's ledger."""
    journal = entries(site)
    return [
        *book.faults,
        *_unsound(site),
        *_customers(journal, service, book),
        *_shifts(site, journal, book),
        *_staff(site, book),
    ]


def _unsound(site: TillSite) -> Iterator[str]:
    for words in (("journal", "verify"), ("report", "shift", "--check")):
        result = site.ask(*words, "--state-dir", str(site.state))
        if result.returncode:
            yield f"{' '.join(words)}: {result.stdout}{result.stderr}"


def _customers(
    journal: list[dict[str, Any]], service: RunningService, book: DayBook
) -> Iterator[str]:
    """Compare each customer's movements, one by one in their order, and the total."""
    kept: defaultdict[int, list[int]] = defaultdict(list)
    for entry in journal:
        if entry["amount_minor"] and entry["kind"] in {"charge", "void"}:
            kept[entry["customer_id"]].append(entry["amount_minor"])
    ledger = _ledger(service)
    for buyer in book.buyers:
        row = row_of(service, buyer.card)
        shown = [one.cents for one in book.movements if one.buyer == buyer]
        if kept[row.id] != shown:
            yield f"{buyer.name}: the journal has {kept[row.id]}, the screens showed {shown}"
        first, *changes = ledger[row.id]
        booked = sum(after - before for before, after in changes)
        if (
            booked != sum(shown)
            or row.total != Decimal(changes[-1][1] if changes else first[1]) / 100
        ):
            yield f"{buyer.name}: the ledger has {booked}, the row {row.total}, shown {sum(shown)}"
        if any(earlier[1] != later[0] for earlier, later in pairwise([first, *changes])):
            yield f"{buyer.name}: the ledger has a gap: {ledger[row.id]}"
    if len(kept) > len(book.buyers):
        yield "somebody has paid who was never shown"


def _ledger(service: RunningService) -> dict[int, list[tuple[int, int]]]:
    """Return all changes of debts by customer, in cents: before and after, oldest first."""
    changes: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    last, is_more = 0, True
    while is_more:
        body = {
            "fields": {"id": True, "customer": {"id": True}, "from": True, "to": True},
            "conditions": {"filters": [{"field": "id", "comparator": ">", "value": last}]},
            "orderBy": [{"field": "id"}],
            "limit": PAGE,
        }
        answer = httpx.post(
            f"{service.url}/core/data/CustomerDebtChanges/select",
            content=json.dumps(body),
            headers={"Authorization": f"Bearer {service.office_token}"},
        )
        assert answer.status_code == 200, answer.text
        rows = json.loads(answer.text, parse_float=Decimal)
        is_more = len(rows) == PAGE
        for row in rows:
            last = row["id"]
            changes[row["customer"]["id"]].append((_cents(row["from"]), _cents(row["to"])))
    return changes


def _shifts(site: TillSite, journal: list[dict[str, Any]], book: DayBook) -> Iterator[str]:
    """Compare all Zs and the running shift with what was shown, and their sum with the journal."""
    numbers = [entry["body"]["number"] for entry in journal if entry["kind"] == "shift-closed"]
    if numbers != [*range(1, book.shift)]:
        yield f"the Zs of the journal are {numbers}, closed were {book.shift - 1}"
    reports = [_report(site, "shift", str(number)) for number in numbers]
    reports.append(_report(site, "shift"))
    for report in reports:
        yield from _shift(report, book)
    yield from _ranges(reports, {entry["seq"]: entry["hash"] for entry in journal})
    sold = sum(_cents(Decimal(report["total"]["net"])) for report in reports)
    money = sum(entry["amount_minor"] or 0 for entry in journal)
    if sold != money:
        yield f"all shifts together are {sold}, the journal's entries {money}"
    if (running := reports[-1])["unsent"]["count"] or running["cases"]["count"]:
        yield f"not all is in the books: {running['unsent']}, {running['cases']}"


def _shift(report: dict[str, Any], book: DayBook) -> Iterator[str]:
    name, shown = f"shift {report['number']}", book.of_shift(report["number"])
    charges = [one.cents for one in shown if one.cents > 0]
    expected = (len(charges), len(shown) - len(charges), sum(one.cents for one in shown))
    total = report["total"]
    figures = (total["sales"], total["voids"], _cents(Decimal(total["net"])))
    if figures != expected:
        yield f"{name}: sales, voids and net are {figures}, shown were {expected}"
    if not all(identity["holds"] for identity in report["identities"]):
        yield f"{name}: {report['identities']}"


def _ranges(reports: list[dict[str, Any]], hashes: dict[int, str]) -> Iterator[str]:
    """Say where one range does not follow the other, or its hashes are not those of the journal."""
    next_seq = 1
    for report in reports:
        if report["from_seq"] != next_seq:
            yield f"shift {report['number']} begins at {report['from_seq']}, not at {next_seq}"
        next_seq = report["to_seq"] + 1
        if any(report[f"{end}_hash"] != hashes[report[f"{at}_seq"]] for end, at in _ENDS):
            yield f"shift {report['number']}: its hashes are not those of its entries"


_ENDS = (("first", "from"), ("last", "to"))


def _staff(site: TillSite, book: DayBook) -> Iterator[str]:
    expected: Counter[str] = Counter()
    for one in book.movements:
        expected[one.staff] += one.cents
    report = _report(site, "staff", "--last", "2")
    nets = {row["staff"]: _cents(Decimal(row["net"])) for row in report["rows"]}
    if nets != expected:
        yield f"by staff the report has {nets}, shown were {dict(expected)}"


def _report(site: TillSite, *words: str) -> dict[str, Any]:
    result = site.ask("report", *words, "--json", "--state-dir", str(site.state))
    assert result.returncode == 0, result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    return report


def _cents(amount: Decimal | int) -> int:
    return int(amount * 100)
