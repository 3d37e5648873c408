"""The terminal of a till that says lines, on pseudo-terminals."""

import asyncio
import os
import pty
import signal
import termios
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import replace

import pytest
from tests.fakes.till import FakeTill
from tests.ui.states import CONFIRM, PAID, READY, SETTINGS
from tests.ui.test_program import TerminalProgram

from taptill.checkout.session import Notice, Step
from taptill.checkout.view import TillView
from taptill.domain.basket import Basket
from taptill.domain.money import ZERO, Money
from taptill.ui.plain.terminal import PlainTerminal
from taptill.ui.screen_settings import ScreenSettings

WAIT_S = 30.0
CTRL_Q, ENTER, F1 = b"\x11", b"\r", b"\x1bOP"

PROGRAM = """
import asyncio, logging
from taptill.ui.plain.terminal import PlainTerminal
from tests.fakes.till import FakeTill
from tests.ui.states import READY, SETTINGS

logging.lastResort = None
till = FakeTill(READY)

async def run():
    pass

terminal = PlainTerminal(till, run, SETTINGS, keys=0, output=1)
fault = asyncio.run(terminal.run())
print("calls", till.calls, type(fault).__name__, type(terminal.fault).__name__)
"""
STOPS = PROGRAM.replace("    pass", "    raise ValueError('no word of this')")
FAILS = PROGRAM.replace("    pass", "    till.show(None)")


class Heard:
    """A terminal with a person: keys in, and the lines that came so far."""

    def __init__(self, till: FakeTill, settings: ScreenSettings) -> None:
        self.till = till
        self.ours, self._theirs = pty.openpty()
        self.before = termios.tcgetattr(self._theirs)
        self.octets = b""
        self._came = asyncio.Event()
        self.terminal = PlainTerminal(
            till, till.run, settings, keys=self._theirs, output=self._theirs
        )
        asyncio.get_running_loop().add_reader(self.ours, self._read)

    @property
    def lines(self) -> list[str]:
        """Return the lines that are whole."""
        return self.octets.decode().split("\r\n")[:-1]

    @property
    def settings(self) -> list[int | list[bytes | int]]:
        """Return the terminal's settings as they are now."""
        return termios.tcgetattr(self._theirs)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.ours, keys)

    async def until(self, claim: Callable[[], bool]) -> None:
        """Wait until what came makes a claim true."""
        async with asyncio.timeout(WAIT_S):
            while not claim():
                self._came.clear()
                with_timer = asyncio.ensure_future(self._came.wait())
                await asyncio.wait({with_timer}, timeout=0.02)
                with_timer.cancel()

    async def until_line(self, start: str) -> None:
        """Wait for a line."""
        await self.until(lambda: any(line.startswith(start) for line in self.lines))

    def close(self) -> None:
        """Close the terminal."""
        asyncio.get_running_loop().remove_reader(self.ours)
        os.close(self.ours)
        os.close(self._theirs)

    def _read(self) -> None:
        try:
            self.octets += os.read(self.ours, 65_536)
        except OSError:
            asyncio.get_running_loop().remove_reader(self.ours)
        self._came.set()


@asynccontextmanager
async def heard(
    first: TillView | None = READY, settings: ScreenSettings = SETTINGS
) -> AsyncIterator[Heard]:
    """Run a terminal, and leave it by ctrl+q twice; nothing that came is a control sequence."""
    one = Heard(FakeTill(first), settings)
    running = asyncio.ensure_future(one.terminal.run())
    try:
        await one.until(lambda: any("F1 says" in line for line in one.lines))
        yield one
        one.type(CTRL_Q + CTRL_Q)
        async with asyncio.timeout(WAIT_S):
            assert await running is None
        await one.until(lambda: one.lines[-1].endswith("The till has ended"))
        assert one.settings == one.before
        assert all(line.isprintable() for line in one.lines)
    finally:
        running.cancel()
        await asyncio.wait({running})
        one.close()


