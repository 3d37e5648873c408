"""What of the emulated machine needs no QEMU: its command line, its protocol, its power cuts."""

import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.fakes.until import DEADLINE_S
from tests.machine.emulator.command import DiskImage, Hardware, qemu_words
from tests.machine.emulator.desk import has_field
from tests.machine.emulator.guest import Guest
from tests.machine.emulator.json_line import JsonLine, MachineError
from tests.machine.emulator.smart_card import SmartCardPlug
from tests.machine.emulator.writes import NoLogError, Survival, count_writes, read_log, replay

SECTOR = 512
FLUSH, DISCARD = 1, 4


def log_of(folder: Path, *entries: tuple[int, int, bytes]) -> Path:
    """Write a log of writes: sector, flags and octets of each."""
    head = struct.pack("<QQQI", 0x6A736677736872, 1, len(entries), SECTOR)
    parts = [head.ljust(SECTOR, b"\0")]
    for sector, flags, octets in entries:
        entry = struct.pack("<QQQQ", sector, len(octets) // SECTOR, flags, 0)
        parts += [entry.ljust(SECTOR, b"\0"), b"" if flags & DISCARD else octets]
    path = folder / "writes"
    path.write_bytes(b"".join(parts))
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(bytes(8 * SECTOR))
    return path


def block(letter: str) -> bytes:
    return letter.encode() * SECTOR


def letters(disk: Path) -> str:
    octets = disk.read_bytes()
    return "".join(chr(octets[at] or ord(".")) for at in range(0, len(octets), SECTOR))


def test_what_was_flushed_survives_and_the_rest_is_lost(tmp_path: Path, disk: Path) -> None:
    log = log_of(tmp_path, (1, 0, block("a")), (0, FLUSH, b""), (2, 0, block("b")))
    assert replay(log, disk, None) == Survival(writes=3, unflushed=1, lost=1)
    assert letters(disk) == ".a......"


def test_a_seed_keeps_some_of_the_unflushed_always_the_same(tmp_path: Path, disk: Path) -> None:
    writes = [(sector, 0, block("x")) for sector in range(8)]
    log = log_of(tmp_path, *writes)
    first = replay(log, disk, 3)
    kept = letters(disk)
    disk.write_bytes(bytes(8 * SECTOR))
    assert (replay(log, disk, 3), letters(disk)) == (first, kept)
    assert 0 < kept.count("x") < 8
    assert first.lost == kept.count(".")


def test_a_cut_may_be_a_while_ago(tmp_path: Path, disk: Path) -> None:
    log = log_of(tmp_path, (1, 0, block("a")), (2, 0, block("b")), (0, FLUSH, b""))
    assert count_writes(log) == 3
    assert replay(log, disk, None, until=2) == Survival(writes=2, unflushed=2, lost=2)
    assert letters(disk) == "........"
    assert replay(log, disk, None, until=3).lost == 0
    assert letters(disk) == ".ab....."


def test_a_machine_that_has_written_nothing_has_no_writes(tmp_path: Path) -> None:
    (tmp_path / "writes").write_bytes(bytes(SECTOR))
    assert count_writes(tmp_path / "writes") == 0


@pytest.mark.parametrize(
    "dots",
    [
        ["#005f33"] * 8,
        ["#000000", "#005f33"] * 8,
        ["#005f34"] * 64,
    ],
)
def test_too_few_dots_of_a_colour_are_no_field(dots: list[str]) -> None:
    assert not has_field(dots_of(*dots), "#005f33", at_least=16)


def test_a_field_of_a_colour_is_seen_wherever_it_begins() -> None:
    assert has_field(dots_of("#000000", *["#005f33"] * 17, "#ffffff"), "#005f33", at_least=16)


def dots_of(*colours: str) -> bytes:
    return b"".join(bytes.fromhex(colour[1:]) for colour in colours)


def test_a_discard_has_no_octets_in_the_log(tmp_path: Path, disk: Path) -> None:
    log = log_of(tmp_path, (0, DISCARD, block("?")), (4, 0, block("c")), (0, FLUSH, b""))
    assert [write.size for write in read_log(log)] == [SECTOR, SECTOR, 0]
    assert replay(log, disk, None).lost == 0
    assert letters(disk) == "....c..."


def test_a_machine_that_never_ran_has_no_log(tmp_path: Path) -> None:
    (tmp_path / "writes").write_bytes(bytes(SECTOR))
    with pytest.raises(NoLogError):
        list(read_log(tmp_path / "writes"))


def image(folder: Path, *, arm: bool) -> DiskImage:
    found = DiskImage(folder / "disk.img")
    found.kernel.write_bytes(bytes(56) + (b"ARM\x64" if arm else bytes(4)))
    return found


@pytest.mark.parametrize(
    ("hardware", "words"),
    [
        (Hardware(), ["qemu-system-x86_64", "VGA,id=panel,xres=1280,yres=800"]),
        (Hardware(screen="800x480"), ["VGA,id=panel,xres=800,yres=480"]),
        (Hardware(clock="1970-01-01T00:00:00"), ["base=1970-01-01T00:00:00"]),
        (Hardware(second_disk=Path("/two")), ["file,node-name=second-file,filename=/two"]),
        (
            Hardware(kernel_words="quiet"),
            ["root=/dev/vda rw console=ttyS0,115200 console=tty1 quiet"],
        ),
    ],
)
def test_the_command_line_says_what_the_machine_is_made_of(
    hardware: Hardware, words: list[str], tmp_path: Path
) -> None:
    assert set(words) <= set(qemu_words(hardware, image(tmp_path, arm=False), tmp_path))


def test_an_arm_machine_is_told_by_its_kernel(tmp_path: Path) -> None:
    words = qemu_words(Hardware(), image(tmp_path, arm=True), tmp_path)
    assert words[0] == "qemu-system-aarch64"
    assert "usb-kbd,id=keyboard" in words


def test_without_a_backend_there_is_no_network(tmp_path: Path) -> None:
    without = qemu_words(Hardware(), image(tmp_path, arm=False), tmp_path)
    assert "-netdev" not in without
    [net] = [
        word
        for word in qemu_words(Hardware(backend_port=8123), image(tmp_path, arm=False), tmp_path)
        if word.startswith("user,")
    ]
    assert "restart" not in net
    assert "restrict=on" in net
    assert net.endswith(" 8123")


Answers = dict[str, list[dict[str, object]]]


@contextmanager
def line_to(folder: Path, answers: Answers) -> Iterator[tuple[JsonLine, list[dict[str, object]]]]:
    """Yield a line whose other end answers each command as a table says, and what it was asked."""
    asked: list[dict[str, object]] = []

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, peer.makefile("rb") as texts:
            for text in texts:
                asked.append(json.loads(text.lstrip(b"\xff")))
                for answer in answers[str(asked[-1]["execute"])]:
                    peer.sendall(json.dumps(answer).encode() + b"\n")

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "line.sock"))
        listener.listen(1)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        line = JsonLine(folder / "line.sock")
        yield line, asked
        line.close()
        thread.join(10)


