"""What an office does in a day beside a real service: it pays, lists, looks up, lets people go."""

import asyncio
import csv
import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase, StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.cli.test_customers_command import CustomersCommand
from tests.fakes.backend import Canned, FakeBackend, SentRequest
from tests.fakes.service import RunningService, running_service
from tests.service.conftest import Api

from taptill.cli import taptill as group
from taptill.cli.output import login
from taptill.domain.errors import MoneyMovedError

pytestmark = pytest.mark.slow

BACKEND_ALONE = """
[backend]
base_url = "{url}"
office_token_file = "{folder}/office"
"""


@contextmanager
def plain_backend(
    *rows: dict[str, Any],
    offers: Any = None,
    rule: Callable[[SentRequest], Canned | None] | None = None,
) -> Iterator[str]:
    """Run a backend beside the test, of the plain API or with some offers; yield its address."""
    ready, over = queue.SimpleQueue[str](), threading.Event()

    async def serve() -> None:
        async with FakeBackend(rows) as backend:
            backend.capabilities, backend.rule = offers, rule or backend.rule
            ready.put(backend.url)
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        yield ready.get(timeout=20)
    finally:
        over.set()
        thread.join()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("office")) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, service: RunningService) -> CustomersCommand:
    new_desk = CustomersCommand(tmp_path, service)
    text = BACKEND_ALONE.format(url=service.url, folder=tmp_path)
    new_desk.config.write_text(text)
    return new_desk


@pytest.fixture
def german(desk: CustomersCommand) -> CustomersCommand:
    desk.config.write_text(f'[till]\nlanguage = "de"\n{desk.config.read_text()}')
    return desk


def test_a_config_with_the_backend_alone_is_enough(desk: CustomersCommand) -> None:
    assert "Ada Byron" in desk.done("find", "--card", "62E3086CED")


def test_a_mistake_in_such_a_config_is_still_told(desk: CustomersCommand) -> None:
    desk.config.write_text(desk.config.read_text() + "timeout = 3\n")
    assert "unknown key" in desk.run("find", "--name", "a").stderr


@pytest.mark.parametrize("part", ["byron", "BYRON", "ada b", "%byr_n"])
def test_a_name_is_found_whatever_its_capitals(desk: CustomersCommand, part: str) -> None:
    assert "Ada Byron" in desk.done("find", "--name", part)


@pytest.mark.parametrize("part", ["NÄHERIN", "na\u0308herin", "dorothea n"])
def test_c17_a_name_is_found_however_its_umlaut_is_encoded(
    desk: CustomersCommand, part: str
) -> None:
    assert "Dorothea Näherin" in desk.done("find", "--name", part)


def test_a_customer_is_set(desk: CustomersCommand) -> None:
    number = str(desk.added("Grace", "--external-id", "S-1"))
    words = ("--name", "Grace Hopper", "--email", "g@example.org", "--credit", "--company", "2")
    customer = json.loads(desk.done("set", number, *words, "--external-id", "S-2", "--json"))
    assert (customer["name"], customer["email"], customer["external_id"]) == (
        "Grace Hopper",
        "g@example.org",
        "S-2",
    )
    assert (customer["credit_allowed"], customer["company_id"]) == (True, 2)
    away = ("--email", "", "--no-credit", "--no-company", "--external-id", "")
    customer = json.loads(desk.done("set", number, *away, "--json"))
    assert (customer["email"], customer["external_id"], customer["company_id"]) == ("", "", None)
    assert (customer["name"], customer["credit_allowed"]) == ("Grace Hopper", False)


NOT_SET = {
    "nothing": ((), "say what is to be changed"),
    "a blank name": (("--name", " "), "needs a name"),
    "two companies": (("--company", "1", "--no-company"), "say one of"),
}


@pytest.mark.parametrize("case", NOT_SET.values(), ids=NOT_SET)
def test_a_setting_that_makes_no_sense_is_refused(
    desk: CustomersCommand, case: tuple[tuple[str, ...], str]
) -> None:
    words, message = case
    result = desk.run("set", "1", *words)
    assert (result.returncode, result.stdout) == (64, "")
    assert message in result.stderr


