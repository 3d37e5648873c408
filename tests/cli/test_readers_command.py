"""`taptill readers ...` as a technician uses it, on pseudo-terminals."""

import io
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.customer_cache.conftest import snapshot
from tests.fakes.clock import FakeClock
from tests.fakes.devices.polled import EmulatedPolledReader
from tests.fakes.forked.command import run_taptill
from tests.readers.lines import (
    CARD,
    CARD_FRAME,
    OTHER_FRAME,
    PtyLine,
    held_cards,
    plugged_line,
)

from taptill.cli.readers.learning import discard_typed_ahead
from taptill.customer_cache.cache import CustomerCache
from taptill.readers.recording import read_recording

pytestmark = pytest.mark.slow

RECORDINGS = Path(__file__).parents[1] / "recordings"
PATIENCE_S = 30.0
EM18 = RECORDINGS / "em18-composed-a-card-held-then-a-frame-cut-short.txt"
C16 = Path(__file__).parent / "cases/c16-facility-and-number.txt"


def taptill(*words: str, answers: str = "") -> CompletedProcess[str]:
    return run_taptill("readers", *words, input=answers, timeout=PATIENCE_S)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[PtyLine]:
    """Return a line that is plugged in."""
    with plugged_line(tmp_path) as pty_line:
        yield pty_line


def port_options(line: PtyLine, family: str = "rdm6300") -> tuple[str, ...]:
    return ("--port", str(line.link), "--family", family)


def rows(text: str) -> list[dict[str, str]]:
    return [json.loads(row) for row in text.splitlines()]


def test_what_there_is_is_listed_without_a_config(tmp_path: Path) -> None:
    listing = json.loads(taptill("list", "--json").stdout)
    assert listing["families"]["gwiot-7941w"] == {
        "baud": 115200,
        "gives": "uid",
        "asked": True,
    }
    assert "replay" in listing["drivers"]
    assert "family line: 9600 baud, gives text" in taptill("list").stdout
    run_without_config = taptill("list", "--config", str(tmp_path / "none.toml"))
    assert run_without_config.returncode == 78


def test_the_configs_readers_are_listed_and_watched(tmp_path: Path, line: PtyLine) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[till]\nname = "test"\n[backend]\nbase_url = "http://127.0.0.1:9"\n'
        f'[[reader]]\ndriver = "serial"\nfamily = "rdm6300"\nport = "{line.link}"\n'
        'card_id = ["8H10D"]\n[settlement]\nstrategy = "debt"\n'
    )
    run = taptill("list", "--config", str(config))
    assert f'reader 1: serial rdm6300 {line.link}, card_id "8H10D"' in run.stdout
    with held_cards(line, CARD_FRAME):
        monitor_run = taptill("monitor", "--config", str(config), "--seconds", "1", "--json")
    assert "3808980205" in [row.get("card_id") for row in rows(monitor_run.stdout)]
    assert taptill("monitor", "--config", str(config), "--reader", "2").returncode == 64


def test_a_held_card_is_frames_and_one_tap_with_its_bytes(line: PtyLine) -> None:
    with held_cards(line, CARD_FRAME):
        run = taptill("monitor", *port_options(line), "--raw", "--seconds", "1")
    assert run.returncode == 0
    assert run.stdout.count("  tap  ") == 1
    assert run.stdout.count(f"  frame      {CARD}") > 3
    assert "bytes      02 36 32" in run.stdout
    assert "1 tap" in run.stdout.splitlines()[-1]
    assert "taps" not in run.stdout


def test_bad_frames_are_shown_by_kind_and_counted(line: PtyLine) -> None:
    with held_cards(line, b"\x0262E3086CEE08\x03"):
        run = taptill("monitor", *port_options(line), "--seconds", "1", "--json")
    *_, last = rows(run.stdout)
    assert int(last["bad (checksum)"]) > 3
    assert "garbled" in [row.get("state") for row in rows(run.stdout)]


def test_control_c_ends_it_cleanly_with_the_counts(line: PtyLine) -> None:
    words = [sys.executable, "-m", "taptill", "readers", "monitor", *port_options(line)]
    running = subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What runs in the background of a shell ignores it, and so would its children.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert running.stdout
    while "works" not in running.stdout.readline():
        pass
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, err) == (0, "")
    assert "nothing" in out


def test_a_port_that_is_not_there_is_explained_and_so_are_wrong_words() -> None:
    missing_port_run = taptill(
        "monitor", "--port", "/dev/nope", "--family", "line", "--seconds", "0.5"
    )
    assert "/dev/nope is not plugged in" in missing_port_run.stdout
    assert "--port needs --family" in taptill("monitor", "--port", "/dev/nope").stderr
    check_spelling = taptill("monitor", "--port", "/dev/nope", "--family", "rdm630")
    assert "nearest is 'rdm6300'" in check_spelling.stderr


def test_a_recording_plays_back_as_it_was_heard(line: PtyLine, tmp_path: Path) -> None:
    file = tmp_path / "card.txt"
    with held_cards(line, CARD_FRAME):
        record_run = taptill("record", *port_options(line), "--seconds", "1", str(file))
    assert record_run.returncode == 0
    recording = read_recording(file)
    assert recording.family == "rdm6300"
    assert CARD_FRAME in b"".join(read.octets for read in recording.reads)
    replay_run = taptill("replay", str(file), "--json", "--card-id", "8H10D")
    taps = [row for row in rows(replay_run.stdout) if row["what"] == "tap"]
    assert [tap["card_id"] for tap in taps] == ["3808980205"]
    second_run = taptill("record", *port_options(line), "--seconds", "1", str(file))
    assert (second_run.returncode, "File exists" in second_run.stderr) == (73, True)


