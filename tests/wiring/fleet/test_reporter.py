"""The figures of a running till go to files and to systemd, and name nobody."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.domain.figures.samples import TROUBLED, WELL
from tests.domain.samples import ADA, known
from tests.fakes.clock import FakeClock
from tests.wiring.test_wiring import built, config_text

from taptill.config import parse
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.figures.till import TillFigures
from taptill.domain.money import Money
from taptill.domain.tap import ReaderState, Tap
from taptill.wiring.fleet.figures import FiguresSource
from taptill.wiring.fleet.outputs import FleetOutputs
from taptill.wiring.fleet.reporter import (
    COUNT_S,
    IN_MEMORY_S,
    ON_DISK_S,
    READABLE_BY_ALL,
    Reporter,
    every_s,
    status_line,
)
from taptill.wiring.readers import check_reader


class FixedSource:
    """Figures that a test sets; fits what the reporter asks of `FiguresSource`."""

    def __init__(self, figures: TillFigures = WELL) -> None:
        self.now = figures
        self.cache_rows: int | None = None

    def figures(self) -> TillFigures:
        return self.now


def modes(folder: Path) -> dict[str, int]:
    """Return who may read each file of a folder."""
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def reporter(source: FixedSource, outputs: FleetOutputs, clock: FakeClock) -> Reporter:
    return Reporter(source, outputs, clock, lambda: 7)


async def test_files_are_whole_and_everybody_may_read_them(tmp_path: Path) -> None:
    outputs = FleetOutputs(tmp_path / "status.json", tmp_path / "taptill.prom")
    source = FixedSource()
    await reporter(source, outputs, FakeClock()).report()
    assert modes(tmp_path) == {"status.json": READABLE_BY_ALL, "taptill.prom": READABLE_BY_ALL}
    assert json.loads((tmp_path / "status.json").read_text())["program"]["till"] == "canteen-1"
    assert source.cache_rows == 7


async def test_a_cache_that_is_being_filled_is_counted_until_it_is_full() -> None:
    clock, source, counts = FakeClock(), FixedSource(), [0, 120, 200, 200, 999]
    one = Reporter(source, FleetOutputs(), clock, lambda: counts.pop(0))
    shown = []
    for _ in range(100):
        await one.report()
        shown.append(source.cache_rows)
        clock.pass_time(5.0)
    assert (shown[:4], {*shown[3:]}) == ([0, 120, 200, 200], {200})
    clock.pass_time(COUNT_S)
    await one.report()
    assert source.cache_rows == 999


async def test_a_disk_is_written_to_seldom(tmp_path: Path) -> None:
    assert every_s(tmp_path / "status.json") == ON_DISK_S
    assert every_s(Path("/run/taptill/status.json")) == IN_MEMORY_S
    clock, path, written = FakeClock(), tmp_path / "status.json", 0
    one = reporter(FixedSource(), FleetOutputs(path), clock)
    for _ in range(120):  # ten minutes
        await one.report()
        written += path.exists()
        path.unlink(missing_ok=True)
        clock.pass_time(5.0)
    assert written <= 11


async def test_systemd_hears_what_has_changed_and_nothing_twice() -> None:
    said: list[str] = []
    clock, source = FakeClock(), FixedSource()
    one = reporter(source, FleetOutputs(notify=said.append), clock)
    for figures in (WELL, replace(WELL, warnings=9), TROUBLED, TROUBLED, WELL):
        source.now = figures
        await one.report()
        clock.pass_time(5.0)
    assert said == [
        "STATUS=online, 0 customers to send, readers ok",
        "STATUS=offline, 3 customers to send, 1 to clarify, reader 1 lost",
        "STATUS=online, 0 customers to send, readers ok",
    ]


def test_the_line_says_the_worst_first_and_is_one_line() -> None:
    closed = replace(WELL, journal=replace(WELL.journal, closed_by="no\nroom"))
    halted = replace(closed, sending=replace(closed.sending, state="halted"))
    assert (
        status_line(halted)
        == "journal closed, sending halted, online, 0 customers to send, readers ok"
    )


async def test_a_folder_that_is_missing_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    one = reporter(FixedSource(), FleetOutputs(textfile=tmp_path / "gone" / "t.prom"), clock)
    for _ in range(5):
        await one.report()
        clock.pass_time(100.0)
    assert [record.message for record in caplog.records] == ["figures.not_written"]


async def test_a_running_till_says_what_it_does_and_names_nobody(tmp_path: Path) -> None:
    """A canary is in each place of a customer, a card and the token."""
    runtime = built(parse(config_text(), check_reader), tmp_path)
    canary = replace(
        ADA,
        name="Canary Byron",
        company="Canary Ltd",
        external_id="canary-77",
        card_id=type(ADA.card_id)("CA9A12CA9A12"),
    )
    snapshot = known(canary, -1230, age_s=0.0).snapshot
    runtime.cache.store([snapshot])
    body = {"initials": "C. B.", "external_id": "canary-77", "currency": "EUR", "offline": False}
    await runtime.journal.append(
        [Draft(EntryKind.CHARGE, canary.id, 420, body, charge_id="sale-1", staff="Kim")]
    )
    runtime.readers.put(Tap(canary.card_id, "reader 1", 1.0))
    runtime.api.case_variant = "CA9A…"
    (source,) = [runtime.figures()]
    assert isinstance(source, FiguresSource)
    figures = source.figures()
    assert figures.sending.to_send_sum == Money(420)
    assert figures.journal.commits.count == 1
    assert figures.journal.entries > 1
    assert figures is source.figures()  # a moment later
    outputs = FleetOutputs(tmp_path / "status.json", tmp_path / "taptill.prom")
    await Reporter(source, outputs, FakeClock()).report()
    written = [(tmp_path / name).read_text("utf-8") for name in ("status.json", "taptill.prom")]
    for text in (*written, status_line(figures)):
        for secret in ("anary", "Byron", "CA9A", "C. B.", "sale-1", "Kim", "token"):
            assert secret not in text, secret
    runtime.close()


async def test_a_reader_that_works_is_in_the_figures(tmp_path: Path) -> None:
    runtime = built(parse(config_text(), check_reader), tmp_path)
    runtime.readers.start()
    try:
        (reader,) = runtime.figures().figures().readers
        assert reader.name == "reader 1"
        assert reader.state in {ReaderState.OK, ReaderState.OPENING}
    finally:
        await runtime.readers.stop()
        runtime.close()
