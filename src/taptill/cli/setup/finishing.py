"""Writes what a setup has found out, looks at it as a doctor does, and starts the till."""

import asyncio

import click

from taptill import config as configs
from taptill.cli.setup.session import SetupSession, headline, say, say_diagnoses
from taptill.cli.setup.unit import systemctl
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import OutputError
from taptill.install.checks.site import UNIT, CheckedSite
from taptill.install.doctor import diagnose
from taptill.install.setup.places import write_config, write_token
from taptill.install.setup.reader_rule import let_udev_act, write_rule


def finish(session: SetupSession, *, start: bool) -> None:
    """Write config, token and udev line, check them, and start the till if `start`.

    A check that fails does not take back what was written; exit status 1 says that it did.
    """
    headline(5, "Writing and checking")
    places, config = session.places, session.draft.config()
    _write(session)
    of_rules = _rules_applied(session, config) if places.account else []
    say_diagnoses(of_rules)
    state = places.state or configs.state_dir(None)
    failures = [diagnosis for diagnosis in of_rules if diagnosis.verdict is Verdict.FAIL]
    failures += asyncio.run(_failures(CheckedSite(config, state)))
    if start:
        systemctl("enable", UNIT)
        systemctl("restart", UNIT)
        say("The till is READY, on the first console.")
    elif places.account:
        say(f"Start it with: sudo systemctl enable --now {UNIT}")
    else:
        say(f"Start it with: {session.command('run')}")
    say("Goods and staff are changed in the config, and count without a restart.")
    if left := [diagnosis for diagnosis in of_rules if diagnosis.verdict is Verdict.WARN]:
        say("Left to do:")
        say_diagnoses(left)
    if failures:
        say(f"This fails: mend it as it says, then `{session.command('doctor')}`.")
        say_diagnoses(failures)
        raise click.exceptions.Exit(1)


def _write(session: SetupSession) -> None:
    """Write token and config, and say where they are. Errors: OutputError."""
    places, path = session.places, session.token_path
    session.has_written = True
    if session.token:
        write_token(path, session.token)
        say(f"  the token is in {path}")
    kept = write_config(places, session.draft.text)
    say(f"  the config is in {places.config}{f', the one before it in {kept}' if kept else ''}")


def _rules_applied(session: SetupSession, config: configs.Config) -> list[Diagnosis]:
    """Write a new reader's udev line and let udev act; return what of it was not possible."""
    found, path, rule = [], session.places.rules, session.rule
    try:
        ports = [reader.port for reader in config.readers]
        if rule and write_rule(rule, ports, path):
            say(f"  the site's rules for readers are in {path}")
    except OutputError as fault:
        assert rule
        advice = f"write this line there, then `sudo udevadm trigger`: {rule.line.rstrip()}"
        found.append(Diagnosis("readers.rule", Verdict.FAIL, str(fault), advice))
    if not let_udev_act():
        words = "udev has not applied the rules for readers"
        advice = "unplug the reader and plug it in again, or restart this machine"
        found.append(Diagnosis("readers.udev", Verdict.WARN, words, advice))
    return found


async def _failures(site: CheckedSite) -> list[Diagnosis]:
    """Print the diagnoses as they come; return those that fail.

    A console shows the last lines alone, so these are said once more at the end.
    """
    failures = []
    async for diagnosis in diagnose(site):
        say_diagnoses([diagnosis])
        if diagnosis.verdict is Verdict.FAIL:
            failures.append(diagnosis)
    return failures
