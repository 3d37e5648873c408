"""Import, export, backup while others write, and tokens."""

import csv
import json
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.fakes.postgres import Cluster
from tests.fakes.service import RunningService, running_service
from tests.service.conftest import Api, equals, where

from taptill.cli.service import service as group
from taptill.domain.errors import ServiceError, UsageError
from taptill.service.database import create_database, open_database
from taptill.service.fields import COMPANIES, CUSTOMERS, DEBT_CHANGES
from taptill.service.sample import rows
from taptill.service.store import Store

HEAD = "name,cardId,company,isBlocked,totalDebt\n"


def ran(*words: Any) -> Result:
    return CliRunner().invoke(
        group, [str(word) for word in words], catch_exceptions=False, standalone_mode=False
    )


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    location = new_place()
    engine = create_database(location)
    Store(engine).insert(
        COMPANIES, {"fields": [{"name": "Twins"}, {"name": "Twins"}, {"name": "One"}]}
    )
    engine.dispose()
    return location


def kept(place: str, entity: Any = CUSTOMERS, **body: Any) -> list[dict[str, Any]]:
    engine = open_database(place)
    rows: list[dict[str, Any]] = Store(engine).select(entity, {**body, "limit": 1000})
    engine.dispose()
    return rows


def test_an_import_adds_everybody_enrolled_and_told_in_the_ledger(
    place: str, tmp_path: Path
) -> None:
    path = tmp_path / "members.csv"
    path.write_text(
        "\ufeffname;cardId;company;isBlocked;totalDebt;id\nZoë;0A;One;TRUE;-12.30;7\nAki;;;;;\n",
        "utf-8",
    )
    result = ran("import", place, path)
    assert result.output == (
        "not taken: id\n2 customers, 1 with card; €0.00 owed by 0, €12.30 in advance of 1\n"
        "imported 2 customers\nthis was import 1\n"
    )
    zoe, aki = kept(place)
    assert (zoe["name"], zoe["company"]["name"], zoe["isBlocked"]) == ("Zoë", "One", True)
    assert (str(zoe["totalDebt"]), aki["cardId"], aki["company"]) == ("-12.30", None, None)
    assert "e" in zoe["debtData"]["taptill"]
    (entries,) = kept(place, DEBT_CHANGES)
    assert (entries["customer"]["id"], entries["who"]) == (zoe["id"], "import")


