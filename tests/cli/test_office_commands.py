"""`taptill conflicts`, `journal fork|adopt|retire|open` and `export` beside a real service."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.office import ADA, BEN, STAFF, CommandSite
from tests.fakes.service import RunningService

from taptill.clock import SystemClock
from taptill.config import load
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import JournalClonedError
from taptill.journal.identity import UNKNOWN_MACHINE
from taptill.journal.journal import Journal
from taptill.journal.lock import alone
from taptill.wiring.machine import machine
from taptill.wiring.opening import identity

pytestmark = pytest.mark.slow


@pytest.fixture
def on_desk(site: CommandSite) -> CommandSite:
    """Ada paid 3.20, then somebody emptied her debtData, then she paid 0.80."""
    site.update(ADA, debtData=None)  # whatever the test before has left there
    site.settle((ADA, 320))
    site.update(ADA, debtData=None)
    site.settle((ADA, 80))
    return site


def test_a_case_is_listed_shown_and_written_to_a_file(on_desk: CommandSite) -> None:
    listing = on_desk.done("conflicts", "list")
    assert "customer 1: €4.00 in question" in listing
    assert "\n    A. B., card …CED\n" in listing
    assert "debtData was emptied" in listing
    (case,) = map(json.loads, on_desk.done("conflicts", "list", "--json").splitlines())
    assert (case["customer"], case["reason"], case["in_question"]) == (ADA, "mark-lost", "4.00")
    assert "conflict" in on_desk.done("conflicts", "show", "1")
    case_document = json.loads(on_desk.done("conflicts", "show", "1", "--json"))
    assert case_document["entries"]
    assert case_document["figures"]["booked_if_office_moved_nothing"] == "3.20"
    file = on_desk.folder / "cases.csv"
    on_desk.done("conflicts", "export", str(file))
    assert "mark-lost" in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert "customer 1" in on_desk.done("conflicts", "list")  # it stays


def test_a_case_names_card_and_goods_of_what_is_in_question(on_desk: CommandSite) -> None:
    """Goods that are in the books already, or were voided, are not among them."""
    lines = [["Coffee", 150, 2], ["Cake", 320, 1]]
    on_desk.sell(ADA, 620, lines=lines)
    on_desk.sell(ADA, 150, charge_id="x", lines=[["Tea", 150, 1]])
    on_desk.sell(ADA, -150, kind=EntryKind.VOID, charge_id="x")
    listing = on_desk.done("conflicts", "list")
    assert "customer 1: €10.20 in question" in listing
    assert "\n    A. B., card …CED: 2 × Coffee, Cake\n" in listing
    (case,) = map(json.loads, on_desk.done("conflicts", "list", "--json").splitlines())
    assert (case["initials"], case["card"], case["goods"], case["currency"]) == (
        "A. B.",
        "…CED",
        "2 × Coffee, Cake",
        "EUR",
    )
    result = on_desk.taptill("journal", "open")
    assert "customer 1 (A. B.): €10.20, waits on the conflict desk\n" in result.stdout
    file = on_desk.folder / "cases.csv"
    assert on_desk.done("conflicts", "export", str(file)) == f"1 case is in {file}\n"
    assert "2 × Coffee, Cake" in file.read_text()
    (on_desk.state / "cache.db").unlink()
    assert "\n    A. B.: 2 × Coffee, Cake\n" in on_desk.done("conflicts", "list")


DECIDED: dict[str, tuple[tuple[str, ...], float]] = {
    "a person says what is in: the rest is sent": (
        ("retry", "1", "--booked", "3.20", "--yes"),
        0.80,
    ),
    "none of it is in: all is sent again": (("retry", "1", "--booked", "0", "--yes"), 4.00),
    "so does a retry of all that is unchanged": (("retry", "--unchanged"), 0.80),
    "accepted: nothing is sent": (("accept", "1", "--yes"), 0.0),
    "written off: nothing is sent": (("write-off", "1", "--yes"), 0.0),
}


@pytest.mark.parametrize(("words", "amount"), DECIDED.values(), ids=DECIDED)
def test_a_decision_is_carried_out(
    on_desk: CommandSite, words: tuple[str, ...], amount: float
) -> None:
    before = on_desk.debt(ADA)
    assert "customer 1: done" in on_desk.decided(*words)
    assert on_desk.debt(ADA) == pytest.approx(before + amount)
    assert "nothing waits" in on_desk.done("conflicts", "list")
    assert "nothing is open" in on_desk.done("journal", "open")
    assert "the chain holds" in on_desk.done("journal", "verify")


def test_a_total_that_has_changed_is_left_out_of_a_retry_of_all(on_desk: CommandSite) -> None:
    on_desk.update(ADA, totalDebt=on_desk.debt(ADA) - 1)
    assert "0 customers" in on_desk.decided("retry", "--unchanged")
    assert "customer 1" in on_desk.done("conflicts", "list")


def test_one_case_that_stays_keeps_no_other_one_waiting(on_desk: CommandSite) -> None:
    on_desk.settle((BEN, 250))
    on_desk.update(BEN, debtData=None)
    on_desk.settle((BEN, 50))
    on_desk.update(ADA, debtData="a letter")
    before = on_desk.debt(BEN)
    words = ("conflicts", "retry", "--unchanged", *STAFF, "--config", str(on_desk.config))
    result = on_desk.taptill(*words)
    assert (result.returncode, "customer 1 stays" in result.stderr) == (75, True), result
    assert "customer 3: done" in result.stdout
    assert on_desk.debt(BEN) == pytest.approx(before + 0.50)


def test_a_backend_that_does_not_answer_is_no_answer_about_what_is_unchanged(
    on_desk: CommandSite, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("wrong")
    words = ("conflicts", "retry", "--unchanged", *STAFF, "--config", str(on_desk.config))
    result = on_desk.taptill(*words)
    assert (result.returncode, "nothing was decided" in result.stderr) == (69, True), result


def test_cases_are_not_written_over_a_folder(on_desk: CommandSite) -> None:
    assert on_desk.taptill("conflicts", "export", ".").returncode == 64


def test_the_figures_of_a_case_stand_side_by_side(on_desk: CommandSite) -> None:
    """The total is 3.20 more than before the first charge: what was sent is in."""
    total = on_desk.debt(ADA)
    figures = json.loads(on_desk.done("conflicts", "show", "1", "--json"))["figures"]
    assert figures["total"] == figures["office_if_none_is_in"] == f"{total:.2f}"
    assert figures["office_if_all_is_in"] == f"{total - 4:.2f}"
    assert figures["office_as_last_seen"] == figures["total_before_first_update"]
    assert figures["total_before_first_update"] == f"{total - 3.2:.2f}"
    words = on_desk.done("conflicts", "show", "1")
    assert "taptill conflicts retry 1 --booked 0" in words
    assert "office if all is in" in words


def test_a_retry_of_a_lost_mark_must_say_what_is_in(on_desk: CommandSite) -> None:
    before = on_desk.debt(ADA)
    words = ("conflicts", "retry", "1", *STAFF, "--config", str(on_desk.config))
    result = on_desk.taptill(*words)
    assert (result.returncode, "--booked 0" in result.stderr) == (75, True), result
    assert on_desk.debt(ADA) == pytest.approx(before)


def test_what_is_in_question_is_named_before_anything_is_removed(on_desk: CommandSite) -> None:
    result = on_desk.taptill("journal", "open", "--json")
    document = json.loads(result.stdout)
    assert (result.returncode, document["sum"], document["on_desk"]) == (75, "4.00", 1)


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "nobody is there to be asked": (("accept", "1"), 64, "say --yes"),
    "no such case": (("accept", "3"), 64, "has no case"),
    "neither one nor all": (("retry",), 64, "name one customer"),
    "an amount that is none": (
        ("retry", "1", "--booked", "ten"),
        64,
        "--booked 'ten' is no amount",
    ),
    "more than was ever charged": (("retry", "1", "--booked", "400"), 64, "€0.00 and €4.00"),
    "less than was ever charged": (("retry", "1", "--booked", "-1"), 64, "€0.00 and €4.00"),
    "what is booked of all": (("retry", "--unchanged", "--booked", "1"), 64, "one customer"),
    "both": (("retry", "1", "--unchanged"), 64, "name one customer"),
}


@pytest.mark.parametrize(("words", "status", "why"), REFUSED.values(), ids=REFUSED)
def test_a_decision_that_makes_no_sense_is_refused(
    on_desk: CommandSite, words: tuple[str, ...], status: int, why: str
) -> None:
    result = on_desk.taptill("conflicts", *words, *STAFF, "--config", str(on_desk.config))
    assert (result.returncode, why in result.stderr) == (status, True), result


def test_what_cannot_be_carried_out_says_why(on_desk: CommandSite) -> None:
    on_desk.update(ADA, debtData="a letter")
    words = ("conflicts", "retry", "1", *STAFF, "--config", str(on_desk.config))
    result = on_desk.taptill(*words)
    assert result.returncode == 75
    assert "stays on the conflict desk" in result.stderr


def test_what_is_open_keeps_the_program_from_being_removed(site: CommandSite) -> None:
    site.settle((BEN, 250), send=False)
    result = site.taptill("journal", "open", "--json")
    assert result.returncode == 75
    document = json.loads(result.stdout)
    assert (document["customers"], document["sum"], document["on_desk"]) == (1, "2.50", 0)
    assert result.stderr.startswith("1 customer has entries on the way, net €2.50. A running till")
    assert document["list"] == [
        {"customer": BEN, "initials": "A. B.", "amount": "2.50", "on_desk": False}
    ]
    result = site.taptill("journal", "open")
    assert (result.returncode, result.stdout) == (75, "customer 3 (A. B.): €2.50\n")
    site.settle()
    assert json.loads(site.done("journal", "open", "--json"))["customers"] == 0


def test_amounts_are_written_in_the_language_of_the_shell(
    site: CommandSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of --json stay as they are; a case, its entries and figures follow."""
    monkeypatch.delenv("LC_ALL")
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("LC_MONETARY", "de_DE.UTF-8")
    site.update(ADA, debtData=None)
    site.settle((ADA, 320))
    site.update(ADA, debtData=None)
    site.settle((ADA, 80))
    assert "net 4,00 €" in site.taptill("journal", "open").stderr
    assert json.loads(site.taptill("journal", "open", "--json").stdout)["sum"] == "4.00"
    assert "customer 1: 4,00 € in question" in site.done("conflicts", "list")
    case_text = site.done("conflicts", "show", "1")
    assert " charge           3,20 €\n" in case_text
    assert "  booked if office moved nothing         3,20 €\n" in case_text
    refusal = site.taptill("conflicts", "retry", "1", "--booked", "99,00", *STAFF)
    assert "between 0,00 € and 4,00 € can be in" in refusal.stderr


