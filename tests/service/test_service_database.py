"""Which databases are accepted, how older ones are migrated, and that passwords are hidden."""

import os
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from time import monotonic

import pytest
import sqlalchemy as sa
from tests.fakes.forked.command import run_taptill
from tests.fakes.postgres import Cluster
from tests.service.conftest import equals, where

from taptill.domain.errors import ServiceError
from taptill.service import schema
from taptill.service.database import (
    STATEMENT_TIMEOUT_S,
    DatabaseCurrency,
    create_database,
    currency_of,
    display_name,
    open_database,
    read_connection,
    write_transaction,
)
from taptill.service.fields import CUSTOMERS, DEBT_CHANGES
from taptill.service.files.undo import Undo
from taptill.service.store import Store
from taptill.service.wire import ApiError

SECRET = "hunter2"
ELSEWHERE = f"postgresql://till:{SECRET}@127.0.0.1:1/customers?sslpassword={SECRET}"


def libpq_is_there() -> bool:
    try:
        import_module("psycopg")
    except ImportError:
        return False
    return True


UNREACHED = (
    r"postgresql://till@127\.0\.0\.1:1/customers" if libpq_is_there() else "apt install libpq5"
)


def test_a_url_that_is_none_is_refused_without_repeating_it() -> None:
    for text in (f"mysql://x:{SECRET}@y/z", f"postgresql://x:{SECRET}@y:port/z", f"{SECRET}://"):
        with pytest.raises(
            ServiceError, match="a database is a path or postgresql://"
        ) as error_info:
            open_database(text)
        assert SECRET not in str(error_info.value)


@pytest.mark.parametrize("make", [create_database, open_database])
def test_a_server_that_is_not_there_is_named_without_the_password(
    make: Callable[[str], sa.Engine],
) -> None:
    with pytest.raises(ServiceError, match=UNREACHED) as error_info:
        make(ELSEWHERE)
    assert SECRET not in str(error_info.value)


def test_a_missing_libpq_is_named_with_its_package() -> None:
    words = [sys.executable, "-m", "taptill", "service", "run", ELSEWHERE]
    # psycopg then looks for a part of its own that is not installed, as it looks for libpq.
    without = {**os.environ, "PSYCOPG_IMPL": "c"}
    process = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60, env=without
    )
    assert (process.returncode, process.stdout) == (73, "")
    assert "PostgreSQL needs libpq: sudo apt install libpq5" in process.stderr
    assert SECRET not in process.stderr


def test_no_command_tells_a_password() -> None:
    process = run_taptill("service", "run", ELSEWHERE)
    assert process.returncode == 73
    assert SECRET not in process.stdout + process.stderr


def test_whoever_disposes_of_an_engine_finds_the_file_closed(tmp_path: Path) -> None:
    """The last one that closes a file moves the log into it: not later, while others read it."""
    path = tmp_path / "customers.db"
    create_database(path).dispose()
    for number in range(20):
        engine = open_database(path)
        store = Store(engine)
        store.insert(store.entities["Customers"], {"fields": [{"name": f"Ada {number}"}]})
        engine.dispose()
        assert [file.name for file in tmp_path.iterdir()] == ["customers.db"]


@pytest.mark.slow
def test_a_database_in_use_by_others_is_left_as_it_is(cluster: Cluster) -> None:
    url = cluster.new_database()
    create_database(url).dispose()
    with pytest.raises(ServiceError, match="is not empty; it was left as it is"):
        create_database(url)
    engine = open_database(url)
    assert display_name(engine).startswith("postgresql://")
    engine.dispose()


@pytest.mark.slow
def test_an_empty_database_is_refused(cluster: Cluster) -> None:
    with pytest.raises(ServiceError, match='cannot be used: relation "schema_version" does not'):
        open_database(cluster.new_database())


@pytest.mark.slow
def test_another_encoding_than_utf_8_is_refused(cluster: Cluster) -> None:
    with pytest.raises(ServiceError, match="must have the encoding UTF8"):
        create_database(cluster.new_database("LATIN1"))


