"""`taptill conflicts`, `journal fork|adopt|retire|open` and `export` beside a real service."""

import asyncio
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.fakes.service import RunningService, running_service

from taptill.clock import SystemClock
from taptill.config import load
from taptill.domain.entry import Draft, Kind
from taptill.domain.errors import JournalClonedError
from taptill.journal.journal import Journal
from taptill.journal.lock import alone
from taptill.wiring import Sender, identity, sender

pytestmark = pytest.mark.slow

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


class Site:
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

    def taptill(self, *words: str) -> "subprocess.CompletedProcess[str]":
        whole = [sys.executable, "-m", "taptill", *words, "--state-dir", str(self.state)]
        return subprocess.run(whole, capture_output=True, text=True, timeout=60, check=False)

    def done(self, *words: str) -> str:
        """Run a command that must succeed; give what it printed."""
        ended = self.taptill(*words)
        assert (ended.returncode, ended.stderr) == (0, ""), ended
        return ended.stdout

    def decided(self, *words: str) -> str:
        return self.done("conflicts", *words, *STAFF, "--config", str(self.config))

    def settle(self, *charges: tuple[int, int], send: bool = True) -> None:
        """Charge (customer, amount) each, and settle as a till would."""

        async def work(connected: Sender) -> None:
            for customer, amount in charges:
                body = {"currency": "EUR", "offline": False, "initials": "A. B."}
                await connected.journal.append([Draft(Kind.CHARGE, customer, amount, body)])
            while send and await connected.settlement.settle_open():
                pass

        async def both() -> None:
            config = load(self.config)
            async with sender(config, self.state, self.service.token) as connected:
                await work(connected)

        asyncio.run(both())

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


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, service: RunningService) -> Site:
    return Site(tmp_path, service)


@pytest.fixture
def on_desk(site: Site) -> Site:
    """Ada paid 3.20, then somebody emptied her debtData, then she paid 0.80."""
    site.update(ADA, debtData=None)  # whatever the test before has left there
    site.settle((ADA, 320))
    site.update(ADA, debtData=None)
    site.settle((ADA, 80))
    return site


def test_a_case_is_listed_shown_and_written_to_a_file(on_desk: Site) -> None:
    listed = on_desk.done("conflicts", "list")
    assert "customer 1: 0.80 in question" in listed
    assert "debtData was emptied" in listed
    (case,) = map(json.loads, on_desk.done("conflicts", "list", "--json").splitlines())
    assert (case["customer"], case["reason"], case["in_question"]) == (ADA, "mark-lost", "0.80")
    assert "conflict" in on_desk.done("conflicts", "show", "1")
    assert json.loads(on_desk.done("conflicts", "show", "1", "--json"))["entries"]
    file = on_desk.folder / "cases.csv"
    on_desk.done("conflicts", "export", str(file))
    assert "mark-lost" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert "customer 1" in on_desk.done("conflicts", "list")  # it stays


DECIDED: dict[str, tuple[tuple[str, ...], float]] = {
    "a retry sends what is in question": (("retry", "1"), 0.80),
    "so does a retry of all that is unchanged": (("retry", "--unchanged"), 0.80),
    "accepted: nothing is sent": (("accept", "1", "--yes"), 0.0),
    "written off: nothing is sent": (("write-off", "1", "--yes"), 0.0),
}


@pytest.mark.parametrize(("words", "moved"), DECIDED.values(), ids=DECIDED)
def test_a_decision_is_carried_out(on_desk: Site, words: tuple[str, ...], moved: float) -> None:
    before = on_desk.debt(ADA)
    assert "customer 1: done" in on_desk.decided(*words)
    assert on_desk.debt(ADA) == pytest.approx(before + moved)
    assert "nothing waits" in on_desk.done("conflicts", "list")
    assert "nothing is open" in on_desk.done("journal", "open")
    assert "the chain holds" in on_desk.done("journal", "verify")


def test_a_total_that_has_changed_is_left_out_of_a_retry_of_all(on_desk: Site) -> None:
    on_desk.update(ADA, totalDebt=on_desk.debt(ADA) - 1)
    assert "0 customers" in on_desk.decided("retry", "--unchanged")
    assert "customer 1" in on_desk.done("conflicts", "list")


def test_one_case_that_stays_keeps_no_other_one_waiting(on_desk: Site) -> None:
    on_desk.settle((BEN, 250))
    on_desk.update(BEN, debtData=None)
    on_desk.settle((BEN, 50))
    on_desk.update(ADA, debtData="a letter")
    before = on_desk.debt(BEN)
    words = ("conflicts", "retry", "--unchanged", *STAFF, "--config", str(on_desk.config))
    ended = on_desk.taptill(*words)
    assert (ended.returncode, "customer 1 stays" in ended.stderr) == (75, True), ended
    assert "customer 3: done" in ended.stdout
    assert on_desk.debt(BEN) == pytest.approx(before + 0.50)


