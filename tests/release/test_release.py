"""The archive of a release, and the installer on the root of an image."""

import fcntl
import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from tests.fakes.clock import FakeClock
from tests.journal.drafts import charge
from tests.release.conftest import ImageRoot, build
from tests.scenarios.program import Program

from taptill import __version__
from taptill.domain.entry import Draft, EntryKind
from taptill.journal.file import JournalFile
from taptill.journal.lock import JournalLock
from taptill.journal.schema import VERSION

pytestmark = pytest.mark.slow

_LINK = re.compile(r"\]\(([^)#\s]+)")

OPENED = Draft(EntryKind.OPENED, body={"journal_id": "aaaa0001", "strategy": "debt"})


def test_two_builds_are_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    again = build(tmp_path)
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (archive, again)}
    assert len(digests) == 1


def test_the_archive_fits_every_board_and_names_each_of_its_files(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        names = {member.name.partition("/")[2] for member in tar if member.isfile()}
        sums = tar.extractfile(f"taptill-{__version__}/SHA256SUMS")
        assert sums
        listed = {line.split(maxsplit=1)[1] for line in sums.read().decode().splitlines()}
        assert {(member.uid, member.uname) for member in tar} == {(0, "")}
    wheels = {name for name in names if name.endswith(".whl")}
    assert len(wheels) > 20
    assert {name for name in wheels if not name.endswith("-none-any.whl")} == set()
    assert listed == names - {"SHA256SUMS"}
    assert {"install.sh", "installer/__main__.py", "config.example.toml", "docs/errors.md"} <= names


def test_no_page_of_the_archive_names_one_that_is_not_in_it(image: ImageRoot) -> None:
    pages = sorted(image.unpacked.rglob("*.md"))
    links = [(page, link) for page in pages for link in _LINK.findall(page.read_text())]
    broken = [
        f"{page.relative_to(image.unpacked)}: {link}"
        for page, link in links
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert len(links) > 100
    assert broken == []


def test_the_archive_says_what_it_is(image: ImageRoot) -> None:
    about = json.loads((image.unpacked / "release.json").read_text())
    assert about == {"version": __version__, "journal_format": VERSION}


def test_a_check_changes_nothing(image: ImageRoot) -> None:
    before = sorted(image.root.rglob("*"))
    result = image.install("--check")
    assert (result.returncode, sorted(image.root.rglob("*"))) == (0, before)
    assert "nothing was changed" in result.stdout


def test_two_installations_at_once_are_refused(image: ImageRoot) -> None:
    (image.root / "run").mkdir()
    with (image.root / "run/taptill-setup.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = sorted(image.root.rglob("*"))
        result = image.install()
    assert (result.returncode, sorted(image.root.rglob("*"))) == (75, before)
    assert "another installation or set-up is at work" in result.stderr


def journal(image: ImageRoot, *drafts: Draft) -> Path:
    path = image.root / "var/lib/taptill/journal.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    file = JournalFile(path, FakeClock())
    file.append([[OPENED]])
    for draft in drafts:
        file.append([[draft]])
    file.close()
    return path


def test_a_release_that_does_not_know_the_journals_format_is_refused(image: ImageRoot) -> None:
    path = journal(image)
    with closing(sqlite3.connect(path)) as file:
        file.execute(f"PRAGMA user_version = {VERSION + 1}")
    result = image.install()
    assert (result.returncode, f"knows up to {VERSION}" in result.stderr) == (75, True)
    assert not (image.root / "opt").exists()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(
            lambda image: (image.unpacked / "docs/errors.md").write_text("x"),
            "not as it was packed",
            id="a file that was changed",
        ),
        pytest.param(
            lambda image: shutil.rmtree(image.unpacked / "udev"),
            "not as it was packed",
            id="a file that is missing",
        ),
        pytest.param(
            lambda image: (image.root / "etc/os-release").write_text("ID=debian\nVERSION_ID=11\n"),
            "Debian 11 is too old",
            id="an old Debian",
        ),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_touched(
    image: ImageRoot, spoil: object, words: str
) -> None:
    assert callable(spoil)
    spoil(image)
    result = image.install()
    assert (result.returncode, words in result.stderr) == (69, True)
    assert not (image.root / "opt").exists()


def test_the_life_of_an_installation(image: ImageRoot) -> None:
    """One environment for all of it: making one takes most of the time."""
    half = image.root / "opt/taptill/releases" / __version__ / "half"
    half.parent.mkdir(parents=True)
    half.touch()
    first_installation(image)
    assert not half.exists()
    second_installation(image)
    service_beside_the_till(image)
    removal(image)


def first_installation(image: ImageRoot) -> None:
    """Without the network, over one that broke off; it says what is next."""
    result = image.install()
    assert (result.returncode, result.stderr) == (0, "")
    assert "sudo taptill setup" in result.stdout
    program = image.root / "opt/taptill/current/bin/taptill"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert __version__ in told.stdout
    unit = image.root / "etc/systemd/system/taptill.service"
    assert unit.read_text() == (image.unpacked / "systemd/taptill.service").read_text()
    assert (image.root / "etc/systemd/system/taptill-console.service").exists()
    assert (image.root / "etc/default/taptill-console").read_text().endswith("\nFONT=\n")
    assert not (image.root / "etc/taptill/config.toml").exists()
    example = (image.root / "opt/taptill/config.example.toml").read_text()
    assert example == (image.unpacked / "config.example.toml").read_text()
    command = image.root / "usr/local/bin/taptill"
    assert command.readlink() == Path("/opt/taptill/current/bin/taptill")
    account, start = image.called()
    assert account.startswith("systemd-sysusers --root=")
    assert start == f"systemctl --root={image.root} enable --quiet taptill.service"
    practised(image, program)


def practised(image: ImageRoot, program: Path) -> None:
    """The till that is installed can be practised on: its invented customers are there."""
    config = image.unpacked / "config.example.toml"
    words = [str(program), "practice", "--config", str(config)]
    practice = Program(words, TMPDIR=str(image.folder))
    try:
        practice.wait_for("PRACTICE", "ONLINE")
    finally:
        practice.close()


def second_installation(image: ImageRoot) -> None:
    """The site's config is kept, and nothing is made twice."""
    config = image.root / "etc/taptill/config.toml"
    font = image.root / "etc/default/taptill-console"
    config.parent.mkdir()
    for kept in (config, font):
        kept.write_text("# ours\n")
    rules = image.root / "etc/udev/rules.d/70-taptill-readers.rules"
    released = rules.read_text()
    site_line = 'ATTRS{serial}=="A1", ENV{TAPTILL_READER}="bar"'
    switched_on = released.replace('#ATTRS{idVendor}=="0403"', 'ATTRS{idVendor}=="0403"')
    rules.write_text(f"{switched_on}{site_line}\n")
    again = image.install()
    assert (again.returncode, again.stderr) == (0, "")
    assert {config.read_text(), font.read_text()} == {"# ours\n"}
    assert "was there already" in again.stdout
    assert (rules.read_text(), released != switched_on) == (switched_on, True)
    assert site_line in rules.with_name(f"{rules.name}.before").read_text()
    assert "belongs into 69-taptill-site.rules" in again.stdout
    assert "taptill setup" not in again.stdout


def service_beside_the_till(image: ImageRoot) -> None:
    """The packages of the service are added, and a database is made once; then it is taken away."""
    added = image.install("--service", "--currency", "CHF")
    assert (added.returncode, added.stderr) == (0, "")
    assert "token add" in added.stdout
    assert "taptill setup" not in added.stdout
    database = image.root / "var/lib/taptill-service/customers.db"
    program = image.root / "opt/taptill/current/bin/taptill"
    words = [str(program), "service", "currency", str(database)]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    assert told.stdout.startswith("CHF")
    before = database.read_bytes()
    again = image.install()  # an upgrade is one of all that is there
    assert (again.returncode, database.read_bytes()) == (0, before)
    assert "token add" not in again.stdout
    for unit in ("taptill.service", "taptill-service.service"):
        assert (image.root / "etc/systemd/system" / unit).exists()
    image.called()
    removed = image.install("--uninstall", "--service")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert image.called() == []  # no program of the system is needed for that
    assert not (image.root / "etc/systemd/system/taptill-service.service").exists()
    assert database.exists()
    assert program.exists()
    assert (image.root / "etc/systemd/journald.conf.d/90-taptill.conf").exists()


def test_an_unknown_currency_is_refused_before_the_machine_is_changed(image: ImageRoot) -> None:
    result = image.install("--service", "--currency", "XXQ")
    assert (result.returncode, "XXQ" in result.stderr) == (64, True)
    assert result.stderr.count("\n") == 1
    assert image.called() == []
    assert not (image.root / "etc/systemd").exists()


def test_where_nothing_is_installed_nothing_is_said_to_be_removed(image: ImageRoot) -> None:
    result = image.install("--uninstall")
    assert (result.returncode, result.stdout) == (0, "nothing of taptill is installed here\n")


def test_a_till_that_was_started_by_hand_is_not_taken_its_program(image: ImageRoot) -> None:
    path = journal(image)
    lock = JournalLock(path)
    lock.take("2026-10-01T10:00:00Z")
    try:
        refused = image.install()
    finally:
        lock.release()
    assert (refused.returncode, "started by hand" in refused.stderr) == (75, True)
    assert not (image.root / "opt").exists()
    assert image.install("--check").returncode == 0


def test_a_service_alone_brings_no_till(image: ImageRoot) -> None:
    added = image.install("--service")
    assert (added.returncode, added.stderr) == (0, "")
    assert not (image.root / "etc/systemd/system/taptill.service").exists()
    assert not (image.root / "etc/taptill/config.toml").exists()
    starts = [line for line in image.called() if line.startswith("systemctl")]
    assert starts == [f"systemctl --root={image.root} enable --quiet taptill-service.service"]
    again = image.install()
    assert (again.returncode, again.stderr) == (0, "")
    assert not (image.root / "etc/systemd/system/taptill.service").exists()
    assert image.install("--uninstall", "--purge").returncode == 0
    assert not (image.root / "var/lib/taptill-service").exists()
    assert not (image.root / "opt/taptill").exists()


def test_debians_packages_for_readers_are_seen_where_they_are(image: ImageRoot) -> None:
    settings = image.root / "opt/taptill/releases" / __version__ / "pyvenv.cfg"
    assert image.install().returncode == 0
    assert "include-system-site-packages = false" in settings.read_text()
    (image.unpacked / "evdev.py").touch()  # where the installer's own Python finds it
    again = image.install()
    assert (again.returncode, "readers: evdev" in again.stdout) == (0, True)
    assert "include-system-site-packages = true" in settings.read_text()


def removal(image: ImageRoot) -> None:
    """Only when all money is in the books; config and journal stay unless they are to go."""
    path = journal(image, charge(7, 420))
    refused = image.install("--uninstall")
    assert (refused.returncode, "still holds money" in refused.stderr) == (75, True)
    assert (image.root / "opt/taptill/current").exists()
    path.unlink()
    journal(image)
    removed = image.install("--uninstall")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert not (image.root / "opt/taptill").exists()
    assert not (image.root / "usr/local/bin/taptill").is_symlink()
    assert (image.root / "etc/taptill/config.toml").exists()
    assert path.exists()
    path.unlink()
    journal(image, charge(7, 420))
    refused = image.install("--uninstall", "--purge")  # without a program that could be asked
    assert (refused.returncode, "still holds money" in refused.stderr) == (75, True)
    path.unlink()
    journal(image)
    assert image.install("--uninstall", "--purge").returncode == 0
    assert not path.parent.exists()
    assert not (image.root / "etc/default/taptill-console").exists()
