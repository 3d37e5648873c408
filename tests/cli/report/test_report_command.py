"""`taptill report ...` over a real journal: one set of figures in four forms."""

import csv
import json
import re
import stat
from decimal import Decimal
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.forked.command import run_taptill
from tests.journal.drafts import conflict, void
from tests.project.sources import ROOT

from taptill.domain.entry import Draft, EntryKind
from taptill.journal.file import JournalFile

ADA, BEN = 7, 8
DAYS = ("--from", "2026-03-01", "--to", "2026-03-03")
KINDS = ("day", "goods", "customer", "hours")
HOSTILE = '=cmd|" /C calc"!A0 <script>alert(1)</script> & \x1b[31m\u202e]]>\ud800'


def sale(number: int, customer: int, *lines: list[Any]) -> Draft:
    total = sum(price * quantity for _, price, quantity in lines)
    body = {
        "lines": list(lines),
        "currency": "EUR",
        "initials": "A. B.",
        "external_id": "0012",
        "offline": number == 1,
    }
    return Draft(EntryKind.CHARGE, customer, total, body, charge_id=f"sale {number}")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a folder with a journal of some sales at 09:00 UTC on the second of March."""
    folder = tmp_path / "state"
    folder.mkdir()
    identity = {"journal_id": "aaaa0001", "strategy": "debt", "till": "canteen-1"}
    write(
        folder,
        Draft(EntryKind.OPENED, body=identity),
        sale(1, ADA, ["Coffee", 120, 2], ["", 30, 1]),
        sale(2, ADA, ["Cake", 250, 1]),
        void(ADA, 250, "sale 2"),
        sale(3, BEN, ["Coffee", 120, 1]),
        conflict(BEN),
        Draft(EntryKind.DECLINED, ADA, body={"reason": "no-credit", "amount": 999}),
    )
    return folder


def write(folder: Path, *drafts: Draft) -> None:
    file = JournalFile(folder / "journal.db", FakeClock())
    file.append([[draft] for draft in drafts])
    file.close()


def taptill(state: Path, *words: str) -> CompletedProcess[str]:
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    return run_taptill("report", *words, "--state-dir", str(state), env=environment)


def done(state: Path, *words: str) -> str:
    result = taptill(state, *words)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def page_of(state: Path, kind: str) -> ET.Element:
    """Return the page of a report, which must be well-formed XML."""
    path = state.parent / f"{kind}.html"
    assert done(state, kind, *DAYS, "--html", str(path)).startswith(f"{path}: till ")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return ET.fromstring(path.read_text("utf-8").removeprefix("<!doctype html>\n"))


def rows_of(table: ET.Element, part: str) -> list[list[str]]:
    return [["".join(cell.itertext()) for cell in row] for row in table.findall(f"{part}/tr")]


def timeless(text: str) -> list[str]:
    """Return the lines without what the machine's clock and zone say."""
    text = re.sub(r"as of [\d: -]+", "as of now", text)
    return re.sub(r"\b\d\d:00\b", "HH:00", text).splitlines()


def test_the_day_is_told_in_text_as_its_page_shows(state: Path) -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    example = page[page.index("till canteen-1") :].partition("\n```")[0]
    assert timeless(done(state, "day", *DAYS)) == timeless(example)