def test_what_is_open_is_sent_without_a_till(site: CommandSite) -> None:
    before = site.debt(BEN)
    site.settle((BEN, 250), send=False)
    site.done("settle", "--config", str(site.config))
    assert site.debt(BEN) == pytest.approx(before + 2.50)
    assert "nothing is open" in site.done("settle", "--config", str(site.config))


def test_what_is_sent_without_a_till_is_in_the_rows_that_it_knows_offline(
    site: CommandSite,
) -> None:
    site.settle((BEN, 250), send=False)
    site.done("settle", "--config", str(site.config))
    with closing(sqlite3.connect(site.state / "cache.db")) as cache:
        (total,) = cache.execute("SELECT total FROM customers WHERE id = ?", [BEN]).fetchone()
    assert float(total) == pytest.approx(site.debt(BEN) * 100)


def test_what_cannot_be_sent_is_said(on_desk: CommandSite) -> None:
    result = on_desk.taptill("settle", "--config", str(on_desk.config))
    assert (result.returncode, "taptill conflicts list" in result.stderr) == (75, True)


def test_no_journal_is_retired_with_a_case_on_the_desk(on_desk: CommandSite) -> None:
    result = on_desk.taptill("journal", "retire", "--yes", "--config", str(on_desk.config))
    assert (result.returncode, "to be retired while 1" in result.stderr) == (75, True)


