"""A report beside the books of a real service: what it calls in the books is in the rows."""

import json
from decimal import Decimal
from typing import Any

from tests.cli.office import ADA, BEN, CommandSite


def report(site: CommandSite, kind: str = "customer") -> dict[str, Any]:
    document = json.loads(site.done("report", kind, "--last", "2", "--json"))
    assert isinstance(document, dict)
    return document


def debts(site: CommandSite) -> list[Decimal]:
    return [Decimal(str(site.debt(customer))) for customer in (ADA, BEN)]


def test_what_is_in_the_books_is_what_the_rows_have_gained(site: CommandSite) -> None:
    before = debts(site)
    site.settle((ADA, 320), (BEN, 250), (ADA, 80))
    site.settle((ADA, 100), send=False)
    rows = {row["customer"]: row for row in report(site)["rows"]}
    gained = [after - earlier for after, earlier in zip(debts(site), before, strict=True)]
    assert [Decimal(rows[customer]["in_books"]) for customer in (ADA, BEN)] == gained
    assert (rows[ADA]["to_send"], rows[ADA]["net"]) == ("1.00", "5.00")
    assert report(site, "day")["total"]["in_books"] == "6.50"


def test_a_case_is_in_question_until_it_is_written_off(site: CommandSite) -> None:
    site.settle((BEN, 250))
    site.update(BEN, debtData={})
    site.settle((BEN, 120))
    in_question = report(site)
    assert Decimal(in_question["total"]["in_question"]) == Decimal("3.70")
    site.decided("write-off", str(BEN), "--yes")
    written_off = report(site)
    assert written_off["total"]["in_question"] == "0.00"
    assert (written_off["total"]["net"], written_off["written_off"]["sum"]) == ("3.70", "3.70")
    assert written_off["change"] == "0.00"
