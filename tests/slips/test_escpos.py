"""The bytes of a slip: for each width and each code page those of a file that a person has read.

`GOLDEN=write .venv/bin/pytest tests/slips/test_escpos.py` writes them anew.
"""

import os
from pathlib import Path

import pytest
from tests.slips.samples import slip

from taptill.slips.calibration import RULERS, calibration_slip, ruler
from taptill.slips.code_pages import CODECS, code_page
from taptill.slips.escpos import CUT, RESET, encode_rows, says_no_paper
from taptill.slips.layout import Paper, SlipRow, lay_out_slip
from taptill.ui import texts

GOLDEN = Path(__file__).with_name("golden")
WIDTHS = (32, 42, 48)
LANGUAGES = {"ascii": "de", "437": "en", "850": "fr", "858": "es", "1252": "de"}


def compare(name: str, octets: bytes) -> None:
    """Compare with a file of lines, each the bytes of one line feed, as Python writes them."""
    written = "".join(f"{line!r}\n" for line in octets.splitlines(keepends=True))
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(written, "ascii")
    assert path.read_text("ascii") == written


@pytest.fixture(autouse=True)
def _in_utc(in_utc: None) -> None:
    """Print the time of the samples."""


@pytest.mark.parametrize("page", CODECS)
@pytest.mark.parametrize("columns", WIDTHS)
def test_a_slip_is_these_bytes(columns: int, page: str) -> None:
    paper = Paper(
        columns=columns,
        page=code_page(page),
        cut=columns != 32,
        header=("Café Röstfrisch",),
        footer=("Danke – merci!",),
    )
    words = texts.load(LANGUAGES[page])
    octets = encode_rows(lay_out_slip(slip(copy=1), paper, words), paper)
    compare(f"{columns}-{page}", octets)


def test_the_calibration_slip_is_these_bytes() -> None:
    compare("calibration", calibration_slip(Paper()))


def test_a_slip_begins_with_a_reset_and_chooses_one_page() -> None:
    paper = Paper(page=code_page("858", 13))
    octets = encode_rows([SlipRow("ä €".ljust(32))], paper)
    assert octets.startswith(RESET)
    assert octets.count(b"\x1bt") == 1
    assert b"\x1bt\x0d\x84 \xd5\n" in octets


def test_bold_and_tall_begin_and_end_where_they_are_asked_for() -> None:
    rows = [SlipRow("a"), SlipRow("b", bold=True, tall=True), SlipRow("c", bold=True), SlipRow("d")]
    octets = encode_rows(rows, Paper())
    assert b"a\n\x1bE\x01\x1d!\x01b\n\x1d!\x00c\n\x1bE\x00d\n" in octets


@pytest.mark.parametrize("cut", [True, False])
def test_the_paper_is_cut_where_the_site_wants_that(*, cut: bool) -> None:
    assert encode_rows([], Paper(cut=cut)).endswith(CUT) is cut


@pytest.mark.parametrize("columns", RULERS)
def test_a_ruler_is_as_long_as_it_says(columns: int) -> None:
    assert len(ruler(columns)) == columns
    assert ruler(columns).endswith(f">{columns}".encode())


@pytest.mark.parametrize(
    ("answer", "none"),
    [
        *((b"", False), (b"\x12", False), (b"\x72", True), (b"\x1e", False)),
        *((b"?\x72", True), (b"hello", False), (b"\xff", False)),
    ],
)
def test_only_a_printers_answer_says_that_the_paper_has_ended(answer: bytes, *, none: bool) -> None:
    assert says_no_paper(answer) is none
