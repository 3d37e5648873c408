"""Wrong configs, a second till, and power cuts: clear words, sysexits, nothing lost."""

import subprocess
from decimal import Decimal
from pathlib import Path

import pytest
from tests.scenarios.books import entries, row_of
from tests.scenarios.conftest import TillAndService
from tests.scenarios.program import Program, TillSite, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"
MISTAKES = """
[till]
name = ""
mode = "atended"
currancy = "EUR"
max_charge = 100.0
[backend]
base_url = "ftp://example.org"
page_size = 0
[[reader]]
driver = "serail"
[cache]
sync_s = "often"
[limits]
credit_ceiling = "a lot"
[settlement]
share_debt_data = "yes"
[[goods]]
key = "C"
name = "Coffee"
price = "1.505"
"""


def test_a_config_with_ten_mistakes_is_told_all_of_them_at_once(tmp_path: Path) -> None:
    """Exit status 78, each mistake with its table and key, and no traceback."""
    site = TillSite(tmp_path, "http://127.0.0.1:1", "token")
    site.config.write_text(MISTAKES)
    result = site.ask("run", "--config", str(site.config), "--state-dir", str(site.state))
    assert result.returncode == 78
    table_keys = ("name", "mode", "currancy", "max_charge", "base_url", "page_size", "serail")
    for word in (*table_keys, "sync_s", "credit_ceiling", "strategy", "share_debt_data", "price"):
        assert word in result.stderr, word
    assert "'currency'" in result.stderr or "currency" in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) >= 12


def test_a_second_till_on_the_same_journal_is_refused_and_told_who_has_it(
    world: TillAndService,
) -> None:
    """Exit status 75 and the first one's process id; the first goes on selling."""
    with running(world.site) as first:
        first.wait_for("ONLINE")
        second = Program(world.site.run_words())
        second.pause(0.1)
        status = second.process.wait(20)
        words = second.text()
        second.close()
        assert status == 75
        assert f"process {first.process.pid}" in " ".join(words.split())
        assert "Traceback" not in words
        first.sell("100", ADA)
        first.wait_for("Ada Byron pays")
        first.confirm()
        first.wait_for("Thank you")


def test_power_lost_right_after_paid_loses_nothing_and_books_it_once(world: TillAndService) -> None:
    """SIGKILL as soon as PAID stands there, offline; the next start shows and sends it."""
    with running(world.site) as till:
        till.wait_for("ONLINE", "data")
        world.service.stop()
        till.sell("420", ADA)
        till.wait_for("Ada Byron pays")
        till.confirm()
        till.wait_for("Thank you")
        till.kill()
    (charge,) = [entry for entry in entries(world.site) if entry["kind"] == "charge"]
    assert charge["amount_minor"] == 420
    world.service.start_again()
    with running(world.site) as till:
        till.wait_for("4.20 A. B. √ sent", "0 to send")
        assert till.leave() == 0
    assert row_of(world.service, ADA).total == Decimal("-8.10")
    verification = world.site.ask("journal", "verify", "--state-dir", str(world.site.state))
    assert verification.returncode == 0, verification.stderr


def test_a_wrong_word_is_answered_with_usage_and_status_64(tmp_path: Path) -> None:
    """Unknown commands and options, and a till without a terminal."""
    site = TillSite(tmp_path, "http://127.0.0.1:1", "token")
    for words in (("sell",), ("run", "--fast"), ("settle", "--fast")):
        result = site.ask(*words)
        assert result.returncode == 64, words
        assert "Traceback" not in result.stderr
    result = subprocess.run(
        site.run_words(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert result.returncode == 64
    assert "terminal" in result.stderr


def test_a_missing_token_says_where_to_put_it(tmp_path: Path) -> None:
    """Exit status 78 and both ways to give one."""
    site = TillSite(tmp_path, "http://127.0.0.1:1", "token")
    (tmp_path / "token").unlink()
    program = Program(site.run_words())
    status = program.process.wait(20)
    words = program.text()
    program.close()
    assert status == 78
    assert "no API token" in words
    assert str(tmp_path / "token") in words.replace("\n", "")