def take_back(connection: sa.Connection, version: int) -> None:
    """Change a database to an older version of the schema."""
    schema.company_changes.drop(connection)
    for index in ("debt_changes_request", "customers_external_id"):
        connection.exec_driver_sql(f"DROP INDEX {index}")
    for column in ("staff", "request"):
        connection.exec_driver_sql(f"ALTER TABLE debt_changes DROP COLUMN {column}")
    connection.execute(schema.schema_version.update().values(version=version))
    if version == 3:
        return
    for table in (schema.site, schema.customer_changes, schema.imports):
        table.drop(connection)
    for table in (schema.customers, schema.companies):
        connection.exec_driver_sql(f"ALTER TABLE {table.name} DROP COLUMN name_folded")
    connection.exec_driver_sql("ALTER TABLE customers DROP COLUMN erased_at")
    if version == 1:
        schema.debt_changes.drop(connection)


def test_a_database_of_before_it_knew_its_currency_keeps_two_digits(
    new_place: Callable[[], str],
) -> None:
    place = new_place()
    engine = create_database(place, "KWD")
    with write_transaction(engine) as connection:
        take_back(connection, 2)
    engine.dispose()
    engine = open_database(place)
    assert currency_of(engine) == DatabaseCurrency(code=None, digits=2)
    engine.dispose()


def test_an_import_of_before_it_was_kept_which_companies_it_made_can_be_undone(
    new_place: Callable[[], str],
) -> None:
    place = new_place()
    engine = create_database(place)
    with write_transaction(engine) as connection:
        connection.execute(schema.imports.insert().values(at="2026-01-01T00:00:00.000000Z"))
        connection.exec_driver_sql("ALTER TABLE imports DROP COLUMN companies")
        connection.execute(schema.schema_version.update().values(version=4))
    engine.dispose()
    engine = open_database(place)
    work = Undo(engine, 1)
    assert work.preview().is_empty
    assert work.apply().complete
    engine.dispose()


DIGITS = {"JPY": (0, "1230"), "EUR": (2, "12.30"), "TND": (3, "1.255")}


@pytest.mark.parametrize("currency", DIGITS)
def test_a_database_keeps_as_many_digits_as_its_currency_has(
    new_place: Callable[[], str], currency: str
) -> None:
    """Amounts are written, compared and incremented exactly; one more decimal is rejected."""
    digits, text = DIGITS[currency]
    engine = create_database(new_place(), currency)
    assert currency_of(engine) == DatabaseCurrency(currency, digits)
    store = Store(engine)
    customers, total = store.entities["Customers"], Decimal(text)
    (row,) = store.insert(customers, {"fields": [{"name": "a", "totalDebt": total}]})
    increment = {"fields": {"totalDebt": {"increment": total}}, "returning": {"totalDebt": True}}
    assert store.update(row["id"], increment) == [{"totalDebt": 2 * total}]
    query = {"conditions": where(equals("totalDebt", 2 * total)), "fields": {"id": True}}
    assert store.select(customers, query) == [row]
    (entry, _) = store.select(store.entities["CustomerDebtChanges"], {"fields": {"to": True}})
    assert entry == {"to": total}
    finer = {"fields": {"totalDebt": {"increment": total + Decimal(1).scaleb(-digits - 1)}}}
    with pytest.raises(ApiError, match="type"):
        store.update(row["id"], finer)
    engine.dispose()


def test_a_file_of_the_first_version_is_moved_up_and_its_ledger_opens_with_what_is_owed(
    new_place: Callable[[], str],
) -> None:
    place = new_place()
    engine = create_database(place)
    people = [{"name": "a", "totalDebt": 5}, {"name": "b"}, {"name": "c", "totalDebt": -1}]
    Store(engine).insert(CUSTOMERS, {"fields": people})
    with write_transaction(engine) as connection:
        take_back(connection, 1)
    engine.dispose()
    engine = open_database(place)
    shape = {"customer": {"name": True}, "from": True, "to": True, "who": True}
    rows = Store(engine).select(DEBT_CHANGES, {"fields": shape})
    assert rows == [
        {"customer": {"name": "a"}, "from": 0, "to": 5, "who": "upgrade"},
        {"customer": {"name": "c"}, "from": 0, "to": -1, "who": "upgrade"},
    ]
    engine.dispose()
    open_database(place).dispose()


