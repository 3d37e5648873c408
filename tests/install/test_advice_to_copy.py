"""Commands in the doctor's advice, for paths that a shell would take apart."""

import asyncio
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.install.machine import MachineFolder

from taptill.domain.tap import ReaderState
from taptill.install.checks.program.journal import check_journal
from taptill.install.checks.program.runs import check_runs
from taptill.install.checks.program.settings import check_settings
from taptill.install.checks.readers.holders import advice_for
from taptill.install.checks.site import CheckedSite
from taptill.readers.device import ReaderSettings
from taptill.wiring.fleet.crash_files import write_crash

NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="/"))
"""Of a folder; with a letter before it, as `.` and `..` are names of others."""


def words_of(advice: str) -> list[str]:
    """Return the words of commands that a `;` divides, as a shell takes them apart."""
    lexer = shlex.shlex(advice, posix=True, punctuation_chars=";")
    lexer.whitespace_split, lexer.commenters = True, ""
    return [*lexer]


@contextmanager
def open_secrets(name: str) -> Iterator[CheckedSite]:
    """Yield a site whose folder has this name, with a crash, and tokens that others may read."""
    with TemporaryDirectory() as place:
        machine = MachineFolder(Path(place) / "machine")
        machine.folder.mkdir()
        named = Path(place) / f"x{name}"
        named.mkdir()
        token, office = named / "token", named / "office"
        for path in (token, office):
            path.write_text("t0ken")
            path.chmod(0o666)
        crash = write_crash(named, ValueError(), {"at": "then", "version": "0"})
        assert crash is not None
        crash.write_text(crash.read_text().replace('"frames": []', '"frames": ["till.py:1 run"]'))
        site = replace(machine.site(), state=named)
        backend = replace(site.config.backend, token_file=token, office_token_file=office)
        journal = replace(site.config.journal, mirror=named / "none" / "till.jsonl")
        config = replace(site.config, backend=backend, journal=journal)
        yield replace(site, config=config)


@given(NAMES)
@settings(max_examples=30, deadline=None)
def test_a_shell_finds_each_path_in_the_advice_again(name: str) -> None:
    with open_secrets(name) as site:
        found = [one for check in CHECKS for one in asyncio.run(check(site))]
        told = {one.name: words_of(one.advice) for one in found if one.name in PLACES}
    paths = {about: f"{site.state}/{place}" for about, place in PLACES.items()}
    assert {about for about, path in paths.items() if path in told[about]} == {*PLACES}


CHECKS = (check_settings, check_journal, check_runs)
PLACES = {
    "settings.token": "token",
    "settings.office-token": "office",
    "journal.mirror": "none",
    "runs.crashes": "crash-*.json",
}
"""By diagnosis, what of the folder its advice is about."""


@given(NAMES)
def test_a_shell_finds_the_port_of_a_reader_in_the_advice_again(name: str) -> None:
    port = f"/dev/x{name}"
    advice = advice_for(ReaderState.BUSY, port, ReaderSettings("reader 1", "serial", port))
    assert port in words_of(advice)
