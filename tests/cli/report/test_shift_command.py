"""`taptill report shift` and `staff` over a real journal: the same figures in four forms."""

import csv
import json
import re
from decimal import Decimal
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.forked.command import run_taptill
from tests.journal.drafts import declined, void
from tests.journal.played import DAYS, OPENED, PlayedJournal
from tests.project.sources import ROOT

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.money import Money
from taptill.domain.reports.shift_report import Closing, closed
from taptill.journal.back_office.close_year import close_year
from taptill.journal.back_office.shifts import closing_draft, opening_draft

CONFIG = """
[backend]
base_url = "http://127.0.0.1:9"
[till]
name = "canteen-1"
[[reader]]
driver = "simulated"
[settlement]
strategy = "debt"
[receipt]
printer = "{printer}"
"""
HOSTILE = "=Jo\x1b[31m\u202e <script>alert(1)</script>"
COFFEE, CAKE, TYPED = ["Coffee", 120, 2, "A"], ["Cake", 250, 1, "B"], ["", 30, 1]


def sale(number: int, customer: int, *lines: list[Any], staff: str | None, **body: Any) -> Draft:
    total = sum(price * quantity for _, price, quantity, *_ in lines)
    about = {"lines": list(lines), "currency": "EUR", "initials": "A. B.", "offline": False, **body}
    charge_id = f"sale {number}"
    return Draft(EntryKind.CHARGE, customer, total, about, charge_id=charge_id, staff=staff)


def one_day(folder: Path) -> PlayedJournal:
    """Play a closed shift, with an override and a void, and the beginning of the next one."""
    till = PlayedJournal(folder / "journal.db")
    till.append(Draft(EntryKind.OPENED, body={**OPENED.body, "till": "canteen-1"}))
    till.append(opening_draft(Money(5000), "Jo"))
    till.append(sale(1, 7, COFFEE, TYPED, staff="Jo", offline=True))
    override = [["no-credit", "Sam", "payday"]]
    till.append(sale(2, 8, CAKE, staff="Jo", overrides=override))
    till.append(sale(3, 8, COFFEE, staff=None))
    till.settle(7)
    till.append(void(8, 250, "sale 2"), declined(7))
    till.clock.pass_time(3600)
    closing = Closing(counted=Money(4950), comment="a coin too few", staff="Sam")
    till.append(closing_draft(closed(till.running(), closing, till.clock.now())))
    till.append(void(7, 270, "sale 1"))
    return till


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    one_day(folder).file.close()
    return folder


def taptill(state: Path, *words: str, zone: str = "UTC") -> CompletedProcess[str]:
    environment = {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "TZ": zone}
    return run_taptill(*words, "--state-dir", str(state), env=environment)


def done(state: Path, *words: str) -> str:
    result = taptill(state, "report", *words)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def timeless(text: str) -> list[str]:
    return re.sub(r"printed [\d: -]+|[0-9a-f]{16}", "…", text).splitlines()


@pytest.mark.slow
def test_a_z_is_printed_as_its_page_shows(state: Path) -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    example = page[page.index("till canteen-1\nZ of shift 1") :].partition("\n```")[0]
    assert timeless(done(state, "shift", "1")) == timeless(example)


@pytest.mark.parametrize("words", ["shift", "shift 1", "shift --last"])
def test_the_text_fits_a_receipt_printer_of_42_columns(state: Path, words: str) -> None:
    assert [line for line in done(state, *words.split()).splitlines() if len(line) > 42] == []


