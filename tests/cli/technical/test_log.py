"""The log is bounded, and its tracebacks quote nothing."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock

from taptill.cli.technical.log import FieldsFormatter, configure_logging
from taptill.cli.technical.log_limit import (
    EVENT_MAX,
    FAULTS_MAX,
    LINES_A_DAY_MAX,
    LINES_MAX,
    SUPPRESSED,
    WINDOW_S,
    LogLimit,
)
from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings, reader_error
from taptill.readers.frames import AnyFrame
from taptill.readers.supervisor import Supervisor


class Kept(logging.Handler):
    """Keeps what gets through the limit."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.addFilter(LogLimit(clock.monotonic))

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kept(clock: FakeClock) -> Iterator[Kept]:
    handler, log = Kept(clock), logging.getLogger("taptill")
    level = log.level
    log.setLevel(logging.INFO)
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


class LooseDevice:
    """A device that is found and lost at each try."""

    def __init__(self) -> None:
        self.reads = 0

    def open(self) -> None:
        """Open at once."""

    def read(self) -> list[AnyFrame]:
        self.reads += 1
        raise reader_error("counter", ReaderState.LOST, "/dev/reader")

    def interrupt(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""


def test_ten_thousand_failures_of_a_reader_are_not_ten_thousand_lines(kept: Kept) -> None:
    device = LooseDevice()
    supervisor = Supervisor(
        ReaderSettings("counter", "serial", "/dev/reader"),
        device,
        detect_tap=lambda _frame, _now_s: None,
        deliver=lambda _: None,
        clock=FakeClock(),
        device_identity=object,  # another device each time: no wait
    )
    supervisor._wait_for_retry = lambda *_: (  # type: ignore[method-assign]
        supervisor._stopping.set() if device.reads >= 10_000 else None
    )
    supervisor._run()
    assert device.reads == 10_000
    assert 2 <= len(kept.records) <= EVENT_MAX


def test_what_was_left_out_is_counted_and_told_in_the_next_hour(
    kept: Kept, clock: FakeClock
) -> None:
    log = logging.getLogger("taptill.sync")
    for _ in range(1000):
        log.warning("sync.failed")
    clock.pass_time(WINDOW_S)
    log.warning("sync.failed")
    assert len(kept.records) == EVENT_MAX + 2
    (told,) = (record for record in kept.records if record.msg == SUPPRESSED)
    assert (vars(told)["event"], vars(told)["left_out"]) == ("sync.failed", 1000 - EVENT_MAX)


def test_all_events_together_are_bounded_and_a_fault_still_gets_through(kept: Kept) -> None:
    log = logging.getLogger("taptill.many")
    for number in range(4 * LINES_MAX):
        log.info("event.%d", number)
        log.info(f"event.{number}")  # noqa: G004 - as many events as possible
    before = len(kept.records)
    assert before <= LINES_MAX
    for number in range(4 * FAULTS_MAX):
        log.error(f"fault.{number % 7}")  # noqa: G004
    assert 0 < len(kept.records) - before <= FAULTS_MAX


def test_a_day_of_nothing_but_trouble_stays_within_its_bound(kept: Kept, clock: FakeClock) -> None:
    log = logging.getLogger("taptill.bad")
    for minute in range(24 * 60):
        clock.pass_time(60.0)
        for number in range(30):
            log.log(logging.ERROR if minute % 2 else logging.INFO, f"trouble.{number}")  # noqa: G004
    assert len(kept.records) <= LINES_A_DAY_MAX


def test_a_fault_is_written_with_its_places_and_without_its_words(tmp_path: Path) -> None:
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    levels = root.level, logging.getLogger("taptill").level
    configure_logging(tmp_path)
    try:
        int("no credit for Ada Canary")
    except ValueError:
        logging.getLogger("taptill.till").exception("till.fault")
    finally:
        for handler in root.handlers[:]:
            if handler not in before:
                root.removeHandler(handler)
                handler.close()
        root.setLevel(levels[0])
        logging.getLogger("taptill").setLevel(levels[1])
    text = (tmp_path / "taptill.log").read_text("utf-8")
    assert "till.fault" in text
    assert "ValueError" in text
    assert "test_a_fault_is_written" in text
    assert "Canary" not in text


def test_a_record_without_a_fault_is_one_line() -> None:
    record = logging.LogRecord("taptill", logging.INFO, "", 0, "sync.done", (), None)
    record.rows = 3
    assert FieldsFormatter("%(message)s").format(record) == "sync.done rows=3"
