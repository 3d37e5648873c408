"""Runs the list commands of `taptill service`, and reads the database after them."""

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from taptill.cli.service import service as group
from taptill.service.database import open_database
from taptill.service.store import Store

CASES = Path(__file__).parent / "cases"


def run_command(*words: Any, answer: str = "") -> Result:
    """Run a command, and raise its errors."""
    arguments = [str(word) for word in words]
    return CliRunner().invoke(
        group, arguments, catch_exceptions=False, standalone_mode=False, input=answer
    )


def run_successfully(*words: Any) -> str:
    """Run a command that must succeed; return what it printed."""
    result = run_command(*words)
    assert result.return_value in (0, None), result.output
    return result.output


def run_with_errors(*words: Any) -> list[str]:
    """Run a command that finds mistakes; return them."""
    result = run_command(*words)
    assert result.return_value == 65, result.output
    return result.stderr.splitlines()


def read_rows(database: str, entity: str = "Customers", **body: Any) -> list[dict[str, Any]]:
    """Return the rows of an entity in a database."""
    engine = open_database(database)
    store = Store(engine)
    rows: list[dict[str, Any]] = store.select(store.entities[entity], {**body, "limit": 1000})
    engine.dispose()
    return rows


def read_customers(database: str, *fields: str) -> list[tuple[Any, ...]]:
    """Return some fields of every customer, money as text."""
    names = fields or ("name", "cardId", "totalDebt")
    rows = read_rows(database, fields=dict.fromkeys(names, True))
    return [
        tuple(str(row[name]) if name == "totalDebt" else row[name] for name in names)
        for row in rows
    ]


def change_customer(place: str, verb: str, customer: int) -> None:
    """Remove or erase a customer as the office does, whatever the balance."""
    engine = open_database(place)
    store = Store(engine)
    conditions = {"filters": [{"field": "id", "comparator": "=", "value": customer}]}
    money = {"money": "keep"} if verb == "remove" else {}
    body = {"conditions": conditions, **money}
    customers = store.entities["Customers"]
    store.submit(store.customer_change(customers, verb, None, body, "office")).result()
    engine.dispose()


def update_customer(place: str, customer: int, **fields: object) -> None:
    """Update a customer as the office does."""
    engine = open_database(place)
    Store(engine, strict_money=False).update(customer, {"fields": fields}, "office")
    engine.dispose()