def test_a_replay_keeps_the_timing_and_says_what_is_wrong(tmp_path: Path) -> None:
    events = rows(taptill("replay", str(EM18), "--json").stdout)
    taps = [float(row["at_s"]) for row in events if row["what"] == "tap"]
    assert taps[1] - taps[0] == pytest.approx(2.51, abs=0.2)
    assert "the first line is not" in taptill("replay", str(Path(__file__))).stderr
    assert "cannot be read" in taptill("replay", str(tmp_path / "none")).stderr
    assert "nearest is '8H10D'" in taptill("replay", str(EM18), "--card-id", "8H10d").stderr


def test_detect_hears_what_a_reader_speaks_and_writes_nothing(line: PtyLine) -> None:
    with held_cards(line, CARD_FRAME, OTHER_FRAME):
        run = taptill("detect", "--port", str(line.link), "--seconds", "2", "--json")
    (row,) = rows(run.stdout)
    guesses = json.loads(json.dumps(row["heard"]))
    assert (guesses[0]["family"], guesses[0]["baud"]) in {("rdm6300", 9600), ("id12", 9600)}
    assert line.sent_by_program() == b""
    silent_run = taptill("detect", "--port", str(line.link), "--seconds", "0.5")
    assert "said nothing that looks like a card" in silent_run.stdout
    assert line.sent_by_program() == b""


def test_detect_gives_the_lengths_of_lines_as_heard(line: PtyLine) -> None:
    with held_cards(line, b"0013-961168\r\n"):
        run = taptill("detect", "--port", str(line.link), "--seconds", "2")
    options = ['  family = "line"', "  min_length = 11", "  max_length = 11"]
    assert run.stdout.splitlines()[-3:] == options


def test_detect_leaves_a_reader_that_must_be_asked_alone() -> None:
    box = EmulatedPolledReader("twn4-simple")
    run = taptill("detect", "--port", str(box.path), "--seconds", "0.5")
    box.unplug()
    assert "said nothing" in run.stdout
    assert box.requests == []


def test_learn_asks_for_a_card_once_the_reader_is_open(line: PtyLine) -> None:
    missing = taptill(
        "learn", "--port", "/dev/nope", "--family", "line", "--seconds", "0.5", "--number", "1"
    )
    assert "/dev/nope is not plugged in" in missing.stderr
    assert "hold a card" not in missing.stderr
    silent = taptill("learn", *port_options(line), "--seconds", "0.5", "--number", "1")
    assert silent.stderr.count("hold a card to the reader") == 1


def test_a_card_that_typed_too_early_answers_no_question() -> None:
    master, slave = os.openpty()
    os.write(master, b"0062E3086C\n")
    with os.fdopen(slave, encoding="ascii") as terminal, os.fdopen(master, "wb"):
        assert select.select([terminal], [], [], PATIENCE_S)[0]
        discard_typed_ahead(terminal)
        assert not select.select([terminal], [], [], 0)[0]


def test_what_is_no_terminal_is_left_as_it_is() -> None:
    text = io.StringIO("3808980205\n")
    discard_typed_ahead(text)
    assert text.read() == "3808980205\n"


def test_learn_asks_for_numbers_until_one_rule_is_left(line: PtyLine) -> None:
    with held_cards(line, CARD_FRAME, OTHER_FRAME):
        # Which of the two is read first, a busy machine decides: both numbers are said each time.
        run = taptill("learn", *port_options(line), answers="3808980205 13530444\n" * 2)
    assert run.stdout.splitlines()[-1] == 'card_id = ["drop-first 1", "plain-dec"]'
    with held_cards(line, CARD_FRAME):
        run_without_rule = taptill("learn", *port_options(line), "--number", "4711")
    assert f"no rule makes that number of {CARD}: compare the number" in run_without_rule.stdout


def test_c16_learn_finds_the_rule_of_facility_and_number_as_one_figure(line: PtyLine) -> None:
    recording = read_recording(C16)
    with held_cards(line, b"".join(read.octets for read in recording.reads)):
        learnt = taptill("learn", *port_options(line), "--number", "20630028")
    assert 'card_id = ["3D5D"]  # 20630028' in learnt.stdout.splitlines()
    replay = rows(taptill("replay", str(C16), "--json", "--card-id", "3D5D").stdout)
    assert [row["card_id"] for row in replay if row["what"] == "tap"] == ["20630028"]


async def test_learn_finds_the_rule_among_the_customers_of_the_cache(
    line: PtyLine, tmp_path: Path
) -> None:
    with closing(CustomerCache(tmp_path / "cache.db", FakeClock(), frozenset())) as cache:
        cache.store([snapshot(1, card="0013530444"), snapshot(2, card="3808980205")])
    with held_cards(line, CARD_FRAME, OTHER_FRAME):
        run = taptill(
            "learn", *port_options(line), "--cache", "--state-dir", str(tmp_path), "--json"
        )
    assert json.loads(run.stdout)["rules"] == [["8H10D"]]
    run_without_cache = taptill(
        "learn", *port_options(line), "--cache", "--state-dir", str(tmp_path / "none")
    )
    assert "the cache knows no card" in run_without_cache.stderr