def test_a_backend_that_does_not_answer_is_no_answer_about_what_is_unchanged(
    on_desk: Site, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("wrong")
    words = ("conflicts", "retry", "--unchanged", *STAFF, "--config", str(on_desk.config))
    ended = on_desk.taptill(*words)
    assert (ended.returncode, "nothing was decided" in ended.stderr) == (69, True), ended


def test_cases_are_not_written_over_a_folder(on_desk: Site) -> None:
    assert on_desk.taptill("conflicts", "export", ".").returncode == 64


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no such case": (("accept", "3"), 64, "has no case"),
    "neither one nor all": (("retry",), 64, "name one customer"),
    "both": (("retry", "1", "--unchanged"), 64, "name one customer"),
}


@pytest.mark.parametrize(("words", "status", "why"), REFUSED.values(), ids=REFUSED)
def test_a_decision_that_makes_no_sense_is_refused(
    on_desk: Site, words: tuple[str, ...], status: int, why: str
) -> None:
    ended = on_desk.taptill("conflicts", *words, *STAFF, "--config", str(on_desk.config))
    assert (ended.returncode, why in ended.stderr) == (status, True), ended


def test_what_cannot_be_carried_out_says_why(on_desk: Site) -> None:
    on_desk.update(ADA, debtData="a letter")
    words = ("conflicts", "retry", "1", *STAFF, "--config", str(on_desk.config))
    ended = on_desk.taptill(*words)
    assert ended.returncode == 75
    assert "stays on the conflict desk" in ended.stderr


def test_what_is_open_keeps_the_program_from_being_removed(site: Site) -> None:
    site.settle((BEN, 250), send=False)
    ended = site.taptill("journal", "open", "--json")
    assert ended.returncode == 75
    shown = json.loads(ended.stdout)
    assert (shown["customers"], shown["sum"], shown["on_desk"]) == (1, "2.50", 0)
    assert "sum 2.50" in ended.stderr
    site.settle()
    assert json.loads(site.done("journal", "open", "--json"))["customers"] == 0


def test_what_is_open_is_sent_without_a_till(site: Site) -> None:
    before = site.debt(BEN)
    site.settle((BEN, 250), send=False)
    site.done("settle", "--config", str(site.config))
    assert site.debt(BEN) == pytest.approx(before + 2.50)
    assert "nothing is open" in site.done("settle", "--config", str(site.config))


def test_what_is_sent_without_a_till_is_in_the_rows_that_it_knows_offline(site: Site) -> None:
    site.settle((BEN, 250), send=False)
    site.done("settle", "--config", str(site.config))
    with closing(sqlite3.connect(site.state / "cache.db")) as cache:
        (total,) = cache.execute("SELECT total FROM customers WHERE id = ?", [BEN]).fetchone()
    assert float(total) == pytest.approx(site.debt(BEN) * 100)


def test_what_cannot_be_sent_is_said(on_desk: Site) -> None:
    ended = on_desk.taptill("settle", "--config", str(on_desk.config))
    assert (ended.returncode, "taptill conflicts list" in ended.stderr) == (75, True)


def test_a_retired_journal_is_settled_looked_at_and_closed(site: Site) -> None:
    before = site.debt(BEN)
    site.settle((BEN, 250), send=False)
    assert "retired" in site.done("journal", "retire", "--yes", "--config", str(site.config))
    assert site.debt(BEN) == pytest.approx(before + 2.50)
    again = site.taptill("journal", "retire", "--yes", "--config", str(site.config))
    assert (again.returncode, "archive" in again.stderr) == (78, True)
    (site.state / "journal.db").rename(site.folder / "archived.db")
    site.settle((BEN, 100))
    assert site.debt(BEN) == pytest.approx(before + 3.50)


def written_back(site: Site) -> float:
    """Settle twice, then let the office write the row between the two back; give what is owed."""
    before = site.debt(BEN)
    site.settle((BEN, 250))
    between = site.row(BEN)
    site.settle((BEN, 100))
    site.update(BEN, totalDebt=between["totalDebt"], debtData=between["debtData"])
    return before + 3.50


@pytest.mark.parametrize("state", ["there", "gone", "damaged", "another one"])
def test_no_journal_is_retired_without_a_judgement_of_every_row(site: Site, state: str) -> None:
    """Marks from before a year was closed are judged by the archive."""
    owed = written_back(site)
    site.done("journal", "close-year", "--late-max-s", "0")
    archive = site.state / "journal-from-1.db"
    kept = archive.rename(site.folder / "kept.db")
    if state == "damaged":
        archive.write_bytes(bytes(5000))
    elif state == "another one":
        archive.write_bytes((site.state / "journal.db").read_bytes())
    if state != "there":
        refused = site.taptill("journal", "retire", "--yes", "--config", str(site.config))
        assert (refused.returncode, "retired:" in refused.stdout) == (74, False), refused
    kept.replace(archive)
    site.done("journal", "retire", "--yes", "--config", str(site.config))
    assert site.debt(BEN) == pytest.approx(owed)


def test_no_journal_is_retired_by_another_strategy_than_its_own(site: Site) -> None:
    written_back(site)
    site.config.write_text(site.config.read_text().replace('"debt"', '"export"'))
    refused = site.taptill("journal", "retire", "--yes", "--config", str(site.config))
    assert (refused.returncode, "the journal is of 'debt'" in refused.stderr) == (64, True), refused


