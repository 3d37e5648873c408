"""Whether pcscd serves the till's account, in `taptill doctor` that root runs."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.devices.scripted_scard import READER, ScriptedScard
from tests.fakes.devices.vpcd import NOT_RUN, SOCKET, Pcscd, pcscd_lock, skip_reason
from tests.install.machine import MachineFolder, diagnosed

from taptill.domain.diagnosis import Verdict
from taptill.install.checks.readers.cards import check_cards
from taptill.install.checks.readers.opening import check_readers
from taptill.install.checks.site import CheckedSite

pcsc = pytest.importorskip(
    "taptill.readers.drivers.pcsc", reason=f"{NOT_RUN} no pyscard: make readers"
)
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root judges by another account")

PCSC = '[[reader]]\ndriver = "pcsc"\nport = "Virtual PCD 00 00"\n'
NAME = "readers.reader-1"


@pytest.fixture
def pcscd(tmp_path: Path) -> Iterator[Pcscd]:
    with pcscd_lock():
        if reason := skip_reason():
            pytest.skip(reason)
        service = Pcscd(tmp_path)
        service.start()
        yield service
        service.stop()


def of_nobody(place: MachineFolder, status: int = 0) -> CheckedSite:
    """Return a site whose till has this account; the Python that it runs ends with a status."""
    python = place.folder / "python3"
    python.write_text(f"#!/bin/sh\nexit {status}\n")
    python.chmod(0o755)
    return replace(place.site(PCSC), account="nobody", python=str(python))


async def test_what_pcscd_refuses_to_the_tills_account_fails(
    open_place: MachineFolder,
) -> None:
    site = of_nobody(open_place, 77)
    told = (await diagnosed(check_readers, site))[NAME]
    assert (told.verdict, told.words.startswith("denied (pcscd)")) == (Verdict.FAIL, True)
    assert "polkit" in told.advice
    tapped = (await diagnosed(check_cards, replace(site, tap_s=60)))["cards.reader-1-tap"]
    assert (tapped.verdict, tapped.words) == (Verdict.FAIL, told.words)


@pytest.mark.usefixtures("pcscd")
async def test_what_could_not_be_asked_is_no_pass(
    open_place: MachineFolder,
) -> None:
    told = (await diagnosed(check_readers, of_nobody(open_place, 1)))[NAME]
    assert (told.verdict, "was not looked at" in told.words) == (Verdict.SKIP, True)
    assert told.advice.startswith("sudo systemd-run ")
    assert (await diagnosed(check_readers, of_nobody(open_place)))[NAME].verdict is Verdict.PASS


@contextmanager
def closed(socket: Path) -> Iterator[None]:
    mode = stat.S_IMODE(socket.stat().st_mode)
    socket.chmod(0o600)
    yield
    socket.chmod(mode)


@pytest.mark.usefixtures("pcscd")
async def test_a_socket_that_the_tills_account_may_not_write_fails(
    open_place: MachineFolder,
) -> None:
    """As Debian ships it, every account may."""
    site = replace(of_nobody(open_place), root=Path("/"))
    assert (await diagnosed(check_readers, site))[NAME].verdict is not Verdict.FAIL
    with closed(SOCKET):
        assert (await diagnosed(check_readers, site))[NAME].verdict is Verdict.FAIL


async def test_where_systemd_runs_the_session_of_who_asks_does_not_count(
    open_place: MachineFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By Debian's own rules polkit lets in whoever sits at the console, and so not the unit."""
    (open_place.folder / "root/run/systemd/units").mkdir(parents=True)
    open_place.has("etc/systemd/system/taptill.service", "[Service]\nSupplementaryGroups=lp\n")
    runner, said = open_place.folder / "systemd-run", open_place.folder / "said"
    runner.write_text(f'#!/bin/sh\necho "$@" > {said}\nexit 77\n')
    runner.chmod(0o755)
    monkeypatch.setenv("PATH", str(open_place.folder), prepend=":")
    site = of_nobody(open_place)
    assert (await diagnosed(check_readers, site))[NAME].verdict is Verdict.FAIL
    options, _, program = said.read_text().partition(site.python)
    assert {"--wait", "--uid=nobody", "--property=SupplementaryGroups=lp"} <= {*options.split()}
    assert program.strip().endswith("Virtual PCD 00 00")
    assert any(word.startswith("--property=RuntimeMaxSec=") for word in options.split())
    runner.unlink()
    monkeypatch.setenv("PATH", str(open_place.folder))
    assert (await diagnosed(check_readers, of_nobody(open_place)))[NAME].verdict is not Verdict.PASS


CODES = {
    "the service refuses": ({"SCardEstablishContext": "SCARD_W_SECURITY_VIOLATION"}, True),
    "the service has no access": ({"SCardEstablishContext": "SCARD_E_NO_ACCESS"}, True),
    "cards are refused": ({"SCardConnect": "SCARD_W_SECURITY_VIOLATION"}, True),
    "there is no card": ({"SCardConnect": "SCARD_E_NO_SMARTCARD"}, False),
    "the service does not run": ({"SCardEstablishContext": "SCARD_E_NO_SERVICE"}, False),
    "there is no reader": ({"SCardListReaders": "SCARD_E_NO_READERS_AVAILABLE"}, False),
    "all goes well": ({}, False),
}


@pytest.mark.parametrize(("names", "is_refused"), CODES.values(), ids=CODES)
def test_a_refusal_is_told_from_every_other_fault(
    names: dict[str, str], *, is_refused: bool
) -> None:
    api = ScriptedScard({call: getattr(pcsc.scard, name) for call, name in names.items()})
    assert pcsc.is_refused(READER, api) is is_refused
    assert api.open_contexts == 0
