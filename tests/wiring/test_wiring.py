"""What the config asks for and this version cannot do is refused or reported."""

import asyncio
from pathlib import Path

import pytest
from tests.fakes.until import until

from taptill.checkout.view import Link, TillAlarm, TillView
from taptill.clock import SystemClock
from taptill.config import Config, parse
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.tap import ReaderHealth, ReaderState
from taptill.lookup.backend_health import BackendHealth
from taptill.wiring.card_readers import MESSAGES_MAX, CardReaders
from taptill.wiring.opening import open_journal, unbuilt
from taptill.wiring.readers import check_reader
from taptill.wiring.runtime import TillRuntime, TillSetup, build
from taptill.wiring.status import Status

PLAIN = """
[backend]
base_url = "http://127.0.0.1:9"
{backend}
[till]
name = "test"
{till}
[[reader]]
driver = "simulated"
[settlement]
strategy = "{strategy}"
{more}
"""


OWN_DISK = "mirror: it is on the journal's own disk: is the stick in?"


def config_text(
    *, backend: str = "", till: str = "", strategy: str = "debt", extra: str = ""
) -> str:
    """Write a config with these lines added."""
    return PLAIN.format(backend=backend, till=till, strategy=strategy, more=extra)


def built(config: Config, state: Path) -> TillRuntime:
    """Build a till whose readers are not started."""
    opened = open_journal(config, state)
    setup = TillSetup(config, state, "token")
    return build(setup, opened, CardReaders(config, opened.clock))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        pytest.param(
            config_text(extra='[cache]\nfields = ["email"]'), "[cache] fields", id="cache"
        ),
    ],
)
def test_what_is_asked_for_and_not_done_yet_is_said(text: str, key: str) -> None:
    assert any(key in str(warning) for warning in unbuilt(parse(text, check_reader)))


def test_a_plain_config_asks_for_nothing_that_is_missing() -> None:
    assert unbuilt(parse(config_text(), check_reader)) == []


async def test_a_house_is_built_without_a_network_and_closes(tmp_path: Path) -> None:
    """Journal and cache are there, the lock is given back."""
    runtime = built(parse(config_text(), check_reader), tmp_path)
    runtime.close()
    again = built(parse(config_text(), check_reader), tmp_path)
    assert again.journal.journal_id == runtime.journal.journal_id
    again.close()


async def test_of_more_reader_messages_than_can_wait_the_newest_are_kept() -> None:
    readers = CardReaders(parse(config_text(), check_reader), SystemClock())
    for number in range(MESSAGES_MAX + 3):
        readers.put(ReaderHealth("counter", ReaderState.OK, frames=number))
    waiting = [readers.queue.get_nowait() for _ in range(readers.queue.qsize())]
    assert [getattr(message, "frames", None) for message in waiting] == [
        *range(3, MESSAGES_MAX + 3)
    ]


async def test_a_sync_gives_way_to_each_reader_message(tmp_path: Path) -> None:
    runtime = built(parse(config_text(), check_reader), tmp_path)
    now_s = asyncio.get_running_loop().time()
    runtime.readers.put(ReaderHealth("counter", ReaderState.OK, frames=1))
    assert runtime.sync._next_batch_s > now_s
    runtime.close()


async def test_a_mirror_that_is_not_on_other_media_is_said_on_the_status_line(
    tmp_path: Path,
) -> None:
    """It would look like a second copy, and go with the first one."""
    text = config_text(extra=f'[journal]\nmirror = "{tmp_path}/copy.jsonl"\nmin_free_mb = 1')
    runtime = built(parse(text, check_reader), tmp_path)
    views: list[TillView] = []
    runtime.till.watch(views.append)

    def warned() -> bool:
        runtime.till.refresh()
        return OWN_DISK in map(str, views[-1].status.warnings)

    await until(warned)
    runtime.close()
    assert not (tmp_path / "copy.jsonl").exists()


async def test_sales_that_are_not_taken_while_cards_are_looked_up_are_said_on_the_status_line(
    tmp_path: Path,
) -> None:
    """The link stays online: whoever taps is looked up live."""
    config, clock = parse(config_text(), check_reader), SystemClock()
    runtime = built(config, tmp_path)
    backend_health = BackendHealth(clock)
    rooms = (runtime.api, runtime.journal, runtime.cache, runtime.strategy)
    status = Status(config, clock, backend_health, *rooms)
    backend_health.lookup_succeeded(0.1)
    backend_health.update_failed("backend-unknown")

    def said() -> list[str]:
        return [words for words in map(str, status.draw().warnings) if "backend-unknown" in words]

    assert said() == []  # nothing waits
    body = {"currency": "EUR", "offline": False, "initials": "A. B."}
    await runtime.journal.append([Draft(EntryKind.CHARGE, 7, 420, body)])
    assert status.draw().link is Link.ONLINE
    (words,) = said()
    assert words.startswith("cards are looked up, sales are not taken since ")
    backend_health.update_answered()
    assert said() == []
    runtime.close()


async def test_a_clock_that_nobody_has_confirmed_yet_is_no_alarm_before_the_server_was_asked(
    tmp_path: Path,
) -> None:
    """Its answer has the time; for the second until then nobody need connect the network."""
    config = parse(config_text(), check_reader)
    clock = SystemClock(str(tmp_path / "none"), tmp_path / "no-hardware")
    runtime = built(config, tmp_path)
    backend_health = BackendHealth(clock)
    rooms = (runtime.api, runtime.journal, runtime.cache, runtime.strategy)
    status = Status(config, clock, backend_health, *rooms)
    assert clock.doubtful()
    assert status.draw().alarms == ()
    backend_health.lookup_failed("backend-unreachable")
    assert status.draw().alarms == (TillAlarm.CLOCK,)
    runtime.close()