def test_text_and_json_of_a_z_show_the_same_figures(state: Path) -> None:
    text = done(state, "shift", "1")
    document = json.loads(done(state, "shift", "1", "--json"))
    assert document == json.loads(done(state, "shift", "--last", "--json")) | {
        "as_of": document["as_of"]
    }
    assert document["is_closed"] is True

    def printed(words: str) -> str:
        (line,) = (one for one in text.splitlines() if one.startswith(f"{words}  "))
        return line.split()[-1].replace("€", "")

    assert printed("sales (gross)") == document["total"]["gross"] == "7.60"
    assert printed("net") == document["total"]["net"] == "5.10"
    assert printed("cash expected") == document["cash"]["expected"] == "50.00"
    assert printed("difference") == document["cash"]["difference"] == "-0.50"
    assert printed("customers to send, all shifts") == document["unsent"]["sum"] == "2.40"
    for column in ("good", "staff", "tax", "hour"):
        rows = document["tables"][column]
        assert sum(Decimal(row["net"]) for row in rows) == Decimal("5.10")
        assert [printed(row[column]) for row in rows] == [row["net"] for row in rows]
    assert all(one["holds"] for one in document["identities"])
    assert document["overrides"][0] | {"at": "", "seq": 0} == {
        "seq": 0,
        "at": "",
        "amount": "2.50",
        "reason": "no-credit",
        "staff": "Jo",
        "allowed_by": "Sam",
        "why": "payday",
    }


def test_the_running_shift_is_shown_and_nothing_is_stored(state: Path) -> None:
    before = (state / "journal.db").read_bytes()
    document = json.loads(done(state, "shift", "--json"))
    assert (document["number"], document["is_closed"], document["closed_at"]) == (2, False, "")
    assert document["voids_of_shifts"] == [{"shift": 1, "count": 1, "sum": "2.70"}]
    assert document["total"]["net"] == "-2.70"
    assert "Voided of shift 1: 1 void, €2.70." in done(state, "shift")
    assert (state / "journal.db").read_bytes() == before


def test_what_became_of_a_closed_shift_is_said_below_it(state: Path) -> None:
    text = done(state, "shift", "1").replace("\n", " ")
    assert "As of now: €2.70 in the books, €2.40 not sent." in text
    assert "Voided in later shifts: 1 void, €2.70." in text
    assert "Arrived after the close" not in text


def test_all_forms_of_the_list_have_a_row_a_shift(state: Path) -> None:
    document = json.loads(done(state, "shift", "--list", "--json"))
    text = done(state, "shift", "--list", "--csv").removeprefix("\ufeff")
    (row,) = csv.DictReader(StringIO(text))
    (first,) = document["rows"]
    assert {name: str(value) for name, value in first.items()} | {"currency": "EUR"} == row
    assert (row["net"], row["difference"], row["business_day"]) == ("5.10", "-0.50", "2026-03-02")
    assert "cash beyond what was expected: -€0.50" in done(state, "shift", "--list")


@pytest.mark.parametrize("words", ["shift", "shift 1", "shift --list", "staff --last 400"])
def test_a_page_is_well_formed_and_has_charts_and_tables(state: Path, words: str) -> None:
    path = state.parent / "page.html"
    assert done(state, *words.split(), "--html", str(path)).startswith(f"{path}: till canteen-1")
    page = ET.fromstring(path.read_text("utf-8").removeprefix("<!doctype html>\n"))
    assert page.find(".//table") is not None
    headings = [element.text for element in page.iter("h2")]
    if words == "shift 1":
        assert headings == [
            *("Summary", "By good", "By hour of the day", "By staff", "By tax code"),
            *("Overrides", "Added up"),
        ]
        assert len([*page.iter("svg")]) == 3
    if words == "staff --last 400":
        assert headings == ["Summary", "By staff"]


def test_staff_have_a_row_each_in_every_form(state: Path) -> None:
    words = ("staff", "--from", "2026-03-01", "--to", "2026-03-03")
    document = json.loads(done(state, *words, "--json"))
    assert [(row["staff"], row["net"]) for row in document["rows"]] == [
        ("Jo", "5.20"),
        ("(nobody logged in)", "-2.80"),
    ]
    assert "1 member of the staff sold, most Jo: €5.20 net." in done(state, *words)
    text = done(state, *words, "--csv").removeprefix("\ufeff")
    assert [row["net"] for row in csv.DictReader(StringIO(text))] == ["5.20", "-2.80"]


