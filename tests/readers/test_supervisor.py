"""The supervisor, with a device that fails in every way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from tests.readers.lines import Inbox, RealClock

from taptill.domain.card_id import CardId
from taptill.domain.tap import Misread, ReaderHealth, ReaderState, Tap
from taptill.domain.technical.backoff import Backoff
from taptill.readers.device import ReaderSettings, reader_error
from taptill.readers.drivers.device_nodes import device_identity
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.health import COUNTS_EVERY_S, HealthTracker
from taptill.readers.supervisor import (
    STEADY_S,
    STOP_S_MAX,
    ReopenSchedule,
    Supervisor,
)

GOOD, BAD = Frame("A1"), BadFrame(Fault.CHECKSUM)
PLACE = "/dev/rfid-reader"


@dataclass
class FakeDevice:
    """Plays a list of reads, each frames or an exception, then waits to be interrupted."""

    reads: list[list[AnyFrame] | Exception] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    opens: int = 0
    closes: int = 0
    stubborn: bool = False
    interrupted_event: Event = field(default_factory=Event)

    def open(self) -> None:
        """Count the call, and fail as often as there are refusals."""
        self.opens += 1
        if self.refusals:
            raise self.refusals.pop(0)

    def read(self) -> list[AnyFrame]:
        """Play the next read."""
        if self.reads:
            outcome = self.reads.pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome
        self.interrupted_event.wait(3 * STOP_S_MAX if self.stubborn else 0.05)
        return []

    def interrupt(self) -> None:
        """Wake the read, unless the device is stubborn."""
        if not self.stubborn:
            self.interrupted_event.set()

    def close(self) -> None:
        """Count the call."""
        self.closes += 1


def detect_tap(look: Frame | Signal, now_s: float) -> Tap | None:
    return Tap(CardId(look.raw), "counter", now_s) if isinstance(look, Frame) else None


def third_wait_is_long() -> ReopenSchedule:
    return ReopenSchedule(Backoff((0.01, 0.01, 3600.0)))


def start_supervisor(
    device: FakeDevice,
    place: str = "",
    on_judged: Callable[[Frame | Signal], object] = repr,
    schedule: ReopenSchedule | None = None,
) -> tuple[Supervisor, Inbox]:
    inbox = Inbox()
    settings, identity = ReaderSettings("counter", "fake", place), partial(device_identity, place)

    def detect_and_record(look: Frame | Signal, now_s: float) -> Tap | None:
        on_judged(look)
        return detect_tap(look, now_s)

    reader = Supervisor(
        settings,
        device,
        detect_tap=detect_and_record,
        deliver=inbox.deliver,
        clock=RealClock(),
        device_identity=identity,
    )
    if schedule is not None:
        reader._reopen_schedule = schedule
    reader.start()
    return reader, inbox


def test_a_tap_comes_before_the_health_that_counts_it() -> None:
    reader, inbox = start_supervisor(FakeDevice(reads=[[GOOD, BAD, GOOD]]))
    inbox.wait(lambda: bool(inbox.health) and inbox.health[-1].frames == 2)
    assert reader.stop()
    assert inbox.taps == ["A1", "A1"]
    assert inbox.health[-1].bad_frames == 1
    first, second, *taps = inbox.messages[:4]
    assert isinstance(first, ReaderHealth)
    assert isinstance(second, ReaderHealth)
    assert [first.state, second.state] == [ReaderState.OPENING, ReaderState.OK]
    assert all(isinstance(tap, Tap) for tap in taps)


def test_a_single_bad_frame_is_answered_and_a_line_of_them_is_garbled_instead() -> None:
    device = FakeDevice(reads=[[BAD]])
    reader, inbox = start_supervisor(device)
    inbox.wait(lambda: any(isinstance(message, Misread) for message in inbox.messages))
    device.reads += [[BAD], [BAD], [BAD]]
    inbox.wait_state(ReaderState.GARBLED)
    assert reader.stop()
    assert [message.reader for message in inbox.messages if isinstance(message, Misread)] == [
        "counter"
    ]


FAULTS: dict[str, tuple[Exception, ReaderState, str]] = {
    "a fault that the driver names": (
        reader_error("counter", ReaderState.LOST, PLACE),
        ReaderState.LOST,
        PLACE,
    ),
    "a fault that nobody foresaw": (
        ZeroDivisionError("x"),
        ReaderState.FAULTY,
        "ZeroDivisionError",
    ),
}


@pytest.mark.parametrize(("fault", "state", "detail"), FAULTS.values(), ids=FAULTS.keys())
def test_after_a_fault_the_device_is_closed_and_opened_anew(
    fault: Exception, state: ReaderState, detail: str
) -> None:
    device = FakeDevice(reads=[[GOOD], fault, [GOOD]])
    reader, inbox = start_supervisor(device)
    inbox.wait_taps("A1", "A1")
    assert reader.stop()
    assert (state, detail) in [(health.state, health.detail) for health in inbox.health]
    assert (device.opens, device.closes) == (2, 2)
    assert [health.reopened for health in inbox.health if health.state is ReaderState.OK][-1] == 1


def test_whoever_judges_learns_of_each_opening_before_the_looks_that_follow() -> None:
    device = FakeDevice(reads=[[GOOD], reader_error("counter", ReaderState.LOST, PLACE), [GOOD]])
    judged_frames: list[Frame | Signal] = []
    reader, inbox = start_supervisor(device, on_judged=judged_frames.append)
    inbox.wait_taps("A1", "A1")
    assert reader.stop()
    assert judged_frames == [Signal.OPENED, GOOD] * 2


@pytest.mark.slow
def test_a_refused_open_is_closed_too_and_tells_its_reason_once() -> None:
    missing = [reader_error("counter", ReaderState.MISSING, PLACE) for _ in range(2)]
    device = FakeDevice(refusals=[*missing])
    reader, inbox = start_supervisor(device)
    inbox.wait_state(ReaderState.OK)
    assert reader.stop()
    assert device.closes == device.opens == 3
    assert [health.state for health in inbox.health] == [*["opening", "missing", "ok"]]
    assert inbox.health[-1].reopened == 0


def test_a_path_that_appears_ends_the_wait_at_once(tmp_path: Path) -> None:
    place = tmp_path / "reader"
    refusals = [reader_error("counter", ReaderState.MISSING, f"try {count}") for count in (1, 2, 3)]
    device = FakeDevice(refusals=[*refusals])
    reader, inbox = start_supervisor(device, str(place), schedule=third_wait_is_long())
    inbox.wait(lambda: inbox.health[-1].detail == "try 3")
    place.touch()
    inbox.wait_state(ReaderState.OK)
    assert reader.stop()


def test_another_device_behind_the_same_link_ends_the_wait_at_once(tmp_path: Path) -> None:
    place, other_device = tmp_path / "reader", tmp_path / "other"
    place.touch()
    other_device.touch()
    refusals = [reader_error("counter", ReaderState.BUSY, f"try {count}") for count in (1, 2, 3)]
    device = FakeDevice(refusals=[*refusals])
    reader, inbox = start_supervisor(device, str(place), schedule=third_wait_is_long())
    inbox.wait(lambda: inbox.health[-1].detail == "try 3")
    other_device.rename(place)
    inbox.wait_state(ReaderState.OK)
    assert reader.stop()


@pytest.mark.slow
def test_a_reader_that_does_not_end_is_left_behind_within_the_bound() -> None:
    device = FakeDevice(stubborn=True)
    reader, inbox = start_supervisor(device)
    inbox.wait_state(ReaderState.OK)
    assert not reader.stop()
    device.interrupted_event.set()
    assert reader.stop()


def test_the_back_off_grows_to_its_bound_and_starts_again() -> None:
    schedule = ReopenSchedule(chance=lambda: 0.5)
    assert [schedule.next_s() for _ in range(7)] == [0.5, 1, 2, 5, 10, 10, 10]
    schedule.ran(STEADY_S - 0.1)
    assert schedule.next_s() == 10
    schedule.ran(STEADY_S)
    assert [schedule.next_s() for _ in range(2)] == [0.5, 1]
    schedule.restart()
    assert schedule.next_s() == 0.5


def test_the_jitter_stays_within_a_fifth() -> None:
    schedule = ReopenSchedule()
    waits = [schedule.next_s() for _ in range(200)][4:]
    assert all(8 <= wait_s <= 12 for wait_s in waits)
    assert len(set(waits)) > 1


def reports_of(*events: tuple[float, Callable[[HealthTracker], None]]) -> list[tuple[float, str]]:
    """Return when a health was published, and its state."""
    tracker = HealthTracker("counter", PLACE)
    reports = []
    for at_s, event in events:
        event(tracker)
        if health := tracker.due_report(at_s):
            reports.append((at_s, health.state.value))
    return reports


def record_open(tracker: HealthTracker) -> None:
    tracker.record_open(0.0)


def frames_at(at_s: float, *frames: AnyFrame) -> tuple[float, Callable[[HealthTracker], None]]:
    return at_s, lambda tracker: tracker.record_frames(frames, at_s)


def record_loss(tracker: HealthTracker) -> None:
    tracker.record_failure(ReaderState.LOST, PLACE)


HEALTHS: dict[
    str, tuple[list[tuple[float, Callable[[HealthTracker], None]]], list[tuple[float, str]]]
]
HEALTHS = {
    "nothing new is not said": ([(0, record_open), frames_at(1), frames_at(2)], [(0, "ok")]),
    "counts are said twice a second at most, and none is forgotten": (
        [
            (0, record_open),
            frames_at(0.1, GOOD),
            frames_at(0.4, GOOD),
            frames_at(0.5),
            frames_at(0.6, GOOD),
            frames_at(1.1),
        ],
        [(0, "ok"), (0.5, "ok"), (1.1, "ok")],
    ),
    "a change of state is said at once": (
        [(0, record_open), frames_at(0.1, BAD, BAD, BAD), (0.2, record_loss)],
        [(0, "ok"), (0.1, "garbled"), (0.2, "lost")],
    ),
    "two bad frames are not enough": ([(0, record_open), frames_at(0.1, BAD, BAD)], [(0, "ok")]),
    "as many frames as bad ones are enough to read": (
        [(0, record_open), frames_at(0.1, BAD, BAD, BAD, GOOD, GOOD, GOOD)],
        [(0, "ok")],
    ),
    "frames make a garbled line readable again": (
        [(0, record_open), frames_at(0.1, BAD, BAD, BAD), frames_at(0.2, GOOD, GOOD, GOOD)],
        [(0, "ok"), (0.1, "garbled"), (0.2, "ok")],
    ),
    "what was long ago does not count": (
        [(0, record_open), frames_at(0.1, BAD, BAD, BAD), frames_at(60.2)],
        [(0, "ok"), (0.1, "garbled"), (60.2, "ok")],
    ),
    "a line opened anew is not judged by what it said before": (
        [
            (0, record_open),
            frames_at(0.1, BAD, BAD, BAD),
            (1, record_loss),
            (2, record_open),
            frames_at(3),
        ],
        [(0, "ok"), (0.1, "garbled"), (1, "lost"), (2, "ok")],
    ),
}


@pytest.mark.parametrize(("events", "expected_reports"), HEALTHS.values(), ids=HEALTHS.keys())
def test_health(
    events: list[tuple[float, Callable[[HealthTracker], None]]],
    expected_reports: list[tuple[float, str]],
) -> None:
    assert COUNTS_EVERY_S == 0.5
    assert reports_of(*events) == expected_reports


def test_health_counts_bad_frames_by_kind_and_no_signals() -> None:
    tracker = HealthTracker("counter", PLACE)
    tracker.record_open(0.0)
    tracker.record_frames([GOOD, Signal.NO_CARD, BAD, BAD, BadFrame(Fault.NO_ANSWER)], 7.0)
    tracker.record_frames([Signal.NO_CARD], 8.0)
    health = tracker.due_report(9.0)
    assert health
    assert (health.frames, health.bad_frames, health.heard_s) == (1, 3, 7.0)
    assert health.faults == (("checksum", 2), ("no_answer", 1))


SILENCE = BadFrame(Fault.NO_ANSWER)
HEARD: dict[str, tuple[list[tuple[float, list[AnyFrame]]], float | None]] = {
    "nothing": ([(1, [])], None),
    "no answer": ([(1, [SILENCE])], None),
    "no card": ([(1, [Signal.NO_CARD]), (2, [])], 1),
    "no card again": ([(1, [Signal.NO_CARD]), (2, [Signal.NO_CARD])], 1),
    "no card, long after": ([(1, [Signal.NO_CARD]), (11, [Signal.NO_CARD, SILENCE])], 11),
    "a card soon after": ([(1, [Signal.NO_CARD]), (2, [GOOD]), (3, [SILENCE])], 2),
    "a bad frame soon after": ([(1, [Signal.NO_CARD]), (2, [BAD])], 2),
}


@pytest.mark.parametrize(("looks", "heard_s"), HEARD.values(), ids=HEARD.keys())
def test_health_knows_when_the_reader_last_said_something(
    looks: list[tuple[float, list[AnyFrame]]], heard_s: float | None
) -> None:
    tracker = HealthTracker("counter", PLACE)
    tracker.record_open(0.0)
    for at_s, frames in looks:
        tracker.record_frames(frames, at_s)
    health = tracker.due_report(99.0)
    assert health
    assert health.heard_s == heard_s


def test_a_reader_without_cards_gives_the_till_no_news_at_each_answer() -> None:
    events = [frames_at(second, Signal.NO_CARD) for second in range(1, 21)]
    assert [at_s for at_s, _ in reports_of((0, record_open), *events)] == [0, 1, 11]