BAD: dict[str, tuple[str, list[str]]] = {
    "each cell by its line and column": (
        f"{HEAD}Zoë,0A,,perhaps,1.234\n,0B,Nobody,,\nAki,0C,Twins,,1e99\n",
        [
            "line 2, isBlocked: true or false is expected",
            "line 2, totalDebt: a number with at most 2 decimals",
            "line 3, name: a customer needs a name",
            "line 3, company: there is no company of this name",
            "line 4, totalDebt: a number",
            "line 4, company: several companies have this name",
        ],
    ),
    "a company that there is not, once however many rows have it": (
        f"{HEAD}a,0A,Nobody,,\nb,0B,Nobody,,\nc,0C,No One,,\n",
        [
            "line 2, company: there is no company of this name (told once); --new-companies",
            "line 4, company: there is no company of this name",
        ],
    ),
    "a card that is there twice": (
        f"{HEAD}a,0A,,,\nb,0B,,,\nc,0A,,,\n",
        ["line 4, cardId: line 2 has this card already"],
    ),
    "a card of a customer": (f"{HEAD}a,FF,,,\n", ["line 2, cardId: a customer has this card"]),
    "a row that is too short": (f"{HEAD}a,0A\n", ["line 2: 2 cells, but the first line has 5"]),
    "a quote that never ends": (f'{HEAD}"a,0A,,,\n', ["line 2: no CSV"]),
    "a null character": (
        f"{HEAD}a\0b,0\0A,,,\n",
        ["line 2, name: a text", "line 2, cardId: a text"],
    ),
    "a column that there is not": (
        "name,size\na,1\n",
        ["line 1, size: an unknown column; allowed"],
    ),
    "a column twice": ("name,name\na,b\n", ["line 1, name: this column is there twice"]),
    "no names": ("cardId\n0A\n", ["line 1, name: this column is needed; allowed are name, email"]),
    "nothing": ("", ["line 1, name: this column is needed"]),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_told_row_by_row_and_changes_nothing(
    place: str, tmp_path: Path, case: tuple[str, list[str]]
) -> None:
    text, starts = case
    engine = open_database(place)
    Store(engine).insert(CUSTOMERS, {"fields": [{"name": "x", "cardId": "FF"}]})
    engine.dispose()
    path = tmp_path / "bad.csv"
    path.write_text(text, "utf-8")
    result = ran("import", place, path)
    assert result.return_value == 65
    lines = result.stderr.splitlines()
    assert [
        line for line, start in zip(lines, starts, strict=True) if not line.startswith(start)
    ] == []
    assert "nothing was imported" in result.stdout
    assert len(kept(place)) == 1


def test_a_dry_run_says_what_would_be_and_does_nothing(place: str, tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text(f"{HEAD}a,0A,New Co,,1\n", "utf-8")
    words = ("import", place, path, "--new-companies", "--json")
    output = json.loads(ran(*words, "--dry-run").output)
    assert (output["rows"], output["bad"], output["done"]) == (1, [], False)
    assert kept(place) == []
    assert json.loads(ran(*words).output)["done"]
    assert kept(place)[0]["company"]["name"] == "New Co"


def test_a_file_that_is_no_text_is_refused(place: str, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"name\nZo\xeb\n")
    with pytest.raises(ServiceError, match="is not UTF-8"):
        ran("import", place, path)
    with pytest.raises(ServiceError, match="cannot be read: No such file"):
        ran("import", place, tmp_path / "missing.csv")


def test_what_was_exported_imports_to_the_same(
    new_place: Callable[[], str], tmp_path: Path
) -> None:
    """The names include all scripts, control characters and line ends."""
    first, second = new_place(), new_place()
    ran("init", first, "--sample")
    path = tmp_path / "out.csv"
    ran("export", first, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    ran("init", second)
    assert ran("import", second, path, "--new-companies").return_value == 0
    assert ran("export", second, "-").stdout_bytes == path.read_bytes()
    read = list(csv.DictReader(StringIO(path.read_bytes().decode())))
    assert [row["name"] for row in read] == [row["name"] for row in rows()["Customers"]]


def test_a_backup_beside_writers_is_complete_and_private(tmp_path: Path) -> None:
    """Each write inserts two rows: an inconsistent copy could have an odd number."""
    with running_service(tmp_path) as running:
        office, stop = Api(running.url, running.office_token), threading.Event()

        def write() -> None:
            while not stop.is_set():
                pair = {"fields": [{"name": "x"}, {"name": "y"}]}
                assert office.post("/core/data/Customers/insert", pair)[0] == 201

        writer = threading.Thread(target=write)
        writer.start()
        sizes = set()
        try:
            for number in range(5):
                copy = tmp_path / f"copy{number}.db"
                output = json.loads(ran("backup", running.database, copy, "--json").output)
                assert output == {"file": str(copy), "bytes": copy.stat().st_size}
                assert stat.S_IMODE(copy.stat().st_mode) == 0o600
                with closing(sqlite3.connect(copy)) as connection:
                    (count,) = connection.execute("SELECT count(*) FROM customers").fetchone()
                assert count % 2 == 0
                sizes.add(count)
        finally:
            stop.set()
            writer.join()
            office.http.close()
        assert min(sizes) >= 200
        with pytest.raises(ServiceError, match="File exists"):
            ran("backup", running.database, copy)


def test_a_backup_can_be_served(tmp_path: Path) -> None:
    ran("init", tmp_path / "a.db", "--sample")
    ran("backup", tmp_path / "a.db", tmp_path / "b.db")
    assert kept(str(tmp_path / "b.db")) == kept(str(tmp_path / "a.db"))


@pytest.mark.slow
def test_postgresql_is_backed_up_by_its_own_tool(cluster: Cluster, tmp_path: Path) -> None:
    place = cluster.new_database()
    ran("init", place)
    with pytest.raises(UsageError, match="pg_dump -Fc -f"):
        ran("backup", place, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_token_is_let_in_and_out_while_the_service_runs(
    service: RunningService, office: Api
) -> None:
    token = ran("token", "add", service.database, "--role", "till", "--name", "bar").output.strip()
    bar = Api(service.url, token)
    body = {"fields": {"id": True}, "limit": 1}
    path = "/core/data/Customers/select"

    def comes_to(status: int) -> None:
        for _ in range(200):
            if bar.post(path, body)[0] == status:
                return
            threading.Event().wait(0.02)
        raise AssertionError(f"never {status}")

    comes_to(200)
    tokens = json.loads(ran("token", "list", service.database, "--json").output)
    (number,) = [item["id"] for item in tokens if item["name"] == "bar"]
    assert token not in json.dumps(tokens)
    ran("token", "revoke", service.database, number)
    comes_to(401)
    assert office.select(limit=1, conditions=where(equals("id", 1)))
    with pytest.raises(UsageError, match=f"there is no token {number}"):
        ran("token", "revoke", service.database, number)
    bar.http.close()