def test_hostile_texts_are_harmless_in_every_form(state: Path) -> None:
    till = PlayedJournal(state / "other.db")
    good = [HOSTILE, 100, 1, HOSTILE]
    till.append(opening_draft(None, HOSTILE))
    override = [[HOSTILE, HOSTILE, HOSTILE]]
    till.append(sale(1, 7, good, staff=HOSTILE, overrides=override))
    closing = Closing(counted=Money(1), comment=HOSTILE, staff=HOSTILE)
    till.append(closing_draft(closed(till.running(), closing, till.clock.now())))
    till.file.close()
    (state / "other.db").rename(state / "journal.db")
    path = state.parent / "page.html"
    outputs = [done(state, "shift", *words) for words in (("1",), ("--list",), ("1", "--csv"))]
    done(state, "shift", "1", "--html", str(path))
    page = path.read_text("utf-8")
    assert ET.fromstring(page.removeprefix("<!doctype html>\n")).find(".//script") is None
    for text in (*outputs, page):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "'=Jo" in outputs[2]
    assert json.loads(done(state, "shift", "1", "--json"))["cash"]["comment"] == HOSTILE


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("shift 2", "there is no closed shift 2: the last one is 1"),
        ("shift 1 --last", "say one of NUMBER, --last and --list"),
        ("shift --list --last", "say one of NUMBER, --last and --list"),
        ("shift --csv --json", "say one of"),
        ("shift --day-ends-at 25:00", "write a time as 04:00"),
        ("shift --day-ends-at 4", "write a time as 04:00"),
        ("shift --day-ends-at T0400", "write a time as 04:00"),
        ("shift --day-ends-at 0400Z", "write a time as 04:00"),
        ("day --day-ends-at 04-00", "write a time as 04:00"),
        ("shift --html journal.db", "is a journal itself"),
        ("shift --config no/such.toml", "no config at no/such.toml"),
    ],
)
def test_wrong_words_are_answered_in_a_line(state: Path, words: str, says: str) -> None:
    result = taptill(state, "report", *words.split())
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_closed_shift_the_commands_say_so(tmp_path: Path) -> None:
    PlayedJournal(tmp_path / "journal.db").file.close()
    result = taptill(tmp_path, "report", "shift", "--last")
    assert "no shift was closed in this journal so far" in result.stderr
    assert "No shift was closed so far." in done(tmp_path, "shift", "--list")
    assert "X of shift 1" in done(tmp_path, "shift")


def test_the_business_day_is_as_the_option_or_the_config_says(state: Path) -> None:
    words = ("day", "--from", "2026-03-01", "--to", "2026-03-03", "--json")

    def day(*more: str, zone: str = "UTC") -> tuple[str, str]:
        result = taptill(state, "report", *words, *more, zone=zone)
        assert result.returncode == 0, result
        document = json.loads(result.stdout)
        return document["rows"][0]["day"], document["day_ends_at"]

    assert day() == ("2026-03-02", "00:00")
    assert day("--day-ends-at", "09:30") == ("2026-03-01", "09:30")
    assert day("--day-ends-at", "09:30", zone="Europe/Berlin") == ("2026-03-02", "09:30")
    config = (ROOT / "config.example.toml").read_text("utf-8")
    path = state.parent / "config.toml"
    path.write_text(config.replace('day_ends_at = "00:00"', 'day_ends_at = "09:15"'), "utf-8")
    assert day("--config", str(path)) == ("2026-03-01", "09:15")


def test_the_running_shift_has_the_hours_of_the_machines_zone(state: Path) -> None:
    for zone, hour in (("Europe/Berlin", "11:00"), ("America/New_York", "05:00")):
        result = taptill(state, "report", "shift", "--json", "--day-ends-at", "04:00", zone=zone)
        document = json.loads(result.stdout)
        assert document["zone"] == zone
        assert [row["hour"] for row in document["tables"]["hour"]] == [hour]
    assert json.loads(done(state, "shift", "1", "--json"))["zone"] == DAYS.zone


