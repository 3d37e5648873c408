"""Each jump of wall time becomes an entry of the kind `clock`; order and ages stay as they are."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.until import until
from tests.journal.drafts import ADA, charge

from taptill.clock import JUMP_MS, ClockWatch, SetAlarm, watch_clock
from taptill.domain.entry import Draft, Entry, EntryKind
from taptill.journal.journal import Journal
from taptill.journal.verify import verify


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def journal(path: Path, clock: FakeClock) -> Iterator[Journal]:
    new_journal = opened(path, clock)
    yield new_journal
    new_journal.close()


def opened(path: Path, clock: FakeClock) -> Journal:
    new_journal = Journal(path, clock, min_free_mb=0)
    new_journal.open({"backend": "here"})
    return new_journal


def jump_ms(watch: ClockWatch) -> int:
    draft = watch.look()
    return draft.body["jumped_ms"] if draft else 0


@pytest.mark.parametrize(
    ("moved_s", "told_ms"),
    [
        pytest.param(3600, 3_600_000, id="forward"),
        pytest.param(-3600, -3_600_000, id="back"),
        pytest.param(JUMP_MS / 1000, 0, id="a small correction is none"),
        pytest.param(-JUMP_MS / 1000 - 0.001, -JUMP_MS - 1, id="one millisecond more is one"),
    ],
)
def test_a_jump_while_running_is_told_once(clock: FakeClock, moved_s: float, told_ms: int) -> None:
    watch = ClockWatch(clock, None)
    clock.pass_time(86_400)
    assert jump_ms(watch) == 0
    clock.jump(moved_s)
    clock.pass_time(5)
    assert [jump_ms(watch), jump_ms(watch)] == [told_ms, 0]


class ManualAlarm:
    """An alarm that goes off when the test says so."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[None] = asyncio.Queue()

    async def wait(self, _: float) -> None:
        await self.queue.get()

    def close(self) -> None:
        """Close nothing."""


async def test_there_and_back_within_a_second_are_two_entries(
    journal: Journal, clock: FakeClock
) -> None:
    alarm = ManualAlarm()
    watch = ClockWatch(clock, None)
    task = asyncio.ensure_future(watch_clock(watch, journal.append, alarm=alarm))
    await asyncio.sleep(0)
    for moved_s in (3600, -3600):
        clock.jump(moved_s)
        clock.pass_time(0.2)
        before = kinds(journal).count(EntryKind.CLOCK)
        alarm.queue.put_nowait(None)
        await until(lambda before=before: kinds(journal).count(EntryKind.CLOCK) > before)  # type: ignore[misc]
    task.cancel()
    rows = journal.queries.connection.execute("SELECT body FROM entries WHERE kind = 'clock'")
    assert rows.fetchall() == [('{"jumped_ms":3600000}',), ('{"jumped_ms":-3600000}',)]


async def test_the_kernels_alarm_ends_no_later_than_its_time() -> None:
    """Whether anybody sets this machine's clock meanwhile is not for a test to say."""
    alarm = SetAlarm()
    assert alarm._fd >= 0
    async with asyncio.timeout(10):
        await alarm.wait(0.01)
        alarm.close()
        await alarm.wait(0.01)
    assert alarm._fd == -1


async def newest(path: Path, clock: FakeClock) -> Entry:
    """Sell something, close, and give the entry that the next start finds."""
    journal = opened(path, clock)
    (entry,) = await journal.append([charge(ADA, 320)])
    journal.close()
    return entry


@pytest.mark.parametrize("moved_s", [600, -600, 0])
async def test_a_jump_while_the_till_was_closed_is_told_within_a_boot(
    path: Path, clock: FakeClock, moved_s: int
) -> None:
    entry = await newest(path, clock)
    clock.pass_time(3600)
    clock.jump(moved_s)
    assert jump_ms(ClockWatch(clock, entry)) == moved_s * 1000


@pytest.mark.parametrize(
    ("off_s", "told_ms"),
    [
        pytest.param(-86_400, -86_400_000, id="a board without a clock, after a power cut"),
        pytest.param(-1.5, 0, id="about where it was"),
        pytest.param(30 * 86_400, 0, id="a month later: nobody can know whether that is so"),
    ],
)
async def test_after_another_boot_only_a_time_before_the_newest_entry_is_a_jump(
    path: Path, clock: FakeClock, off_s: float, told_ms: int
) -> None:
    entry = await newest(path, clock)
    clock.reboot(off_s=off_s)
    assert jump_ms(ClockWatch(clock, entry)) == told_ms


async def test_the_start_looks_at_what_it_found_and_not_at_what_it_wrote(
    path: Path, clock: FakeClock
) -> None:
    """A start that says `opened` anew makes that the newest entry."""
    entry = await newest(path, clock)
    clock.reboot(off_s=-600)
    journal = Journal(path, clock, min_free_mb=0)
    journal.open({"backend": "here", "machine": "another board"})
    assert journal.newest_found == entry
    journal.close()


async def test_untrusted_after_a_power_cut_then_set_both_are_entries_and_the_order_stands(
    path: Path, clock: FakeClock
) -> None:
    await newest(path, clock)
    clock.reboot(off_s=-86_400)
    journal = opened(path, clock)
    watch = ClockWatch(clock, journal.newest_found)
    task = asyncio.ensure_future(watch_clock(watch, journal.append, look_s=0.001))
    await until(lambda: kinds(journal).count(EntryKind.CLOCK) == 1)
    await journal.append([charge(ADA, 80)])
    clock.jump(86_500)
    clock.is_trusted = True
    await until(lambda: kinds(journal).count(EntryKind.CLOCK) == 2)
    task.cancel()
    rows = list(journal.queries.connection.execute("SELECT * FROM entries ORDER BY seq"))
    journal.close()
    clock_rows = [row for row in rows if row[1] == "clock"]
    assert [(row[5], row[9]) for row in clock_rows] == [
        ('{"jumped_ms":-86400000}', 0),
        ('{"jumped_ms":86500000}', 1),
    ]
    assert [row[1] for row in rows] == ["opened", "charge", "clock", "charge", "clock"]
    assert rows[2][6] < rows[1][6]  # wall time went back, seq did not


async def test_a_disk_that_fails_meanwhile_does_not_end_the_watch(
    journal: Journal, clock: FakeClock
) -> None:
    journal.close()  # takes nothing any more
    requests: list[Sequence[Draft]] = []

    async def append(drafts: Sequence[Draft]) -> None:
        requests.append(drafts)
        await journal.append(drafts)

    task = asyncio.ensure_future(watch_clock(ClockWatch(clock, None), append, look_s=0.001))
    clock.jump(3600)
    await until(lambda: len(requests) == 1)
    clock.jump(3600)
    await until(lambda: len(requests) == 2)
    assert not task.done()
    task.cancel()


def kinds(journal: Journal) -> list[EntryKind]:
    rows = journal.queries.connection.execute("SELECT kind FROM entries ORDER BY seq").fetchall()
    assert verify(journal.queries.connection).sound
    return [EntryKind(row[0]) for row in rows]
