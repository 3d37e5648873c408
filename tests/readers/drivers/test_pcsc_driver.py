"""The driver `pcsc`, with the real pcscd and virtual readers, and with a scripted service."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from typing import Any

import pytest
from tests.fakes.devices.scripted_scard import CARD_PRESENT, NO_CARD, READER, ScriptedScard
from tests.fakes.devices.vpcd import NOT_RUN, Pcscd, VirtualCard, pcscd_lock, skip_reason, uid
from tests.fakes.forked.command import run_taptill
from tests.readers.conftest import OpenReader
from tests.readers.lines import PATIENCE_S, Inbox, RealClock, open_descriptors, read_frames

from taptill.domain.errors import ReaderError
from taptill.domain.tap import CardTrouble, ReaderState, Tap
from taptill.readers.device import READ_S_MAX, ReaderSettings, error_state
from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame, Signal
from taptill.readers.opening import open_reader
from taptill.readers.registry import settings_problems

# The package is compiled and may be missing.
pcsc: Any = pytest.importorskip(
    "taptill.readers.drivers.pcsc", reason=f"{NOT_RUN} no pyscard: make readers"
)
scard = pcsc.scard

CARD, OTHER, SHORT, PHONE = "04A1B2C3D4E5F6", "04A1B2C3D4E5F7", "A1B2C3D4", "08A1B2C3"
REFUSED, FAILED, NUMBERLESS = b"\x6a\x81", b"\x63\x00", b"\x90\x00"
UNREADABLE = BadFrame(Fault.READER_ERROR)
BACK_S_MAX = 1.5
ROUNDS = 50

Place = tuple[str, int]
Reads = list[list[AnyFrame]]


@pytest.fixture(scope="module")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pcscd]:
    """Return the one pcscd of this machine."""
    with pcscd_lock():
        if reason := skip_reason():
            pytest.skip(reason)
        service = Pcscd(tmp_path_factory.mktemp("pcscd"))
        service.start()
        yield service
        service.stop()


@pytest.fixture
def place(pcscd: Pcscd) -> Place:
    """Return the name of the reader that was empty for longest, and the port for its cards."""
    name = next(iter(pcscd.readers))
    pcscd.readers[name] = port = pcscd.readers.pop(name)
    with closing(pcsc.PcscReader(settings(name))) as reader:
        reader.open()
        end_s = time.monotonic() + 3
        while reader._state & scard.SCARD_STATE_PRESENT:
            assert time.monotonic() < end_s
            with suppress(ReaderError):
                reader.read()
    return name, port


def wait_until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def take_away(card: VirtualCard, reads: Reads) -> None:
    """Take the card away, and wait until the removal was reported and taken into account."""
    count_before = reads.count([Signal.REMOVED])
    card.take_away()
    wait_until(
        lambda: reads.count([Signal.REMOVED]) > count_before + 1
    )  # the first has been judged then


def settings(port: str, **times: int) -> ReaderSettings:
    delays = {"same_card_delay_ms": 0} | times
    return ReaderSettings("counter", "pcsc", port, **delays)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("number", [CARD, SHORT])
def test_a_card_left_on_the_reader_is_one_tap(
    number: str, place: Place, readers: OpenReader
) -> None:
    name, port = place
    _, inbox = readers(settings(name, hold_ms=50, same_card_delay_ms=100))
    card = VirtualCard(port, uid(number))
    inbox.wait_taps(number)
    time.sleep(0.5)
    assert inbox.taps == [number]
    assert card.request_count == 1
    card.take_away()


@pytest.mark.slow
def test_one_that_is_laid_there_anew_taps_anew_and_another_taps_at_once(
    place: Place, readers: OpenReader
) -> None:
    name, port = place
    reads: Reads = []
    _, inbox = readers(settings(name), reads.append)
    card = VirtualCard(port, uid(CARD))
    inbox.wait_taps(CARD)
    take_away(card, reads)
    for numbers in ([CARD, CARD], [CARD, CARD, OTHER]):
        card = VirtualCard(port, uid(numbers[-1]))
        inbox.wait_taps(*numbers)
        card.take_away()
    assert inbox.problems == []


@pytest.mark.slow
def test_a_card_that_loses_contact_for_a_moment_is_one_tap(
    place: Place, readers: OpenReader
) -> None:
    name, port = place
    reads: Reads = []
    _, inbox = readers(ReaderSettings("counter", "pcsc", name), reads.append)
    card = VirtualCard(port, uid(CARD))
    inbox.wait_taps(CARD)
    time.sleep(1.6)  # it might tap again by now
    for _ in range(3):
        card.take_away()
        card = VirtualCard(port, uid(CARD))
        wait_until(partial(getattr, card, "request_count"))
    take_away(card, reads)
    assert inbox.taps == [CARD]


@pytest.mark.slow
def test_a_card_that_comes_back_too_soon_taps_when_its_time_has_come(
    place: Place, readers: OpenReader
) -> None:
    name, port = place
    reads: Reads = []
    _, inbox = readers(settings(name, same_card_delay_ms=4000), reads.append)
    card = VirtualCard(port, uid(CARD))
    inbox.wait_taps(CARD)
    take_away(card, reads)
    card = VirtualCard(port, uid(CARD))
    inbox.wait_taps(CARD, CARD)
    card.take_away()
    first, second = (message.at_s for message in inbox.messages if isinstance(message, Tap))
    assert second - first >= 4.0


@pytest.mark.slow
def test_a_phone_is_told_that_it_hides_its_number(place: Place, readers: OpenReader) -> None:
    name, port = place
    _, inbox = readers(settings(name))
    card = VirtualCard(port, uid(PHONE))
    inbox.wait(lambda: bool(inbox.problems))
    card.take_away()
    assert inbox.problems[0].trouble is CardTrouble.RANDOM_ID
    assert inbox.taps == []


ANSWERS: dict[str, tuple[list[bytes], Frame | BadFrame]] = {
    "refused twice is one bad frame": ([REFUSED], UNREADABLE),
    "failed once, it is named at the second try": ([FAILED, uid(CARD)], Frame(CARD)),
}


@pytest.mark.slow
@pytest.mark.parametrize(("answers", "expected_frame"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_card_is_asked_twice_at_most(
    answers: list[bytes], expected_frame: Frame | BadFrame, place: Place
) -> None:
    name, port = place
    with closing(pcsc.PcscReader(settings(name))) as reader:
        reader.open()
        card = VirtualCard(port, *answers)
        while (frames := read_frames(reader)) == [Signal.REMOVED]:
            pass  # until pcscd has noticed the card
        assert frames == [expected_frame]
        card.take_away()
        while (frames := read_frames(reader)) == [expected_frame]:
            pass
        assert frames == [Signal.REMOVED]
    assert card.request_count == 2


@pytest.mark.slow
@pytest.mark.parametrize("answer", [b"", None], ids=["it is pulled out", "it is silent until then"])
def test_a_card_that_goes_while_it_is_asked_is_no_fault(answer: bytes | None, place: Place) -> None:
    name, port = place
    with closing(pcsc.PcscReader(settings(name))) as reader:
        reader.open()
        card = VirtualCard(port, answer)
        hand = threading.Timer(1, card.take_away)
        hand.start()
        while hand.is_alive():
            assert reader.read() in ([], [Signal.REMOVED])
        assert read_frames(reader) == [Signal.REMOVED]
    assert card.request_count == 1


@pytest.mark.slow
def test_two_readers_are_told_apart_by_their_whole_names(pcscd: Pcscd, readers: OpenReader) -> None:
    inboxes: dict[str, Inbox] = {}
    for name in pcscd.readers:
        _, inboxes[name] = readers(settings(name.lower()))
    cards = [VirtualCard(port, uid(CARD[:-1] + name[-1])) for name, port in pcscd.readers.items()]
    for name, inbox in inboxes.items():
        inbox.wait_taps(CARD[:-1] + name[-1])
    for card in cards:
        card.take_away()
    _, inbox = readers(settings("virtual"))
    assert inbox.wait_state(ReaderState.FAULTY).detail == ", ".join(sorted(pcscd.readers))


@pytest.mark.slow
def test_one_that_another_program_has_alone_is_busy_until_it_lets_go(
    place: Place, readers: OpenReader
) -> None:
    name, port = place
    card = VirtualCard(port, uid(CARD))
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    code, handle_id = scard.SCARD_E_NO_SMARTCARD, 0
    while code == scard.SCARD_E_NO_SMARTCARD:
        code, handle_id, _ = scard.SCardConnect(
            context, name, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T1
        )
    _, inbox = readers(settings(name))
    inbox.wait_state(ReaderState.BUSY)
    scard.SCardDisconnect(handle_id, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)
    inbox.wait_taps(CARD)
    assert ReaderState.OK not in [health.state for health in inbox.health[:-2]]
    card.take_away()


@pytest.mark.slow
def test_a_service_that_is_killed_is_named_and_found_again_and_so_is_a_reader(
    pcscd: Pcscd, place: Place, readers: OpenReader
) -> None:
    name, port = place
    _, inbox = readers(settings(name))
    inbox.wait_state(ReaderState.OK)
    pcscd.stop(signal.SIGKILL)
    assert inbox.wait_state(ReaderState.FAULTY).detail == "pcscd"
    pcscd.start(calling="Another")
    assert inbox.wait_state(ReaderState.MISSING).detail == name
    pcscd.stop()
    inbox.wait_state(ReaderState.FAULTY)
    pcscd.start()
    inbox.wait_state(ReaderState.OK, BACK_S_MAX)
    card = VirtualCard(port, uid(CARD))
    inbox.wait_taps(CARD)
    card.take_away()
    assert len(inbox.health) < 15


@pytest.mark.slow
def test_a_wait_is_cut_short_and_nothing_is_left_open(place: Place) -> None:
    name, port = place
    descriptors, threads = open_descriptors(), threading.active_count()
    card = VirtualCard(port, uid(SHORT))
    reader = pcsc.PcscReader(settings(name))
    reader.open()
    assert read_frames(reader) == [Frame(SHORT)]
    reader.close()
    waits = []
    for _ in range(ROUNDS):
        reader.open()
        assert reader.read() == [Frame(SHORT)]
        waking = threading.Timer(0.02, reader.interrupt)
        waking.start()
        began_s = time.monotonic()
        assert reader.read() == [Frame(SHORT)]
        waits.append(time.monotonic() - began_s)
        waking.join()
        reader.close()
    card.take_away()
    assert sorted(waits)[ROUNDS // 2] < READ_S_MAX / 5
    assert max(waits) < READ_S_MAX + 0.1
    assert (open_descriptors(), threading.active_count()) == (descriptors, threads)


TROUBLES: dict[str, tuple[str, str, ReaderState, str]] = {
    "no service": ("SCardEstablishContext", "E_NO_SERVICE", ReaderState.FAULTY, "pcscd"),
    "polkit": ("SCardEstablishContext", "W_SECURITY_VIOLATION", ReaderState.DENIED, READER),
    "nothing plugged in": (
        "SCardListReaders",
        "E_NO_READERS_AVAILABLE",
        ReaderState.MISSING,
        READER,
    ),
    "unplugged at once": ("SCardGetStatusChange", "E_UNKNOWN_READER", ReaderState.LOST, READER),
    "no memory": ("SCardGetStatusChange", "E_NO_MEMORY", ReaderState.FAULTY, READER),
    "the service stops": ("SCardConnect", "E_SERVICE_STOPPED", ReaderState.FAULTY, "pcscd"),
    "polkit for cards": ("SCardConnect", "W_SECURITY_VIOLATION", ReaderState.DENIED, READER),
    "somebody else": ("SCardConnect", "E_SHARING_VIOLATION", ReaderState.BUSY, ""),
    "unplugged": ("SCardConnect", "E_READER_UNAVAILABLE", ReaderState.LOST, READER),
    "the line to the service": ("SCardTransmit", "F_COMM_ERROR", ReaderState.FAULTY, "pcscd"),
}


def trouble_of(api: ScriptedScard) -> tuple[ReaderState, str]:
    reader = pcsc.PcscReader(settings(READER), api)

    def use() -> None:
        reader.open()
        reader.read()

    with pytest.raises(ReaderError) as reader_error:
        use()
    reader.close()
    assert api.open_contexts == 0
    return error_state(reader_error.value)


@pytest.mark.parametrize(("call", "code", "state", "detail"), TROUBLES.values(), ids=TROUBLES)
def test_trouble_with_reader_or_service_has_a_name(
    call: str, code: str, state: ReaderState, detail: str
) -> None:
    names = () if state is ReaderState.MISSING else (READER,)
    api = ScriptedScard({call: getattr(scard, f"SCARD_{code}")}, names)
    assert trouble_of(api) == (state, detail)


STATES = {
    "unplugged while waiting": (scard.SCARD_STATE_UNKNOWN, ReaderState.LOST),
    "not to be had": (scard.SCARD_STATE_UNAVAILABLE, ReaderState.LOST),
    "somebody has it alone": (CARD_PRESENT | scard.SCARD_STATE_EXCLUSIVE, ReaderState.BUSY),
}


@pytest.mark.parametrize(("pcsc_state", "state"), STATES.values(), ids=STATES.keys())
def test_a_reader_whose_state_is_trouble_is_told(pcsc_state: int, state: ReaderState) -> None:
    assert trouble_of(ScriptedScard(states=(NO_CARD, pcsc_state)))[0] is state
    assert trouble_of(ScriptedScard(states=(pcsc_state,)))[0] is state


UNREAD: dict[str, tuple[dict[str, str], bytes]] = {
    "mute": ({"SCardConnect": "W_UNRESPONSIVE_CARD"}, uid(CARD)),
    "taken away, and nobody noticed": ({"SCardTransmit": "W_REMOVED_CARD"}, uid(CARD)),
    "an answer without a number": ({}, NUMBERLESS),
}


@pytest.mark.slow
@pytest.mark.parametrize(("codes", "answer"), UNREAD.values(), ids=UNREAD.keys())
def test_a_card_that_cannot_be_read_is_one_bad_frame(codes: dict[str, str], answer: bytes) -> None:
    call_codes = {call: getattr(scard, f"SCARD_{code}") for call, code in codes.items()}
    api = ScriptedScard(call_codes, answer=answer)
    with closing(pcsc.PcscReader(settings(READER), api)) as reader:
        reader.open()
        assert read_frames(reader) == [UNREADABLE]
        assert [reader.read() for _ in range(3)] == [[], [], []]


def test_one_card_after_the_other_is_seen_even_if_nobody_saw_the_first_go() -> None:
    api = ScriptedScard(states=(NO_CARD, 0x10020, 0x30020))
    with closing(pcsc.PcscReader(settings(READER), api)) as reader:
        reader.open()
        assert reader.read() == [Frame(SHORT)]
        api.answer = uid(CARD)
        assert reader.read() == [Frame(CARD)]


@pytest.mark.slow
def test_a_reader_that_was_opened_anew_asks_whatever_card_it_finds() -> None:
    api = ScriptedScard(states=(CARD_PRESENT,))
    with closing(pcsc.PcscReader(settings(READER), api)) as reader:
        for number in (CARD, OTHER):
            api.answer = uid(number)
            reader.open()
            assert reader.read() == [Frame(number)]
            reader.close()


@pytest.mark.slow
@pytest.mark.parametrize(("hold_ms", "empty_s"), [(50, 0.9), (1200, 1.2)])
def test_a_card_that_is_out_of_contact_has_left_only_after_a_while(
    hold_ms: int, empty_s: float
) -> None:
    api = ScriptedScard(states=(NO_CARD, NO_CARD, 0x10020, 0x20010, 0x30020, 0x40010))
    with closing(pcsc.PcscReader(settings(READER, hold_ms=hold_ms), api)) as reader:
        reader.open()
        assert reader.read() == [], "it was opened just now"
        assert reader.read() == [Frame(SHORT)]
        time.sleep(empty_s)
        assert [reader.read() for _ in range(3)] == [[], [Frame(SHORT)], []]
        left_s = time.monotonic()
        assert read_frames(reader) == [Signal.REMOVED]
        assert time.monotonic() - left_s >= empty_s - 0.1


INTERRUPTED = {
    "the reader is opened anew": (
        CARD_PRESENT,
        CARD_PRESENT,
        scard.SCARD_STATE_UNKNOWN,
        CARD_PRESENT,
    ),
    "it is out of contact": (
        CARD_PRESENT,
        CARD_PRESENT,
        0x20010,
        0x30020,
        scard.SCARD_STATE_UNKNOWN,
        0x30020,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("states", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_a_card_that_is_left_there_meanwhile_is_one_tap(states: tuple[int, ...]) -> None:
    api, inbox, place = ScriptedScard(states=states), Inbox(), settings(READER, hold_ms=50)
    reader = open_reader(place, inbox.deliver, RealClock(), lambda _: pcsc.PcscReader(place, api))
    inbox.wait_state(ReaderState.LOST)
    frame_count = inbox.wait_state(ReaderState.OK).frames
    inbox.wait(lambda: inbox.health[-1].frames > frame_count + 1)
    assert reader.stop()
    assert inbox.taps == [SHORT]


BOTH = ["ACS ACR1281 PICC 00 00", "ACS ACR1281 SAM 00 01"]
FITTING: Mapping[str, tuple[str, list[str]]] = {
    "a part in any case": ("picc", BOTH[:1]),
    "a part of several": ("ACR1281", BOTH),
    "no part": ("OMNIKEY", []),
    "a whole name is only that one": ("abc", ["ABC"]),
}


@pytest.mark.parametrize(("port", "matches"), FITTING.values(), ids=FITTING.keys())
def test_a_port_is_a_part_of_a_name(port: str, matches: list[str]) -> None:
    assert pcsc.matching_readers(port, [*BOTH, "ABC", "ABC 00 01"]) == matches


def test_the_shortest_port_that_means_a_reader_leaves_out_where_it_is_plugged_in() -> None:
    names = [*BOTH, "ABC 00 00", "ABC 01 00"]
    assert [pcsc.shortest_unique_name(name, names) for name in names] == [
        *("ACS ACR1281 PICC", "ACS ACR1281 SAM", "ABC 00 00", "ABC 01 00"),
    ]


@pytest.mark.slow
def test_detect_lists_what_pcscd_serves_with_the_lines_to_paste(place: Place) -> None:
    """The port printed is the one that tells the reader from the other."""
    words = ["readers", "detect", "--seconds", "0.1"]
    output = run_taptill(*words).stdout
    assert f'  [[reader]]\n  driver = "pcsc"\n  port = "{place[0]}"\n' in output
    output = run_taptill(*words, "--json").stdout
    rows = [json.loads(line) for line in output.splitlines()]
    assert place[0] in [row["port"] for row in rows if row["driver"] == "pcsc"]


def test_settings_are_checked_before_the_reader_is_opened() -> None:
    assert settings_problems(settings(READER)) == []
    assert settings_problems(settings("")) == ["port: the driver 'pcsc' needs one"]
    odd = ReaderSettings("counter", "pcsc", READER, options={"prefix": "x"})
    assert settings_problems(odd) == ["options: the driver 'pcsc' takes none: prefix"]