def test_money_is_paid_in_and_out_as_increments_with_their_reason(
    german: CustomersCommand, service: RunningService
) -> None:
    number = str(german.added("Pia Zahler"))
    output = german.done("pay", number, "20,50", "--reason", "bar am Tresen", "--staff", "Jo")
    assert output.splitlines()[0] == "20,50 € paid in, now 20,50 € in advance"
    output = german.done("pay-out", number, "0.30", "--reason", "Rest", "--staff", "Kim")
    assert output.splitlines()[0] == "0,30 € paid out, now 20,20 € in advance"
    api = Api(service.url, service.token)
    row = api.row(int(number))
    charge = {"totalDebt": -18.2, "debtData": row["debtData"]}
    condition = {"filters": [{"field": "version", "comparator": "=", "value": row["version"]}]}
    body = {"fields": {**charge, "debtData": None}, "conditions": condition}
    assert api.update(int(number), body)[0] == 200
    api.http.close()
    lines = [line.partition("  ")[2] for line in german.done("history", number).splitlines()]
    assert lines == [
        "20,50 € paid in by Jo (office): bar am Tresen, then 20,50 € in advance",
        "0,30 € paid out by Kim (office): Rest, then 20,20 € in advance",
        "2,00 € charged by till, then 18,20 € in advance",
    ]
    output = german.done("log", "--customer", number)
    assert [line.partition("  ")[2] for line in output.splitlines()] == [
        f"customer {number}: 0,30 € paid out by Kim (office): Rest",
        f"customer {number}: 20,50 € paid in by Jo (office): bar am Tresen",
        f"customer {number}: insert by {login()} (office)",
    ]
    newest = json.loads(german.done("log", "--last", "1", "--json"))
    assert (newest["act"], newest["staff"], newest["by"]) == ("pay-out", "Kim", "0.30")
    (first, *_) = map(json.loads, german.done("history", number, "--json").splitlines())
    assert (first["by"], first["total_debt"], first["reason"], first["staff"]) == (
        "-20.50",
        "-20.50",
        "bar am Tresen",
        "Jo",
    )


@pytest.mark.parametrize(
    "amount", ["0", "-5", "1,234", "1.000,50", "x", "", "1e3", "0.001", "1000000000000"]
)
def test_an_amount_that_may_be_another_is_refused(desk: CustomersCommand, amount: str) -> None:
    result = desk.run("pay", "--reason", "x", "--", "1", amount)
    assert result.returncode == 64
    assert "an amount is more than nothing and written like 12.50" in result.stderr


def test_a_payment_that_is_repeated_under_its_id_is_booked_once(desk: CustomersCommand) -> None:
    number = str(desk.added("Rea Repeat"))
    words = ("pay", number, "5", "--reason", "cash", "--request", "0badcafe")
    assert desk.done(*words) == desk.done(*words)
    assert len(desk.done("history", number).splitlines()) == 1
    result = desk.run("pay", number, "6", "--reason", "cash", "--request", "0badcafe")
    assert (result.returncode, "is another booking" in result.stderr) == (64, True)


def test_a_key_that_somebody_has_is_not_given_twice(desk: CustomersCommand) -> None:
    holder = desk.added("Karl Key", "--external-id", "T-1")
    other_id = str(desk.added("Karla"))
    for words in (
        ("set", other_id, "--external-id", "T-1"),
        ("add", "Kim", "--external-id", "T-1"),
    ):
        result = desk.run(*words)
        assert (result.returncode, result.stdout) == (64, "")
        assert f"customer {holder} (K. K.) has this externalId: take it away" in result.stderr
    desk.done("set", str(holder), "--external-id", "")
    assert desk.done("set", other_id, "--external-id", "T-1")
    desk.done("remove", other_id, "--yes")
    desk.done("set", str(holder), "--external-id", "T-1")
    result = desk.run("restore", other_id)
    assert (result.returncode, "somebody else has such an externalId" in result.stderr) == (
        64,
        True,
    )


