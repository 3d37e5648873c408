"""`taptill journal retire` beside a real service: nothing is closed that is not in the books."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.office import BEN, Site
from tests.fakes.service import running_service

pytestmark = pytest.mark.slow


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


def test_no_journal_is_retired_without_a_judgement_of_every_row(site: Site) -> None:
    """Marks from before a year was closed are judged by the archive."""
    owed = written_back(site)
    site.done("journal", "close-year", "--late-max-s", "0")
    archive = site.state / "journal-from-1.db"
    kept = archive.rename(site.folder / "kept.db")
    another = (site.state / "journal.db").read_bytes()
    for content in (None, bytes(5000), another):
        if content is not None:
            archive.write_bytes(content)
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
