"""The journal: whether it can be read, what waits in it, and whether its mirror can be written."""

import os
from contextlib import closing
from pathlib import Path

from taptill import config as configs
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import JournalError
from taptill.install.checks.bounded import bounded
from taptill.install.checks.site import UNIT, CheckedSite
from taptill.journal.background.mirror import on_other_media
from taptill.journal.queries import JournalQueries

_LOOK_S_MAX = 20.0
_UNIT_FOLDERS = ("/etc/systemd/system", "/run/systemd/system")


async def check_journal(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the journal; a till may run meanwhile."""
    try:
        found = await bounded(lambda: _look(site), _LOOK_S_MAX)
    except TimeoutError:
        words = f"it cannot be read within {_LOOK_S_MAX:.0f} s"
        found = [Diagnosis("journal.file", Verdict.FAIL, words, "look at the disk: journalctl -k")]
    target = site.config.journal.mirror
    if target is None:
        return found
    try:
        return [*found, await bounded(lambda: _mirror(site, target), _LOOK_S_MAX)]
    except TimeoutError:
        words = f"the medium of {target} does not answer"
        advice = "pull the stick and put it in again, or take another one"
        return [*found, Diagnosis("journal.mirror", Verdict.FAIL, words, advice)]


def _look(site: CheckedSite) -> list[Diagnosis]:
    path = configs.journal_path(site.state)
    if not path.exists():
        return [Diagnosis("journal.file", Verdict.PASS, "none yet: the till makes one")]
    try:
        with closing(JournalQueries(path)) as queries:
            newest = queries.newest()
            count, _ = queries.open_sum()
            cases, _ = queries.in_question()
    except JournalError as fault:
        return [Diagnosis("journal.file", Verdict.FAIL, str(fault), "taptill journal verify")]
    number = newest.seq if newest else 0
    return [
        Diagnosis("journal.file", Verdict.PASS, f"can be read, {number} entries"),
        _waiting(count),
        _cases(cases),
    ]


def _waiting(count: int) -> Diagnosis:
    if count:
        words = f"{count} customers' money is not sent yet"
        return Diagnosis("journal.unsent", Verdict.WARN, words, "taptill run, or taptill settle")
    return Diagnosis("journal.unsent", Verdict.PASS, "everything is sent")


def _cases(count: int) -> Diagnosis:
    if count:
        words = f"{count} cases wait for a decision"
        return Diagnosis("journal.cases", Verdict.WARN, words, "taptill conflicts list")
    return Diagnosis("journal.cases", Verdict.PASS, "no case waits for a decision")


def _mirror(site: CheckedSite, target: Path) -> Diagnosis:
    """Judge the place of the second copy; the till itself says how far the copy is."""
    name, folder = "journal.mirror", target.parent
    if not folder.is_dir():
        words = f"{folder} is not there: is the stick in?"
        return Diagnosis(name, Verdict.WARN, words, f"put it in and mount it: mount {folder}")
    if not on_other_media(folder, site.state):
        words = f"{folder} is on the journal's own disk: nothing is copied there"
        return Diagnosis(name, Verdict.FAIL, words, f"mount the stick: mount {folder}")
    if not os.access(target if target.exists() else folder, os.W_OK):
        words = f"{target} cannot be written by this account"
        advice = f"mount it for the till: sudo mount -o remount,uid=taptill {folder}"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    if site.machine_path(f"{_UNIT_FOLDERS[0]}/{UNIT}").exists() and not _is_opened(site, folder):
        words = f"the unit does not let the till write to {folder}"
        advice = f"sudo systemctl edit taptill: [Service], below it ReadWritePaths=-{folder}"
        return Diagnosis(name, Verdict.WARN, words, advice)
    return Diagnosis(name, Verdict.PASS, f"{target} can be written")


def _is_opened(site: CheckedSite, folder: Path) -> bool:
    """Return whether a drop-in of the unit opens a folder, or one above it."""
    for place in _UNIT_FOLDERS:
        for drop_in in site.machine_path(f"{place}/{UNIT}.d").glob("*.conf"):
            for line in site.machine_file(f"{place}/{UNIT}.d/{drop_in.name}").splitlines():
                key, _, value = line.partition("=")
                opened = [Path(word.lstrip("-+")) for word in value.split()]
                if key.strip() == "ReadWritePaths" and {folder, *folder.parents} & {*opened}:
                    return True
    return False
