"""Readers for goods: what a scanner sends is a scan, and never a card."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.config.files import complaints, text
from tests.readers.lines import PATIENCE_S, PtyLine, plugged_line

from taptill.clock import SystemClock
from taptill.config import parse
from taptill.domain.card_id import CardId
from taptill.domain.tap import ReaderHealth, ReaderMessage, ReaderState, Scan, Tap
from taptill.wiring.card_readers import CardReaders
from taptill.wiring.readers import check_reader

LINE = """
[[reader]]
driver = "serial"
for = "goods"
port = "{port}"
family = "line"
card_id = ["text"]
"""
TYPED = '\n[[reader]]\ndriver = "typed"\nfor = "{use}"\ncard_id = ["text"]\n'


@asynccontextmanager
async def started(readers_text: str) -> AsyncIterator[CardReaders]:
    """Start the readers of a config, beside the simulated one for cards."""
    config = parse(text() + readers_text, check_reader)
    readers = CardReaders(config, SystemClock())
    readers.start()
    yield readers
    await readers.stop()


async def next_of(readers: CardReaders, *kinds: type[ReaderMessage]) -> ReaderMessage:
    """Wait for the next message of one of these kinds."""
    async with asyncio.timeout(PATIENCE_S):
        while not isinstance(message := await readers.queue.get(), kinds):
            pass
    return message


async def opened(readers: CardReaders, *names: str) -> dict[str, ReaderHealth]:
    """Wait until these readers are open, in whatever order, and return how each is."""
    health_by_name: dict[str, ReaderHealth] = {}
    while health_by_name.keys() != set(names):
        health = await next_of(readers, ReaderHealth)
        assert isinstance(health, ReaderHealth)
        if health.reader in names and health.state is ReaderState.OK:
            health_by_name[health.reader] = health
    return health_by_name


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    """Plug a scanner in."""
    with plugged_line(tmp_path) as plugged:
        yield plugged


async def test_what_a_reader_for_goods_sends_is_a_scan(line: PtyLine) -> None:
    """Two different barcodes within a moment are two goods, where two cards would be none."""
    async with started(LINE.format(port=line.link)) as readers:
        assert (await opened(readers, "reader 2"))["reader 2"].for_goods
        line.send(b"4006381333931\r\n36000291452\r\n")
        assert await next_of(readers, Scan, Tap) == Scan("4006381333931", "reader 2")
        assert await next_of(readers, Scan, Tap) == Scan("36000291452", "reader 2")


async def test_a_line_that_is_no_barcode_is_a_scan_to_be_made_again(line: PtyLine) -> None:
    async with started(LINE.format(port=line.link)) as readers:
        await opened(readers, "reader 2")
        line.send(b"400638\x00\x01\x02\r\n")
        assert await next_of(readers, Scan, Tap) == Scan("", "reader 2")


async def test_a_reader_for_cards_taps_as_before() -> None:
    async with started("") as readers:
        health = (await opened(readers, "reader 1"))["reader 1"]
        assert not health.for_goods
        readers.present("62E3086CED")
        tap = await next_of(readers, Scan, Tap)
        assert isinstance(tap, Tap)
        assert tap.card_id == CardId("62E3086CED")


async def test_all_readers_are_named_before_the_first_has_opened() -> None:
    """Else a till with two would say of the first that *the* reader works."""
    async with started(TYPED.format(use="goods")) as readers:
        messages = [await next_of(readers, ReaderHealth) for _ in range(2)]
    opening = ReaderState.OPENING
    assert messages == [
        ReaderHealth("reader 1", opening),
        ReaderHealth("reader 2", opening, for_goods=True),
    ]


async def test_a_typed_line_goes_to_a_reader_for_cards_first() -> None:
    async with started(TYPED.format(use="goods") + TYPED.format(use="cards")) as readers:
        await opened(readers, "reader 2", "reader 3")
        assert readers.typed("4711")
        assert isinstance(await next_of(readers, Scan, Tap), Tap)


async def test_a_typed_line_is_a_scan_where_there_is_a_reader_for_goods_alone() -> None:
    async with started(TYPED.format(use="goods")) as readers:
        await opened(readers, "reader 2")
        assert readers.typed("4711")
        assert await next_of(readers, Scan, Tap) == Scan("4711", "reader 2")


def test_a_till_without_a_reader_for_cards_is_refused() -> None:
    toml_text = text(**{"[reader]": 'for = "goods"'})
    assert complaints(toml_text) == [
        "[[reader]]: all are for goods, at least one for cards is needed"
    ]


def test_another_use_is_a_complaint() -> None:
    assert complaints(text(**{"[reader]": 'for = "drinks"'})) == [
        '[[reader]] 1 for = "drinks" must be a choice: cards | goods'
    ]