@pytest.mark.parametrize("kind", KINDS)
def test_all_forms_of_a_report_have_the_same_figures(state: Path, kind: str) -> None:
    document = json.loads(done(state, kind, *DAYS, "--json"))
    table = [*csv.DictReader(StringIO(done(state, kind, *DAYS, "--csv").removeprefix("\ufeff")))]
    assert document["total"]["net"] == "3.90"
    assert [row["net"] for row in document["rows"]] == [row["net"] for row in table]
    assert {row["currency"] for row in table} == {"EUR"}
    nets = [Decimal(row["net"]) for row in table]
    assert sum(nets) == Decimal("3.90")
    shares = ("in_books", "to_send", "in_question")
    assert [sum(Decimal(row[name]) for name in shares) for row in table] == nets
    page = page_of(state, kind)
    shown_table = page.findall(".//table")[1]
    place = rows_of(shown_table, "thead")[0].index("net")
    figures = [row[place].removeprefix("€") for row in rows_of(shown_table, "tbody")]
    assert figures == [row["net"] for row in table]
    assert rows_of(shown_table, "tfoot")[0][place] == "€3.90"
    assert "€3.90" in done(state, kind, *DAYS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_every_key_and_column_for_programs(state: Path, kind: str) -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    document = json.loads(done(state, kind, *DAYS, "--json"))
    names = {*document, *document["total"], *document["rows"][0]}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_asks_for_nothing_elsewhere_and_runs_nothing(state: Path, kind: str) -> None:
    write(state, sale(9, BEN, [HOSTILE, 999, 1]))
    page = page_of(state, kind)
    text = (state.parent / f"{kind}.html").read_text("utf-8")
    tags = {element.tag for element in page.iter()}
    assert not tags & {"script", "link", "img", "iframe", "object", "image", "use", "a"}
    attributes = {name for element in page.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on")} | (
        attributes & {"href", "src"}
    )
    assert not re.search(r"url\(|@import|://", text)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_page_has_for_each_chart_a_sentence_before_and_a_table_behind(state: Path) -> None:
    body = page_of(state, "day").find("body")
    assert body is not None
    parts = [element.tag for element in body]
    charts = [index for index, tag in enumerate(parts) if tag == "svg"]
    assert charts
    for index in charts:
        assert parts[index - 2 : index + 2] == ["h2", "p", "svg", "div"]
        assert body[index].attrib["role"] == "img"
        assert body[index].attrib["aria-label"]
        assert body[index + 1].find("table/caption") is not None
    assert all(cell.attrib["scope"] for cell in body.iter("th"))


def test_bars_are_as_long_as_their_amounts_and_stay_inside(state: Path) -> None:
    write(state, void(ADA, 270, "sale 1"), sale(4, ADA, ["Return", -500, 1], ["Tea", 90, 9]))
    chart = page_of(state, "goods").find(".//svg")
    assert chart is not None
    width, height = map(int, chart.attrib["viewBox"].split()[2:])
    bars = [{key: element.attrib[key] for key in element.attrib} for element in chart.iter("rect")]
    assert [bar["class"] for bar in bars].count("bar below") == 1
    lengths = [int(bar["width"]) for bar in bars]
    assert lengths == [420 * part // 1310 for part in (810, 120, 0, 500, 0)]
    for bar in bars:
        assert int(bar["x"]) >= 0
        assert int(bar["x"]) + int(bar["width"]) <= width
        assert int(bar["y"]) + int(bar["height"]) <= height


def test_hostile_names_are_harmless_in_every_form(state: Path) -> None:
    write(state, sale(9, BEN, [HOSTILE, 99, 1]))
    assert "=cmd" in done(state, "goods", *DAYS)
    assert "\x1b" not in done(state, "goods", *DAYS)
    table = csv.DictReader(StringIO(done(state, "goods", *DAYS, "--csv")))
    assert any(row["good"].startswith("'=cmd") for row in table)
    document = done(state, "goods", *DAYS, "--json")
    assert document.isascii()
    assert HOSTILE in [row["good"] for row in json.loads(document)["rows"]]


def test_an_identifier_stays_text_in_a_spreadsheet(state: Path) -> None:
    text = done(state, "customer", *DAYS, "--csv").removeprefix("\ufeff")
    rows = [*csv.DictReader(StringIO(text))]
    assert [row["customer"] for row in rows] == [str(ADA), str(BEN)]
    assert {row["external_id"] for row in rows} == {'="0012"'}


def test_without_days_today_is_meant(state: Path) -> None:
    document = json.loads(done(state, "day", "--json"))
    assert document["from"] == document["to"]
    assert (document["total"]["net"], document["rows"]) == ("0.00", [])
    week = json.loads(done(state, "day", "--json", "--last", "7"))
    assert (week["to"], week["from"]) == (document["to"], week["from"])
    assert done(state, "day").count("Nothing was sold on this day.") == 1
    assert "Nothing was sold in these days." in done(state, "day", "--from", "yesterday")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        pytest.param("--from 2026-03-03 --to 2026-03-01", "is after", id="days turned round"),
        pytest.param("--from 2026-03-03 --last 2", "--from and --last", id="two first days"),
        pytest.param("--from 2.3.2026", "write a day as", id="a day in another form"),
        pytest.param("--from 0001-01-01", "name a year", id="a day before time zones"),
        pytest.param("--csv --json", "say one of", id="two forms"),
        pytest.param("--html journal-from-1.db", "is a journal itself", id="over an archive"),
        pytest.param("--html no/such/folder/page.html", "page.html", id="no such folder"),
    ],
)
def test_wrong_words_are_answered_in_a_line(state: Path, words: str, says: str) -> None:
    result = taptill(state, "day", *words.split())
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_the_help_of_each_report_has_examples(state: Path) -> None:
    for kind in KINDS:
        assert f"taptill report {kind}" in run_taptill("report", kind, "--help").stdout
    assert "there is none" in taptill(state / "elsewhere", "day").stderr