async def test_each_event_is_a_line_and_the_till_is_told_what_was_said() -> None:
    async with heard() as one:
        await one.until_line("READY")
        one.till.show(replace(CONFIRM, prompt_number=1))
        await one.until_line("CONFIRM")
        await one.until(lambda: 1 in one.till.prompt_numbers)
        one.till.show(replace(PAID, prompt_number=2))
        await one.until_line("PAID")
        await one.until(lambda: 2 in one.till.prompt_numbers)


async def test_keys_reach_the_till_as_on_the_screen() -> None:
    async with heard() as one:
        one.type(b"4,2+c\x7f\r-\x1b[19~")
        wanted = ["4", ",", "2", "+", "c", "backspace", "confirm", "cancel", "void"]
        await one.until(lambda: one.till.calls == wanted)
    assert one.till.own_keys == ["ctrl+q", "ctrl+q"]


async def test_enter_first_says_what_waits_and_does_not_count_as_about_it() -> None:
    card = replace(CONFIRM, step=Step.CARD, basket=Basket(), total=ZERO)
    async with heard(card) as one:
        await one.until_line("AMOUNT")
        typing = replace(CONFIRM, basket=Basket(), keystrokes="420", total=Money(420))
        one.till.show(replace(typing, prompt_number=3))
        await asyncio.sleep(0.1)
        assert 3 not in one.till.prompt_numbers
        assert not any(line.startswith("CONFIRM") for line in one.lines)
        one.type(ENTER)
        await one.until_line("CONFIRM: Ada Byron pays €4.20")
        assert one.till.calls == ["confirm"]
        await one.until(lambda: 3 in one.till.prompt_numbers)


async def test_an_answer_that_stands_is_said_again_where_a_key_gets_it_again() -> None:
    busy = replace(CONFIRM, notice=Notice.NO_SUCH_KEY, prompt_number=1)
    async with heard(busy) as one:
        await one.until_line("CONFIRM")
        for number in (2, 3):
            one.type(b"z")
            await one.until(lambda number=number: len(one.till.calls) == number - 1)  # type: ignore[misc]
            one.till.show(replace(busy, prompt_number=number, answers=number))
            await one.until(
                lambda number=number: (
                    one.lines.count("No good has this key: see the list, or F1")  # type: ignore[misc]
                    == number - 1
                )
            )
        one.type(b"\x1b[<0;5;5M")  # a touch, which is no key
        await asyncio.sleep(0.2)
        one.till.show(replace(busy, prompt_number=9, answers=3))
        await asyncio.sleep(0.1)
        assert one.lines.count("No good has this key: see the list, or F1") == 2


async def test_an_answer_is_not_said_again_where_another_key_gets_none() -> None:
    printed = replace(PAID, notice=Notice.SLIP_PRINTED, prompt_number=1, answers=1)
    line = SETTINGS.texts.say("notice.slip-printed")
    async with heard(PAID) as one:
        await one.until_line("PAID")
        one.till.show(printed)
        await one.until_line(line)
        for number in (2, 3):  # the key of a sample card, whose tap is still to come, and Enter
            one.type(b"\r")
            await one.until(lambda number=number: len(one.till.calls) == number - 1)  # type: ignore[misc]
            one.till.show(replace(printed, prompt_number=number))
            await one.until(lambda number=number: number in one.till.prompt_numbers)  # type: ignore[misc]
        assert one.lines.count(line) == 1


async def test_the_keys_of_its_own_answer_and_obscure_what_was_said() -> None:
    async with heard(CONFIRM) as one:
        one.type(F1)
        await one.until_line("Enter confirm, Esc cancel")
        one.type(F1)
        await one.until_line("Ctrl+L: say all of it again")
        one.type(b"\x0c")
        await one.until_line("13:55, €9.90")
        one.type(b"\x1b[6~")
        await one.until_line("c Coffee €1.50")
        one.type(CTRL_Q)
        await one.until_line("Everything is sent")
        one.type(b"\x1b")
        await asyncio.sleep(0.2)
        assert one.till.calls == []  # Esc answers the question, it cancels nothing
        assert one.till.own_keys == ["f1", "f1", "ctrl+l", "page_down", "ctrl+q", "escape"]