def test_events_between_a_question_and_its_answer_are_passed_over(tmp_path: Path) -> None:
    answers: Answers = {"query": [{"event": "RESUME"}, {"return": {"status": "running"}}]}
    with line_to(tmp_path, answers) as (line, _):
        assert line.ask("query") == {"status": "running"}


def test_an_error_says_which_command_failed_and_why(tmp_path: Path) -> None:
    answers: Answers = {"device_del": [{"error": {"desc": "no such device"}}]}
    with (
        line_to(tmp_path, answers) as (line, _),
        pytest.raises(MachineError, match="device_del: no such device"),
    ):
        line.ask("device_del")


def test_a_command_in_the_guest_that_fails_is_an_error_with_its_words(tmp_path: Path) -> None:
    ended = {"exited": True, "exitcode": 3, "out-data": "bm8gcm9vbQ=="}
    answers: Answers = {
        "guest-exec": [{"return": {"pid": 7}}],
        "guest-exec-status": [{"return": ended}],
    }
    with (
        line_to(tmp_path, answers) as (line, asked),
        pytest.raises(MachineError, match=r"(?s)false.*no room.*exit status 3"),
    ):
        Guest(line).sh("false")
    assert asked[-1] == {"execute": "guest-exec-status", "arguments": {"pid": 7}}


def test_a_card_gives_its_number_and_refuses_all_else() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(DEADLINE_S)
        reader = SmartCardPlug("reader", theirs)
        reader.hold("04A1B2C3")
        with ours.makefile("rb") as heard:

            def next_message() -> tuple[int, bytes]:
                kind, _, size = struct.unpack(">III", heard.read(12))
                return kind, heard.read(size)

            assert [next_message()[0] for _ in range(3)] == [1, 3, 5]
            for command, answer in (("ffca000000", "04a1b2c39000"), ("00a4040000", "6a81")):
                ours.sendall(struct.pack(">III", 7, 0, 5) + bytes.fromhex(command))
                assert next_message() == (7, bytes.fromhex(answer))
            reader.take_away()
            assert next_message() == (6, b"")
        ours.shutdown(socket.SHUT_RDWR)
