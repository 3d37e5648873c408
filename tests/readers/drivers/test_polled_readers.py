"""Polled readers: the polling alone, and each family with an emulated reader on a serial line."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.fakes.devices.polled import EMULATED_READERS, EmulatedPolledReader, with_crc
from tests.readers.conftest import OpenReader
from tests.readers.lines import PATIENCE_S, Inbox, PtyLine
from tests.readers.vectors import Vector, vectors

from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, PolledDecoder, Signal
from taptill.readers.frames.families import FAMILIES
from taptill.readers.polling import ANSWER_S, FAULTS_MAX, POLL_S, Polling

POLLED = {
    name for name, family in FAMILIES.items() if isinstance(family.decoder({}), PolledDecoder)
}
NO_CARD = b"0000\r"
CARD = b"000180200466CF4DC2\r"
NO_CARD_BINARY = b"\x01" + with_crc(bytes.fromhex("0015011F"), 0xA001, "high first")
ANSWERED_NOTHING = BadFrame(Fault.NO_ANSWER)


def decoder_of(family: str) -> PolledDecoder:
    decoder = FAMILIES[family].decoder({})
    assert isinstance(decoder, PolledDecoder)
    return decoder


def test_every_polled_family_has_a_box() -> None:
    assert set(EMULATED_READERS) == POLLED


@pytest.mark.parametrize("vector", [one for one in vectors(*POLLED) if one.values[0].request])
def test_what_a_source_asks_is_asked(vector: Vector) -> None:
    """Some requests come second, after a positive answer to the first."""
    decoder = decoder_of(vector.family)
    first = decoder.request()
    decoder.feed(b":0006020400\r")
    assert vector.request in (first, decoder.request())


def test_one_question_is_under_way_at_a_time_and_the_next_comes_after_a_rest() -> None:
    polling = Polling(decoder_of("twn4-simple"))
    assert polling.next_request(0) == b"050010\r"
    assert polling.next_request(0.01) == b""
    assert polling.pause_s(0.01) == 0
    assert polling.receive(CARD[:5], 0.02) == []
    assert polling.next_request(0.03) == b""
    assert polling.receive(CARD[5:], 0.04) == [Frame("66CF4DC2")]
    assert polling.pause_s(0.04) == pytest.approx(POLL_S - 0.04)


def test_a_question_without_answer_is_asked_once_more_and_then_is_a_fault() -> None:
    polling = Polling(decoder_of("twn4-simple"))
    polling.next_request(0)
    assert polling.receive(b"", ANSWER_S - 0.01) == []
    assert polling.receive(b"", ANSWER_S) == []
    assert polling.next_request(ANSWER_S) == b"050010\r"
    assert polling.receive(b"", 2 * ANSWER_S) == [ANSWERED_NOTHING]
    assert polling.pause_s(2 * ANSWER_S) == POLL_S


def test_a_question_that_is_not_understood_is_spelled_otherwise_until_it_is() -> None:
    """The manual of GNetPlus sends the low byte of the CRC first, a library the high one."""
    decoder = decoder_of("gnetplus-binary")
    high, low = decoder.request(), decoder.request()
    assert high[:-2] == low[:-2]
    assert high[-2:] == low[:-3:-1]
    assert decoder.request() == high
    assert decoder.request() == low
    assert decoder.feed(bytes.fromhex("01001501 1F") + bytes(2)) == [BadFrame(Fault.CHECKSUM)]
    assert decoder.request() == high
    assert decoder.feed(NO_CARD_BINARY) == [Signal.NO_CARD]
    assert [decoder.request(), decoder.request()] == [high, high]


def test_a_box_that_wants_the_other_spelling_names_its_card(readers: OpenReader) -> None:
    box = EmulatedPolledReader("gnetplus-binary, low byte first")
    box.card = bytes.fromhex("CB4540A2")
    reader, inbox = readers(ReaderSettings("counter", "serial", str(box.path), "gnetplus-binary"))
    inbox.wait_taps("A24045CB")
    assert reader.stop()
    box.unplug()


BAD_ANSWERS = {
    "silence": (b"", ANSWER_S, [ANSWERED_NOTHING]),
    "half an answer and silence": (
        CARD[:9],
        ANSWER_S,
        [BadFrame(Fault.TRUNCATED), ANSWERED_NOTHING],
    ),
    "letters that are none": (b"0X\r", 0, [BadFrame(Fault.BAD_CHAR), ANSWERED_NOTHING]),
}


@pytest.mark.parametrize(
    ("answer", "after_s", "last"), BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys()
)
def test_three_faults_in_a_row_are_a_reader_that_does_not_answer(
    answer: bytes, after_s: float, last: list[AnyFrame]
) -> None:
    polling, now_s, frames = Polling(decoder_of("twn4-simple")), 0.0, list[AnyFrame]()
    for number in range(2 * FAULTS_MAX):
        assert polling.is_unresponsive == (number > 2 * FAULTS_MAX)
        now_s += polling.pause_s(now_s)
        assert polling.next_request(now_s)
        now_s += after_s + 0.001
        frames = polling.receive(answer, now_s)
    assert frames == last
    assert polling.is_unresponsive
    assert not polling.has_answered


def test_where_answers_carry_no_check_a_new_card_must_be_named_twice() -> None:
    other_answer = CARD.replace(b"C2", b"C3")
    polling = Polling(decoder_of("twn4-simple"), has_checksum=False)
    frames = []
    for number, answer in enumerate(
        (CARD, CARD, CARD, other_answer, CARD, NO_CARD, CARD, other_answer, other_answer)
    ):
        polling.next_request(number)
        frames += polling.receive(answer, number)
    card, go_on = Frame("66CF4DC2"), Signal.GO_ON
    assert frames == [
        *(go_on, card, card, go_on, go_on),
        *(Signal.NO_CARD, go_on, go_on, Frame("66CF4DC3")),
    ]


def test_a_good_answer_between_faults_begins_the_count_anew() -> None:
    polling, now_s = Polling(decoder_of("twn4-simple")), 0.0
    for number in range(20):
        now_s += polling.pause_s(now_s) + ANSWER_S
        polling.next_request(now_s)
        polling.receive(NO_CARD if number % 5 == 4 else b"", now_s + ANSWER_S)
        assert not polling.is_unresponsive


def test_a_reader_that_says_it_could_not_has_answered() -> None:
    polling = Polling(decoder_of("twn4-simple"))
    for number in range(2 * FAULTS_MAX):
        polling.next_request(number)
        assert polling.receive(b"03\r", number) == [BadFrame(Fault.READER_ERROR)]
    assert not polling.is_unresponsive


def test_the_second_step_is_asked_without_a_rest_and_a_third_there_is_none() -> None:
    polling = Polling(decoder_of("gnetplus-ascii"))
    assert polling.next_request(0) == b":002000\r"
    assert polling.receive(b":0006020400\r", 0.01) == [Signal.GO_ON]
    assert polling.pause_s(0.01) == 0
    assert polling.next_request(0.01) == b":002100\r"
    assert polling.receive(b":0006020400\r", 0.02) == [BadFrame(Fault.FRAMING)]
    assert polling.next_request(0.03) == b":002000\r"


def test_a_round_without_any_kind_of_card_misses_once() -> None:
    decoder = decoder_of("gwiot-7941w")
    no_card = bytes.fromhex("CDDC00800080")
    assert [decoder.feed(no_card) for _ in range(4)] == [[Signal.GO_ON], [Signal.NO_CARD]] * 2
    decoder.feed(no_card)
    first = decoder.request()
    decoder.feed(bytes.fromhex("CDDC0081046B3D12D617"))
    assert decoder.request() == first, "it stays with the kind that it found"


REFUSALS = {
    "yhy-aabb": (bytes.fromhex("AABB0800FFFF010200040007"), bytes.fromhex("AABB0600FFFF02020101")),
    "gnetplus-ascii": (b":0006020400\r", b":00150101\r"),
}


@pytest.mark.parametrize(("family", "answers"), REFUSALS.items(), ids=REFUSALS.keys())
def test_a_card_that_goes_between_two_questions_is_asked_for_from_the_first(
    family: str, answers: tuple[bytes, bytes]
) -> None:
    decoder = decoder_of(family)
    first = decoder.request()
    assert decoder.feed(answers[0]) == [Signal.GO_ON]
    assert decoder.request() != first
    assert decoder.feed(answers[1]) == [BadFrame(Fault.READER_ERROR)]
    assert decoder.request() == first


@pytest.fixture
def boxes() -> Iterator[dict[str, EmulatedPolledReader]]:
    """Return an emulated reader of every family."""
    emulators = {family: EmulatedPolledReader(family) for family in EMULATED_READERS}
    yield emulators
    for box in emulators.values():
        box.unplug()


def settings(family: str, box: EmulatedPolledReader) -> ReaderSettings:
    return ReaderSettings(family, "serial", str(box.path), family)


def wait_frames(inboxes: dict[str, Inbox], count: int) -> None:
    """Wait until each reader has read its card so many times more."""
    goals = {family: inbox.health[-1].frames + count for family, inbox in inboxes.items()}
    for family, inbox in inboxes.items():
        inbox.wait(lambda family=family, inbox=inbox: inbox.health[-1].frames >= goals[family])  # type: ignore[misc]


@pytest.mark.slow
def test_on_all_readers_at_once_a_card_held_through_every_fault_is_one_tap(
    boxes: dict[str, EmulatedPolledReader], readers: OpenReader
) -> None:
    """Each reader has its own thread and its own health."""
    inboxes = {family: readers(settings(family, box))[1] for family, box in boxes.items()}
    for inbox in inboxes.values():
        inbox.wait_state(ReaderState.OK)
        assert inbox.taps == []
    for box in boxes.values():
        box.card = bytes.fromhex("AAD90080")  # YHY stuffs the AA
    wait_frames(inboxes, 2)
    for fault in ("mute", "cut", "garbled", "lumps"):
        for box in boxes.values():
            setattr(box, fault, 1)
        wait_frames(inboxes, 3)
    for family, inbox in inboxes.items():
        assert inbox.taps == ["8000D9AA" if "gnetplus" in family else "AAD90080"]
        health = inbox.health[-1]
        assert (health.reader, health.state, health.reopened) == (family, ReaderState.OK, 0)
        assert health.bad_frames > 0


@pytest.fixture
def twn4() -> Iterator[EmulatedPolledReader]:
    emulator = EmulatedPolledReader("twn4-simple")
    yield emulator
    emulator.unplug()


@pytest.mark.slow
def test_a_card_taken_away_and_shown_again_is_two_taps_however_long_it_is_held(
    twn4: EmulatedPolledReader, readers: OpenReader
) -> None:
    long_hold = replace(settings("twn4-simple", twn4), hold_ms=10_000, same_card_delay_ms=0)
    _, inbox = readers(long_hold)
    inbox.wait_state(ReaderState.OK)
    for taps in (1, 2):
        twn4.card = bytes.fromhex("A1B2C3D4")
        inbox.wait_taps(*["A1B2C3D4"] * taps)
        twn4.card = b""
        end_s, request_count = time.monotonic() + PATIENCE_S, len(twn4.requests)
        while len(twn4.requests) < request_count + 4:
            assert time.monotonic() < end_s
            time.sleep(POLL_S)


@pytest.mark.slow
def test_a_box_that_never_answers_is_garbled_and_is_tried_again(
    twn4: EmulatedPolledReader, readers: OpenReader
) -> None:
    twn4.mute = 2 * FAULTS_MAX
    _, inbox = readers(settings("twn4-simple", twn4))
    inbox.wait_state(ReaderState.GARBLED)
    assert [health.state for health in inbox.health] == [ReaderState.OPENING, ReaderState.GARBLED]
    inbox.wait_state(ReaderState.OK)
    assert len(twn4.requests) >= 2 * FAULTS_MAX + 1


@pytest.mark.slow
def test_a_box_that_falls_silent_is_closed_and_opened_anew(
    twn4: EmulatedPolledReader, readers: OpenReader
) -> None:
    _, inbox = readers(settings("twn4-simple", twn4))
    inbox.wait_state(ReaderState.OK)
    twn4.mute = 2 * FAULTS_MAX
    inbox.wait_state(ReaderState.GARBLED)
    assert inbox.wait_state(ReaderState.OK).reopened == 1


@pytest.mark.slow
@pytest.mark.parametrize("faults", [FAULTS_MAX - 1, FAULTS_MAX])
def test_a_card_held_while_no_answer_comes_is_one_tap(
    faults: int, twn4: EmulatedPolledReader, readers: OpenReader
) -> None:
    twn4.card = bytes.fromhex("A1B2C3D4")
    _, inbox = readers(replace(settings("twn4-simple", twn4), same_card_delay_ms=0))
    inbox.wait_taps("A1B2C3D4")
    twn4.mute = 2 * faults
    inbox.wait(lambda: inbox.health[-1].bad_frames == FAULTS_MAX - 1)
    if faults == FAULTS_MAX:
        inbox.wait_state(ReaderState.GARBLED)
        inbox.wait_state(ReaderState.OK)
    wait_frames({"": inbox}, 2)
    assert inbox.taps == ["A1B2C3D4"]


def test_a_box_that_is_unplugged_is_lost(twn4: EmulatedPolledReader, readers: OpenReader) -> None:
    _, inbox = readers(settings("twn4-simple", twn4))
    inbox.wait_state(ReaderState.OK)
    twn4.unplug()
    inbox.wait_state(ReaderState.LOST)


def test_a_reader_that_waits_for_an_answer_is_stopped_in_time(
    line: PtyLine, readers: OpenReader
) -> None:
    reader, inbox = readers(ReaderSettings("counter", "serial", str(line.link), "twn4-simple"))
    inbox.wait(lambda: bool(inbox.health))
    assert reader.stop()
