"""`taptill journal retire` beside a real service: nothing is closed that is not in the books."""

from pathlib import Path

import pytest
from tests.cli.office import BEN, CommandSite
from tests.fakes.forked.command import run_taptill
from tests.fakes.service import running_service

pytestmark = pytest.mark.slow


def test_a_retired_journal_is_settled_looked_at_and_closed(site: CommandSite) -> None:
    before = site.debt(BEN)
    site.settle((BEN, 250), send=False)
    assert "retired" in site.done("journal", "retire", "--yes", "--config", str(site.config))
    assert site.debt(BEN) == pytest.approx(before + 2.50)
    again = site.taptill("journal", "retire", "--yes", "--config", str(site.config))
    assert (again.returncode, "archive" in again.stderr) == (78, True)
    (site.state / "journal.db").rename(site.folder / "archived.db")
    site.settle((BEN, 100))
    assert site.debt(BEN) == pytest.approx(before + 3.50)


def written_back(site: CommandSite) -> float:
    """Settle twice, then let the office write the row between the two back; return what is owed."""
    before = site.debt(BEN)
    site.settle((BEN, 250))
    between = site.row(BEN)
    site.settle((BEN, 100))
    site.update(BEN, totalDebt=between["totalDebt"], debtData=between["debtData"])
    return before + 3.50


def test_no_journal_is_retired_without_a_judgement_of_every_row(site: CommandSite) -> None:
    """Marks from before a year was closed are judged by the archive."""
    total = written_back(site)
    site.done("journal", "close-year", "--late-max-s", "0")
    archive = site.state / "journal-from-1.db"
    backup = archive.rename(site.folder / "kept.db")
    new_journal = (site.state / "journal.db").read_bytes()
    for content in (None, bytes(5000), new_journal):
        if content is not None:
            archive.write_bytes(content)
        refusal = site.taptill("journal", "retire", "--yes", "--config", str(site.config))
        assert (refusal.returncode, "retired:" in refusal.stdout) == (74, False), refusal
    backup.replace(archive)
    site.done("journal", "retire", "--yes", "--config", str(site.config))
    assert site.debt(BEN) == pytest.approx(total)


def test_no_journal_is_retired_by_another_strategy_than_its_own(site: CommandSite) -> None:
    written_back(site)
    site.config.write_text(site.config.read_text().replace('"debt"', '"export"'))
    refusal = site.taptill("journal", "retire", "--yes", "--config", str(site.config))
    assert (refusal.returncode, "the journal is of 'debt'" in refusal.stderr) == (64, True), refusal


def test_what_a_restored_backend_lacks_is_settled_before_a_journal_is_retired(
    tmp_path: Path,
) -> None:
    backup = tmp_path / "backup.db"
    (tmp_path / "service").mkdir()
    (tmp_path / "till").mkdir()
    with running_service(tmp_path / "service") as service:
        site = CommandSite(tmp_path / "till", service)
        before = site.debt(BEN)
        site.settle((BEN, 250))
        assert run_taptill("service", "backup", service.database, str(backup)).returncode == 0
        site.settle((BEN, 100))
        service.stop()
        for end in ("-wal", "-shm"):
            Path(f"{service.database}{end}").unlink(missing_ok=True)
        backup.replace(service.database)
        service.start_again()
        site.done("journal", "retire", "--yes", "--config", str(site.config))
        assert site.debt(BEN) == pytest.approx(before + 3.50)
