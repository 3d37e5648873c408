"""The journal: whether it can be read, its chain, what waits in it, its mirror's place."""

import os
from contextlib import closing
from pathlib import Path

from taptill import config as configs
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import JournalError
from taptill.domain.technical.command_line import command_line
from taptill.domain.technical.counting import many
from taptill.install.checks.bounded import bounded
from taptill.install.checks.program.chain import advice_for, chain_diagnosis
from taptill.install.checks.site import UNIT, UNIT_FOLDERS, CheckedSite
from taptill.journal.background.mirror import on_other_media
from taptill.journal.queries import JournalQueries

LOOK_S_MAX = 18.0


async def check_journal(site: CheckedSite) -> list[Diagnosis]:
    """Return diagnoses of the journal; a till may run meanwhile."""
    found = await check_file(site, LOOK_S_MAX)
    target = site.config.journal.mirror
    return [*found, await check_mirror(site, target, LOOK_S_MAX)] if target else found


async def check_file(site: CheckedSite, limit_s: float) -> list[Diagnosis]:
    """Return diagnoses of the file and of its chain; each is waited for so long."""
    try:
        found = await bounded(lambda: _look(site), limit_s)
        if found[0].verdict not in (Verdict.PASS, Verdict.WARN):
            return found
        path = configs.journal_path(site.state)
        return [*found, await bounded(lambda: chain_diagnosis(path), limit_s)]
    except TimeoutError:
        words = f"it cannot be read within {limit_s:.0f} s"
        return [Diagnosis("journal.file", Verdict.FAIL, words, "look at the disk: journalctl -k")]


async def check_mirror(site: CheckedSite, target: Path, limit_s: float) -> Diagnosis:
    """Return the diagnosis of the second copy's place, which is waited for so long."""
    try:
        return await bounded(lambda: _mirror(site, target), limit_s)
    except TimeoutError:
        words = f"the medium of {target} does not answer"
        advice = "pull the stick and put it in again, or take another one"
        return Diagnosis("journal.mirror", Verdict.FAIL, words, advice)


def _look(site: CheckedSite) -> list[Diagnosis]:
    path = configs.journal_path(site.state)
    if not path.exists():
        words = f"not looked at: none in {site.state}; the first start of a till there makes one"
        return [Diagnosis("journal.file", Verdict.SKIP, words)]
    try:
        with closing(JournalQueries(path)) as queries:
            newest = queries.newest()
            count, _ = queries.open_sum()
            cases, _ = queries.in_question()
    except JournalError as fault:
        return [Diagnosis("journal.file", Verdict.FAIL, str(fault), advice_for(fault, path))]
    number = newest.seq if newest else 0
    if site.is_kept_from_till(path, os.W_OK):
        words = f"{path} cannot be written by the till's account"
        advice = command_line("sudo", "chown", "-R", f"{site.account}:", site.state)
        return [Diagnosis("journal.file", Verdict.FAIL, words, advice)]
    return [
        Diagnosis("journal.file", Verdict.PASS, f"can be read, {many(number, 'entry', 'entries')}"),
        _waiting(count),
        _cases(cases),
    ]


def _waiting(count: int) -> Diagnosis:
    if count:
        whose = many(count, "customer's", "customers'")
        words = f"{whose} money is not sent yet"
        return Diagnosis("journal.unsent", Verdict.WARN, words, "taptill run, or taptill settle")
    return Diagnosis("journal.unsent", Verdict.PASS, "everything is sent")


def _cases(count: int) -> Diagnosis:
    if count:
        words = f"{many(count, 'case waits', 'cases wait')} for a decision"
        return Diagnosis("journal.cases", Verdict.WARN, words, "taptill conflicts list")
    return Diagnosis("journal.cases", Verdict.PASS, "no case waits for a decision")


def _mirror(site: CheckedSite, target: Path) -> Diagnosis:
    """Judge the place of the second copy; the till itself says how far the copy is."""
    name, folder = "journal.mirror", target.parent
    mount = command_line("mount", folder)
    if not folder.is_dir():
        words = f"{folder} is not there: is the stick in?"
        return Diagnosis(name, Verdict.WARN, words, f"put it in and mount it: {mount}")
    if not on_other_media(folder, site.state):
        words = f"{folder} is on the journal's own disk: nothing is copied there"
        return Diagnosis(name, Verdict.FAIL, words, f"mount the stick: {mount}")
    place = target if target.exists() else folder
    if not os.access(place, os.W_OK) or site.is_kept_from_till(place, os.W_OK):
        words = f"{target} cannot be written by the till's account"
        again = command_line("sudo", "mount", "-o", f"remount,uid={site.account}", folder)
        advice = f"mount it for the till: {again}"
        return Diagnosis(name, Verdict.FAIL, words, advice)
    if site.machine_path(f"{UNIT_FOLDERS[0]}/{UNIT}").exists() and not _is_opened(site, folder):
        words = f"the unit does not let the till write to {folder}"
        opened = command_line(f"-{folder}")  # systemd takes words apart as a shell does
        advice = f"sudo systemctl edit taptill: [Service], below it ReadWritePaths={opened}"
        return Diagnosis(name, Verdict.WARN, words, advice)
    return Diagnosis(name, Verdict.PASS, f"{target} can be written")


def _is_opened(site: CheckedSite, folder: Path) -> bool:
    """Return whether the unit or a drop-in opens a folder, or one above it."""
    opened = {Path(word.lstrip("-+")) for word in site.unit_words("ReadWritePaths")}
    return bool({folder, *folder.parents} & opened)
