"""`taptill receipt test` prints the calibration slip, or says why not."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.fakes.devices.paper import Mood, TcpPrinter

from taptill.cli import taptill
from taptill.cli.receipt import ANSWERS
from taptill.config import parse
from taptill.domain.errors import PrintingError
from taptill.slips.calibration import calibration_slip
from taptill.slips.layout import Paper

CONFIG = """
[backend]
base_url = "http://127.0.0.1:9"
[till]
name = "bar"
[[reader]]
driver = "simulated"
[settlement]
strategy = "debt"
[receipt]
"""


def run(folder: Path, receipt: str, *words: str) -> tuple[int, str]:
    """Run the command on a config with these lines in [receipt]."""
    config = folder / "config.toml"
    config.write_text(CONFIG + receipt, "utf-8")
    answer = CliRunner().invoke(taptill, ["receipt", "test", "--config", str(config), *words])
    if isinstance(answer.exception, PrintingError):
        return answer.exception.exit_status, str(answer.exception)
    return answer.exit_code, answer.output


def test_the_slip_is_printed_and_the_lines_that_follow_are_named(tmp_path: Path) -> None:
    path = tmp_path / "paper"
    status, output = run(tmp_path, f'printer = "{path}"\ncut = false\n')
    assert (status, path.read_bytes()) == (0, calibration_slip(Paper(cut=False)))
    assert "columns" in output
    assert str(path) in output


def test_the_lines_that_follow_are_keys_of_the_config() -> None:
    lines = [line for line in ANSWERS.splitlines() if " = " in line]
    config = parse(f"{CONFIG}{chr(10).join(lines)}")
    assert (config.receipt.code_page, config.receipt.code_page_number) == ("858", 19)


def test_another_printer_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "other"
    assert run(tmp_path, "", "--printer", str(path))[0] == 0
    assert path.read_bytes().startswith(b"\x1b@")


@pytest.mark.parametrize(("mood", "words"), [(Mood.NO_PAPER, "no paper"), (Mood.GONE, "not there")])
def test_why_nothing_was_printed_is_said(tmp_path: Path, mood: Mood, words: str) -> None:
    printer = TcpPrinter(mood)
    try:
        status, output = run(tmp_path, f'printer = "{printer.address}"\n')
    finally:
        printer.close()
    assert status == 69
    assert f"{printer.address}: {words}" in output


def test_without_a_printer_the_command_says_how_to_name_one(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG, "utf-8")
    answer = CliRunner().invoke(taptill, ["receipt", "test", "--config", str(config)])
    assert "--printer" in str(answer.exception)
