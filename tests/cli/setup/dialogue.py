"""`taptill setup` over a config, answered line by line, and a config of a site to run it over."""

import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, CompletedProcess, Popen, TimeoutExpired

from tests.fakes.forked.command import run_taptill

PATIENCE_S, PRESSES = 120.0, 6
KEEP = ""
"""Enter: what stands in brackets."""

UP_TO_THE_READER = (KEEP,) * 8
"""Name, language, currency, mode, address, token, whether the amounts are right, strategy."""

CARDS = '[[reader]]\ndriver = "serial"\nport = "/dev/cards"\nfamily = "rdm6300"\nhold_ms = 700\n'
SCANNER = '[[reader]]\ndriver = "serial"\nfor = "goods"\nport = "/dev/scanner"\nfamily = "line"\n'
SECOND = '[[reader]]\ndriver = "nfc"\nport = "usb:072f:2200"\ncard_id = ["hex"]\n'


def setup(config: Path, *words: str, answers: Sequence[str] = ()) -> CompletedProcess[str]:
    """Run it to its end with these answers."""
    text = "".join(f"{answer}\n" for answer in answers)
    command = ("setup", "--config", str(config), "--seconds", "2", *words)
    return run_taptill(*command, input=text, timeout=PATIENCE_S)


def interrupted(config: Path, words: Sequence[str], at: str) -> CompletedProcess[str]:
    """Run it, and press ctrl+c once it has said `at`."""
    command = ["env", "--default-signal=INT", sys.executable, "-m", "taptill", "setup"]
    command += ["--config", str(config), *words]  # a shell's job in the background ignores ctrl+c
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE, text=True) as run:
        assert run.stdout
        assert run.stderr
        output = ""
        while at not in output:
            letter = run.stdout.read(1)
            assert letter, output
            output += letter
        try:
            status = _press_until_ended(run)
        finally:
            run.kill()
        return CompletedProcess(command, status, output + run.stdout.read(), run.stderr.read())


def _press_until_ended(run: Popen[str]) -> int:
    """Press ctrl+c; once more where it came just before the question waited, and was not seen."""
    for _ in range(PRESSES):
        run.send_signal(signal.SIGINT)
        with suppress(TimeoutExpired):
            return run.wait(PATIENCE_S / PRESSES)
    raise AssertionError("ctrl+c does not end it")


def write_site(config: Path, url: str, token_file: Path, *readers: str) -> None:
    """Write a config that a site has already, with these readers."""
    backend = f'[backend]\nbase_url = "{url}"\ntoken_file = "{token_file}"\n'
    config.parent.mkdir(exist_ok=True)
    tables = ('[till]\nname = "bar"\n', backend, '[settlement]\nstrategy = "debt"\n')
    config.write_text("".join((*tables, *readers)))