class Thinking(RawIOBase):
    """A person who is asked, and answers only after something else has happened."""

    def __init__(self, answer: bytes, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._answer, self._meanwhile = answer, meanwhile

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        if len(target) and self._answer:
            self._meanwhile()
        piece, self._answer = self._answer[: len(target)], self._answer[len(target) :]
        target[: len(piece)] = piece
        return len(piece)


def test_a_sale_between_question_and_answer_is_not_cleared_unseen(
    german: CustomersCommand, service: RunningService
) -> None:
    """The person answers, and a till has charged meanwhile: the new sum is told, nobody is gone."""
    number = german.added("Lea Later")
    german.done("pay", str(number), "3.20", "--reason", "bar")
    api = Api(service.url, service.token)

    def sell() -> None:
        row = api.row(number)
        condition = {"filters": [{"field": "version", "comparator": "=", "value": row["version"]}]}
        body = {"fields": {"totalDebt": 1.5, "debtData": None}, "conditions": condition}
        assert api.update(number, body)[0] == 200

    words = german.words("remove", str(number), "--money", "clear")
    result = CliRunner().invoke(group, words, input=BufferedReader(Thinking(b"y\n", sell)))
    assert isinstance(result.exception, MoneyMovedError)
    assert f"customer {number} has moved since it was shown, now 1,50 € owed" in str(
        result.exception
    )
    assert "1,50 € owed" in german.done("show", str(number))
    german.done("remove", str(number), "--money", "clear", "--yes", "--staff", "Jo")
    log_lines = german.done("log", "--customer", str(number)).splitlines()
    assert any(line.endswith("1,50 € paid in by Jo (office): removed") for line in log_lines)
    api.http.close()


def test_who_did_what_to_companies_is_read_at_the_office(
    desk: CustomersCommand, service: RunningService
) -> None:
    api = Api(service.url, service.office_token)
    body = {"fields": [{"name": "Alt"}], "staff": "Jo"}
    (company,) = api.post("/core/data/Companies/insert", body)[1]
    new_name = {"fields": {"name": "Neu"}, "staff": "Kim"}
    api.post(f"/core/data/Companies/update/{company['id']}", new_name)
    api.http.close()
    log_lines = desk.done("log", "--companies", "--last", "2").splitlines()
    assert [line.partition("  ")[2] for line in log_lines] == [
        f"company {company['id']} (Alt -> Neu): update by Kim (office)",
        f"company {company['id']} (Alt): insert by Jo (office)",
    ]
    newest = json.loads(desk.done("log", "--companies", "--last", "1", "--json"))
    assert (newest["company"], newest["staff"], newest["after"]["name"]) == (
        company["id"],
        "Kim",
        "Neu",
    )
    assert desk.run("log", "--companies", "--customer", "7").returncode == 64


def test_a_payment_needs_a_reason_and_somebody(desk: CustomersCommand) -> None:
    assert desk.run("pay", "1", "5").returncode == 2
    result = desk.run("pay", "99999", "5", "--reason", "x")
    assert (result.returncode, "there is no customer 99999" in result.stderr) == (64, True)


def test_customers_are_listed_with_sums(desk: CustomersCommand, service: RunningService) -> None:
    lines = desk.done("list", "--owing").splitlines()
    assert all(" owed" in line for line in lines)
    *people, sums = lines
    assert sums.startswith(f"{len(people)} customers: €")
    assert f"owed by {len(people)}, €0.00 in advance of 0" in sums
    blocked_list = desk.done("list", "--blocked").splitlines()
    assert all("BLOCKED" in line for line in blocked_list[:-1])
    assert blocked_list[-1].endswith(f"{len(blocked_list) - 1} blocked")
    company = [
        json.loads(line)
        for line in desk.run("list", "--company", "2", "--json").stdout.splitlines()
    ]
    assert {customer["company_id"] for customer in company} == {2}
    api = Api(service.url, service.office_token)
    every = api.post("/core/data/Customers/select", {"limit": 1, "count": True})[1]["count"]
    api.http.close()
    assert desk.done("list").splitlines()[-1].startswith(f"{every} customers: ")


def test_a_list_for_a_spreadsheet_shows_its_letters(desk: CustomersCommand) -> None:
    result = desk.run("list", "--blocked", "--csv")
    assert result.stdout.startswith("\ufeffid,name,")
    rows = list(csv.DictReader(StringIO(result.stdout[1:])))
    assert {row["blocked"] for row in rows} == {"true"}
    assert result.stderr.startswith(f"{len(rows)} customers: ")
    assert desk.run("list", "--csv", "--json").returncode == 64


def test_a_removal_asks_what_becomes_of_money(desk: CustomersCommand) -> None:
    number = str(desk.added("Lea Leaver"))
    desk.done("pay", number, "3.20", "--reason", "cash")
    result = desk.run("remove", number, "--yes")
    assert (result.returncode, result.stdout) == (64, "")
    assert "1 of them has money: €0.00 owed, €3.20 in advance; say --money keep" in result.stderr
    result = desk.run("remove", number, answer="clear\ny\n")
    assert (result.returncode, result.stdout) == (0, f"removed: {number}\n")
    assert "Remove 1 customer and book the money away?" in result.stderr
    assert desk.done("history", number).splitlines()[-1].endswith("then €0.00 owed")


def test_who_was_removed_is_listed_and_brought_back(desk: CustomersCommand) -> None:
    number = str(desk.added("Rita Return", "--card", "77FFEE01"))
    desk.done("pay", number, "3.20", "--reason", "cash")
    desk.done("remove", number, "--yes", "--money", "keep")
    assert "Rita Return card 77FFEE01, €3.20 in advance" in desk.done("list", "--removed")
    other_id = str(desk.added("Other", "--card", "77FFEE01"))
    result = desk.run("restore", number)
    assert (result.returncode, "take it away there first" in result.stderr) == (64, True)
    desk.done("bind-card", other_id, "")
    assert desk.done("restore", number) == f"restored: {number}\n"
    assert "€3.20 in advance" in desk.done("find", "--card", "77FFEE01")
    result = desk.run("restore", number)
    assert (result.returncode, f"nobody was removed with the id {number}" in result.stderr) == (
        64,
        True,
    )


def test_a_removed_person_is_erased_and_the_ledger_stays(desk: CustomersCommand) -> None:
    number = str(desk.added("Erika Secret", "--external-id", "E-9"))
    desk.done("pay", number, "1", "--reason", "cash")
    assert desk.run("erase", number, "--yes").returncode == 64  # she is still here
    desk.done("remove", number, "--yes", "--money", "clear")
    assert desk.run("erase", number, answer="n\n").returncode == 1
    assert desk.done("erase", number, "--yes") == f"erased: {number}\n"
    assert "Erika" not in desk.done("list", "--removed")
    assert len(desk.done("history", number).splitlines()) == 2
    assert "Erika" not in desk.done("log", "--customer", number)


def test_who_did_what_is_kept_where_the_office_can_read_it(desk: CustomersCommand) -> None:
    number = str(desk.added("Log Example"))
    desk.done("block", number)
    log_lines = desk.done("log", "--customer", number).splitlines()
    assert [line.partition("  ")[2].partition(" by ")[0] for line in log_lines] == [
        f"customer {number}: update of isBlocked",
        f"customer {number}: insert",
    ]
    assert log_lines[0].endswith(" (office)")
    (newest,) = map(json.loads, desk.done("log", "--last", "1", "--json").splitlines())
    assert (newest["customer"], newest["act"], newest["fields"]) == (
        int(number),
        "update",
        ["isBlocked"],
    )
    assert newest["staff"]


def test_the_help_of_each_command_has_an_example() -> None:
    runner = CliRunner()
    for name in ("set", "pay", "pay-out", "list", "history", "log", "remove", "restore", "erase"):
        help_text = runner.invoke(group, ["customers", name, "--help"]).output
        assert (
            f"taptill customers {name} " in help_text or f"taptill customers {name}\n" in help_text
        )


def place_office(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the office a state folder and a token of its own; return where its config goes."""
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    (folder / "office").write_text("token")
    (folder / "office").chmod(0o600)
    return folder / "config.toml"


def test_a_backend_that_keeps_no_record_has_one_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plain API, without capabilities: the file tells who, whom and which fields, no values."""
    config = place_office(tmp_path, monkeypatch)
    ada = {"id": 7, "name": "Ada", "cardId": "A7", "isBlocked": False, "totalDebt": 3}
    with plain_backend(ada) as url:
        config.write_text(BACKEND_ALONE.format(url=url, folder=tmp_path))

        def done(*words: str) -> str:
            name, *rest = words
            result = CliRunner().invoke(group, ["customers", name, "--config", str(config), *rest])
            assert result.exit_code == 0, result.output
            messages[:] = [line.partition(":")[0] for line in result.stderr.splitlines()]
            return result.stdout

        messages: list[str] = []

        assert "BLOCKED" in done("block", "7", "--staff", "Jo")
        assert messages == ["this backend does not keep who did it"]
        assert "customer 7: update of isBlocked by Jo\n" in done("log")
        assert done("log", "--customer", "8") == ""
        done("remove", "7", "--yes", "--money", "keep")
        (newest, _) = map(json.loads, done("log", "--json").splitlines())
        assert (newest["act"], newest["customer"], newest["fields"]) == ("remove", 7, [])
    file = tmp_path / "state" / "taptill" / "customers-log.jsonl"
    assert file.stat().st_mode & 0o077 == 0
    assert "Ada" not in file.read_text()


def test_a_backend_that_books_and_keeps_no_person_has_the_person_kept_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes increments: the payment is made, and it is said where the person stands."""
    config = place_office(tmp_path, monkeypatch)
    ada = {"id": 7, "name": "Ada", "isBlocked": False, "totalDebt": 3}
    with plain_backend(ada, offers={"increment": True, "version": True}) as url:
        config.write_text(BACKEND_ALONE.format(url=url, folder=tmp_path))
        words = ["--config", str(config)]
        payment = [*words, "7", "5", "--reason", "cash", "--staff", "Jo"]
        result = CliRunner().invoke(group, ["customers", "pay", *payment])
        assert (result.exit_code, "€2.00 in advance" in result.stdout) == (0, True), result.output
        assert "kept on this machine (taptill customers log)" in result.stderr
        result = CliRunner().invoke(group, ["customers", "log", *words])
        assert "customer 7: pay of totalDebt by Jo\n" in result.stdout
        result = CliRunner().invoke(group, ["customers", "log", "--companies", *words])
        assert "keeps no record of what was done to companies" in str(result.exception)