def test_what_a_restored_backend_lacks_is_settled_before_a_journal_is_retired(
    tmp_path: Path,
) -> None:
    backup = tmp_path / "backup.db"
    (tmp_path / "service").mkdir()
    (tmp_path / "till").mkdir()
    with running_service(tmp_path / "service") as service:
        site = Site(tmp_path / "till", service)
        before = site.debt(BEN)
        site.settle((BEN, 250))
        words = [
            sys.executable,
            "-m",
            "taptill",
            "service",
            "backup",
            service.database,
            str(backup),
        ]
        subprocess.run(words, check=True, capture_output=True)
        site.settle((BEN, 100))
        service.stop()
        for end in ("-wal", "-shm"):
            Path(f"{service.database}{end}").unlink(missing_ok=True)
        backup.replace(service.database)
        service.start_again()
        site.done("journal", "retire", "--yes", "--config", str(site.config))
        assert site.debt(BEN) == pytest.approx(before + 3.50)


def test_no_journal_is_retired_with_a_case_on_the_desk(on_desk: Site) -> None:
    ended = on_desk.taptill("journal", "retire", "--yes", "--config", str(on_desk.config))
    assert (ended.returncode, "to be retired while 1" in ended.stderr) == (75, True)


def test_after_a_fork_the_till_goes_on_beside_its_twin(site: Site) -> None:
    site.settle((BEN, 100))
    before = site.debt(BEN)
    said = site.done("journal", "fork", "--yes", "--late-max-s", "0")
    assert "0 cases" in said
    site.settle((BEN, 50))
    assert site.debt(BEN) == pytest.approx(before + 0.50)
    assert "the chain holds" in site.done("journal", "verify")


def test_archives_go_along_with_a_journal_that_is_retired(site: Site) -> None:
    site.settle((BEN, 100))
    site.done("journal", "close-year", "--late-max-s", "0")
    said = site.taptill("journal", "retire", "--yes", "--config", str(site.config)).stdout
    assert f"move {site.state}/journal.db, {site.state}/journal-from-1.db to" in said


def test_a_new_id_and_a_close_wait_for_late_requests_as_the_config_says(site: Site) -> None:
    site.settle((BEN, 100))
    site.config.write_text(site.config.read_text().replace("late_max_s = 10", "late_max_s = 3600"))
    for words in (("fork", "--yes"), ("close-year",)):
        refused = site.taptill("journal", *words, "--config", str(site.config))
        assert refused.returncode == 64
        assert re.search(r"wait 3[56]\d\d s", refused.stderr)


def test_a_journal_of_another_board_is_refused_and_adopted(site: Site) -> None:
    site.settle()
    with alone(site.state / "journal.db", SystemClock()) as journal:
        opened = journal.reads.last_opened()
        assert opened is not None
        journal.append(Draft(Kind.OPENED, body={**opened, "machine": "another board"}))
    with pytest.raises(JournalClonedError, match="taptill journal adopt"):
        site.settle()
    site.done("journal", "adopt", "--yes")
    site.settle()


def test_a_question_that_is_not_answered_changes_nothing(on_desk: Site) -> None:
    endings = [("conflicts", choice, "1", *STAFF) for choice in ("accept", "write-off")]
    for words in (("journal", "fork"), *endings):
        assert on_desk.taptill(*words).returncode != 0
    assert "customer 1" in on_desk.done("conflicts", "list")


def test_a_till_that_exports_hands_its_charges_over_in_files(
    tmp_path: Path, service: RunningService
) -> None:
    site = Site(tmp_path, service, "export")
    journal = Journal(site.state / "journal.db", SystemClock(), min_free_mb=0)
    journal.open(identity(load(site.config)))
    body = {"currency": "EUR", "offline": False, "initials": "A. B."}
    asyncio.run(journal.append([Draft(Kind.CHARGE, ADA, 320, body)]))
    journal.close()
    unwritten = site.taptill("export", "write", "--to", "/proc")
    assert (unwritten.returncode, "write --again 1" in unwritten.stderr) == (73, True)
    said = site.done("export", "write", "--to", str(tmp_path), "--again", "1")
    assert "1 entries, sum 3.20" in said
    file = next(tmp_path.glob("taptill-*-0001.csv"))
    kept = file.read_bytes()
    file.unlink()
    site.done("export", "write", "--to", str(tmp_path), "--again", "1")
    assert file.read_bytes() == kept
    assert site.taptill("journal", "open").returncode == 75
    words = ("journal", "retire", "--yes", "--config", str(site.config))
    assert site.taptill(*words).returncode == 75
    assert "booked" in site.done("export", "booked", "1", "--staff", "Jo")
    (listed,) = map(json.loads, site.done("export", "list", "--json").splitlines())
    assert (listed["number"], listed["booked"]) == (1, True)
    assert site.done("journal", "open")
    assert "retired" in site.done("journal", "retire", "--yes", "--config", str(site.config))
    refused = site.taptill("export", "booked", "1", "--staff", "Jo")
    assert refused.returncode != 0