def test_after_a_fork_the_till_goes_on_beside_its_twin(site: CommandSite) -> None:
    site.settle((BEN, 100))
    before = site.debt(BEN)
    output = site.done("journal", "fork", "--yes", "--late-max-s", "0")
    assert "0 cases" in output
    site.settle((BEN, 50))
    assert site.debt(BEN) == pytest.approx(before + 0.50)
    assert "the chain holds" in site.done("journal", "verify")


def test_archives_go_along_with_a_journal_that_is_retired(site: CommandSite) -> None:
    site.settle((BEN, 100))
    site.done("journal", "close-year", "--late-max-s", "0")
    output = site.taptill("journal", "retire", "--yes", "--config", str(site.config)).stdout
    assert f"move {site.state}/journal.db, {site.state}/journal-from-1.db to" in output


def test_a_new_id_and_a_close_wait_for_late_requests_as_the_config_says(site: CommandSite) -> None:
    site.settle((BEN, 100))
    site.config.write_text(site.config.read_text().replace("late_max_s = 10", "late_max_s = 3600"))
    for words in (("fork", "--yes"), ("close-year",)):
        refusal = site.taptill("journal", *words, "--config", str(site.config))
        assert refusal.returncode == 64
        assert re.search(r"wait 3[56]\d\d s", refusal.stderr)