def forged(state: Path) -> None:
    till = PlayedJournal(state / "forged.db")
    till.sell(1, 100)
    honest = closing_draft(closed(till.running(), Closing(), till.clock.now()))
    body = json.loads(json.dumps(honest.body))
    body["figures"]["total"]["gross_minor"] = 90
    till.append(Draft(EntryKind.SHIFT_CLOSED, body=body))
    till.file.close()
    (state / "forged.db").rename(state / "journal.db")


def test_verify_counts_each_z_anew(state: Path) -> None:
    """A chain that holds does not make a figure right."""
    assert taptill(state, "journal", "verify").returncode == 0
    assert "1 closed shift, each counted anew and the same" in done(state, "shift", "--check")
    forged(state)
    result = taptill(state, "journal", "verify", "--json")
    assert result.returncode == 74
    assert json.loads(result.stdout)["shift_faults"] == [
        {
            "number": 1,
            "seq": 3,
            "detail": "figures.total.gross_minor is 90, counted anew 100",
        }
    ]
    assert "the Z of shift 1: figures.total.gross_minor is 90" in result.stderr
    check = taptill(state, "report", "shift", "1", "--check")
    assert check.returncode == 74
    assert "shift 1, entry 3: figures.total.gross_minor is 90, counted anew 100" in check.stderr


def test_a_closed_shift_of_an_archive_is_found(tmp_path: Path) -> None:
    till = PlayedJournal(tmp_path / "journal.db")
    till.sell(1, 100)
    till.settle(1)
    till.close_shift()
    till.file.close()
    till.clock.pass_time(86_400)
    close_year(tmp_path / "journal.db", FakeClock(till.clock.wall), 0)
    assert "Z of shift 1" in done(tmp_path, "shift", "1")
    assert "there is no closed shift 2" in taptill(tmp_path, "report", "shift", "2").stderr
    assert "Earlier shifts may be in the archive" in done(tmp_path, "shift", "--list")
    assert "X of shift 2" in done(tmp_path, "shift")
    archive = str(tmp_path / "journal-from-1.db")
    assert "1 shift, €1.00 net" in done(tmp_path, "shift", "--list", "--file", archive)


@pytest.mark.parametrize("words", ["shift", "shift 1", "shift --list", "staff"])
def test_the_page_names_every_key_and_column_for_programs(state: Path, words: str) -> None:
    page = (ROOT / "docs" / "reports.md").read_text("utf-8")
    document = json.loads(done(state, *words.split(), "--json"))
    names = {*document}
    for part in ("total", "cash"):
        names |= {*document.get(part, ())}
    for rows in document.get("tables", {}).values():
        names |= {name for row in rows for name in row}
    for part in ("overrides", "identities", "voids_of_shifts"):
        names |= {name for row in document.get(part, ()) for name in row}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


@pytest.mark.slow
@pytest.mark.parametrize(("words", "title"), [((), "X REPORT"), (("--last",), "Z REPORT")])
def test_a_report_goes_onto_the_receipt_printers_paper(
    state: Path, tmp_path: Path, words: tuple[str, ...], title: str
) -> None:
    config, paper = tmp_path / "config.toml", tmp_path / "paper"
    config.write_text(CONFIG.format(printer=paper), "utf-8")
    output = done(state, "shift", *words, "--print", "--config", str(config))
    assert "was sent" in output
    printed = paper.read_bytes()
    assert title.encode() in printed
    assert b"\x1b[31m" not in printed


@pytest.mark.slow
def test_why_no_report_was_printed_is_said(state: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(printer=""), "utf-8")
    words = ("report", "shift", "--print", "--config", str(config))
    assert "[receipt] printer" in taptill(state, *words).stderr
    config.write_text(CONFIG.format(printer=tmp_path / "none" / "lp0"), "utf-8")
    refused = taptill(state, *words)
    assert refused.returncode == 69
    assert "not there" in refused.stderr
    assert "leave --list" in taptill(state, *words, "--list").stderr