def test_a_database_of_before_bookings_had_a_person_keeps_its_ledger_and_keys_held_twice(
    new_place: Callable[[], str],
) -> None:
    """Customers that share a key may write it again, others not; staff is recorded from then on."""
    place = new_place()
    engine = create_database(place)
    store = Store(engine)
    people = [{"name": "a", "externalId": "K", "totalDebt": 5}, {"name": "b", "totalDebt": 1}]
    store.insert(CUSTOMERS, {"fields": people})
    with write_transaction(engine) as connection:
        connection.execute(schema.customers.update().values(external_id="K"))
        take_back(connection, 3)
    engine.dispose()
    engine = open_database(place)
    store = Store(engine)
    body = {"fields": {"externalId": "K", "totalDebt": {"increment": -1}}, "staff": "Jo"}
    store.update(2, {**body, "request": "r-1"}, "office")
    fields = dict.fromkeys(("customer", "from", "to", "staff", "request"), True)
    named_fields = {**fields, "customer": {"name": True}}
    entries = store.select(DEBT_CHANGES, {"fields": named_fields})
    assert [
        (entry["customer"]["name"], entry["to"], entry["staff"], entry["request"])
        for entry in entries
    ] == [
        ("a", 5, None, None),
        ("b", 1, None, None),
        ("b", 0, "Jo", "r-1"),
    ]
    with pytest.raises(ApiError, match="external-id-taken"):
        store.insert(CUSTOMERS, {"fields": [{"name": "c", "externalId": "K"}]})
    engine.dispose()


def test_of_two_processes_one_gets_a_key(new_place: Callable[[], str]) -> None:
    place = new_place()
    engines = [create_database(place), open_database(place)]
    stores = [Store(engine) for engine in engines]
    for number in range(20):
        body = {"fields": [{"name": "x", "externalId": f"K-{number}"}]}
        futures = [store.submit(store.insert_change(CUSTOMERS, body, "x")) for store in stores]
        errors = [error.exception() for error in futures]
        assert sorted(str(error) for error in errors) == ["None", "external-id-taken"]
    for engine in engines:
        engine.dispose()


def test_a_second_process_waits_its_turn(new_place: Callable[[], str]) -> None:
    """Two stores over one database, as the service and an import are: no write is lost."""
    place = new_place()
    engines = [create_database(place), open_database(place)]
    stores = [Store(engine) for engine in engines]
    (row,) = stores[0].insert(CUSTOMERS, {"fields": [{"name": "x"}]})
    body = {"fields": {"totalDebt": {"increment": 1}}}
    changes = [store.update_change(row["id"], body, "x") for store in stores]
    answers = [
        store.submit(change)
        for _ in range(50)
        for store, change in zip(stores, changes, strict=True)
    ]
    assert all(answer.result() == [row] for answer in answers)
    (now,) = stores[1].select(CUSTOMERS, {"fields": {"totalDebt": True, "version": True}})
    assert now == {"totalDebt": 100, "version": 101}
    for engine in engines:
        engine.dispose()


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def time_left_s(connection: sa.Connection) -> float:
    """Return how long the database may work, then cut it down to nearly nothing."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("SELECT 1")
        until_s, connection.info["taptill_until_s"] = connection.info["taptill_until_s"], 0
        return float(until_s - monotonic())
    timeout = str(connection.exec_driver_sql("SHOW statement_timeout").scalar())
    connection.exec_driver_sql("SET statement_timeout = 50")
    return float(timeout.removesuffix("s"))


def work_too_long(engine: sa.Engine) -> None:
    with read_connection(engine) as connection:
        assert STATEMENT_TIMEOUT_S - 1 < time_left_s(connection) <= STATEMENT_TIMEOUT_S
        connection.exec_driver_sql(ENDLESS).all()


def test_a_statement_that_takes_too_long_is_a_400_and_the_next_one_is_answered(
    new_place: Callable[[], str],
) -> None:
    engine = create_database(new_place())
    with pytest.raises(ApiError) as error_info:
        work_too_long(engine)
    error = error_info.value.body["error"]
    assert (error_info.value.status, error["code"], error["path"]) == (
        400,
        "too-costly",
        "conditions",
    )
    assert Store(engine).select(CUSTOMERS, {"conditions": where(equals("id", 1))}) == []
    engine.dispose()