@pytest.mark.skipif(machine() == UNKNOWN_MACHINE, reason="this machine has no name of its own")
def test_a_journal_of_another_board_is_refused_and_adopted(site: CommandSite) -> None:
    site.settle()
    with alone(site.state / "journal.db", SystemClock()) as journal:
        opening = journal.queries.last_opened()
        assert opening is not None
        journal.append(Draft(EntryKind.OPENED, body={**opening, "machine": "another board"}))
    with pytest.raises(JournalClonedError, match="taptill journal adopt"):
        site.settle()
    site.done("journal", "adopt", "--yes")
    site.settle()


def test_a_question_that_is_not_answered_changes_nothing(on_desk: CommandSite) -> None:
    endings = [("conflicts", choice, "1", *STAFF) for choice in ("accept", "write-off")]
    for words in (("journal", "fork"), *endings):
        assert on_desk.taptill(*words).returncode != 0
    assert "customer 1" in on_desk.done("conflicts", "list")


def test_a_till_that_exports_hands_its_charges_over_in_files(
    tmp_path: Path, service: RunningService
) -> None:
    site = CommandSite(tmp_path, service, "export")
    journal = Journal(site.state / "journal.db", SystemClock(), min_free_mb=0)
    journal.open(identity(load(site.config)))
    body = {"currency": "EUR", "offline": False, "initials": "A. B."}
    asyncio.run(journal.append([Draft(EntryKind.CHARGE, ADA, 320, body)]))
    journal.close()
    unwritten = site.taptill("export", "write", "--to", "/proc")
    assert (unwritten.returncode, "write --again 1" in unwritten.stderr) == (73, True)
    output = site.done("export", "write", "--to", str(tmp_path), "--again", "1")
    assert "1 entry, sum €3.20" in output
    file = next(tmp_path.glob("taptill-*-0001.csv"))
    content = file.read_bytes()
    file.unlink()
    site.done("export", "write", "--to", str(tmp_path), "--again", "1")
    assert file.read_bytes() == content
    assert site.taptill("journal", "open").returncode == 75
    words = ("journal", "retire", "--yes", "--config", str(site.config))
    assert site.taptill(*words).returncode == 75
    assert "booked" in site.done("export", "booked", "1", "--staff", "Jo")
    (export,) = map(json.loads, site.done("export", "list", "--json").splitlines())
    assert (export["number"], export["booked"]) == (1, True)
    assert site.done("journal", "open")
    assert "retired" in site.done("journal", "retire", "--yes", "--config", str(site.config))
    refusal = site.taptill("export", "booked", "1", "--staff", "Jo")
    assert refusal.returncode != 0