async def test_practising_is_said_with_every_line() -> None:
    async with heard(CONFIRM, replace(SETTINGS, is_practice=True)) as one:
        await one.until(lambda: any("CONFIRM" in line for line in one.lines))
        assert all(line.startswith("PRACTICE ") for line in one.lines)


async def test_a_customer_does_not_leave_the_program() -> None:
    guarded = replace(SETTINGS, guards_leaving=True)
    async with heard(replace(READY, may_leave=False), guarded) as one:
        one.type(CTRL_Q + CTRL_Q + CTRL_Q)
        await one.until_line("Only a technician")
        one.till.show(replace(READY, may_leave=True))
        await asyncio.sleep(0.1)


async def test_f1_is_known_in_both_spellings_where_term_is_linux() -> None:
    async with heard(CONFIRM, replace(SETTINGS, console=True)) as one:
        one.type(F1)
        await one.until_line("Enter confirm, Esc cancel")
        one.type(b"\x1b[[A")
        await one.until_line("Ctrl+L: say all of it again")


async def test_a_console_has_no_names_on_it_behind_the_end() -> None:
    async with heard(CONFIRM, replace(SETTINGS, console=True)) as one:
        await one.until_line("CONFIRM")
    blank = [at for at, line in enumerate(one.lines) if not line]
    assert len(blank) >= 25
    assert not any("Ada" in line for line in one.lines[blank[0] :])


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
async def test_a_signal_ends_it_cleanly_and_gives_the_terminal_back(number: signal.Signals) -> None:
    with closing(TerminalProgram(PROGRAM)) as program:
        await program.until(lambda: b"READY: " in program.seen)
        assert program.settings() != program.before
        program.type(b"42")
        program.process.send_signal(number)
        await program.until(lambda: b"NoneType NoneType" in program.seen)
        assert await program.ended() == 0
        assert program.settings() == program.before
        assert b"\x1b" not in program.seen


@pytest.mark.slow
async def test_ctrl_c_is_a_key_that_ends_nothing() -> None:
    with closing(TerminalProgram(PROGRAM)) as program:
        await program.until(lambda: b"READY: " in program.seen)
        program.type(b"\x03\x1a\x1c42")
        await asyncio.sleep(0.5)
        assert program.process.poll() is None
        program.type(CTRL_Q + CTRL_Q)
        await program.until(lambda: b"['4', '2']" in program.seen)
        assert await program.ended() == 0
        assert program.settings() == program.before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "end"), [(STOPS, b"ValueError NoneType"), (FAILS, b"NoneType AttributeError")]
)
async def test_a_fault_gives_the_terminal_back(code: str, end: bytes) -> None:
    with closing(TerminalProgram(code)) as program:
        await program.until(lambda: end in program.seen)
        assert await program.ended() == 0
        assert program.settings() == program.before
        assert b"no word of this" not in program.seen


@pytest.mark.slow
async def test_a_stop_takes_the_keys_again() -> None:
    with closing(TerminalProgram(PROGRAM)) as program:
        await program.until(lambda: b"READY: " in program.seen)
        raw = program.settings()
        program.process.send_signal(signal.SIGSTOP)
        termios.tcsetattr(program._theirs, termios.TCSANOW, program.before)  # as a shell does
        program.process.send_signal(signal.SIGCONT)
        for _ in range(500):
            await asyncio.sleep(0.02)
            if program.settings() == raw:
                break
        program.type(CTRL_Q + CTRL_Q)
        assert await program.ended() == 0


async def test_lines_may_go_into_a_pipe_and_a_terminal_that_is_gone_ends_it() -> None:
    till = FakeTill(READY)
    ours, theirs = pty.openpty()
    out, into = os.pipe()
    terminal = PlainTerminal(till, till.run, SETTINGS, keys=theirs, output=into)
    running = asyncio.ensure_future(terminal.run())
    try:
        async with asyncio.timeout(WAIT_S):
            text = ""
            while "READY: " not in text:
                text += (await asyncio.to_thread(os.read, out, 65_536)).decode()
            os.close(ours)
            assert await running is None
        assert "\x1b" not in text
        assert 0 in till.prompt_numbers
    finally:
        running.cancel()
        await asyncio.wait({running})
        for end in (theirs, out, into):
            os.close(end)
