"""What a reader has read last is kept for a while, and bounded."""

from tests.fakes.clock import FakeClock

from taptill.domain.card_id import CardId
from taptill.domain.tap import ReaderMessage, Scan, Tap
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.serial import SerialReader
from taptill.readers.technician.last_read import FORGOTTEN_S, OCTETS_MAX, LastReadKeeper


def test_octets_and_card_are_kept_and_every_message_goes_on() -> None:
    clock, delivered = FakeClock(), list[ReaderMessage]()
    keeper = LastReadKeeper("counter", clock)
    device = SerialReader(ReaderSettings("counter", "serial", "/dev/null", "rdm6300"))
    assert keeper.observe(device) is device
    assert keeper.last_read() is None
    tap = Tap(CardId("04A1"), "counter", clock.monotonic())
    device.on_bytes(b"\x02AB")
    device.on_bytes(b"C\x03")
    keeper.passing_on(delivered.append)(tap)
    clock.pass_time(2.0)
    read = keeper.last_read()
    assert read is not None
    assert (read.octets, read.card, read.ago_s) == (b"\x02ABC\x03", "04A1", 2.0)
    assert delivered == [tap]


def test_octets_after_a_silence_are_a_new_message() -> None:
    clock = FakeClock()
    keeper = LastReadKeeper("counter", clock)
    keeper._take_octets(b"first")
    clock.pass_time(1.0)
    keeper._take_octets(b"second")
    read = keeper.last_read()
    assert read is not None
    assert read.octets == b"second"


def test_a_stream_is_bounded() -> None:
    keeper = LastReadKeeper("counter", FakeClock())
    for number in range(1000):
        keeper._take_octets(bytes([number % 256]) * 7)
    read = keeper.last_read()
    assert read is not None
    assert len(read.octets) == OCTETS_MAX


def test_a_barcode_is_kept_too_and_everything_is_forgotten_after_a_while() -> None:
    clock = FakeClock()
    keeper = LastReadKeeper("goods", clock)
    keeper.passing_on(lambda _: None)(Scan("4006381333931", "goods"))
    read = keeper.last_read()
    assert read is not None
    assert read.card == "4006381333931"
    clock.pass_time(FORGOTTEN_S + 1)
    assert keeper.last_read() is None
    assert keeper._card[0] == ""
