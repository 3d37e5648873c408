"""Writes what a setup has found out, looks at it as a doctor does, and starts the till."""

import asyncio

import click

from taptill import config as configs
from taptill.cli.setup.session import SetupSession, headline, say, say_diagnoses
from taptill.cli.setup.unit import TILL_UNIT, systemctl
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.install.checks.site import CheckedSite
from taptill.install.doctor import diagnose
from taptill.install.setup.places import write_config, write_token
from taptill.install.setup.reader_rule import SITE_RULES, write_rule


def finish(session: SetupSession, *, start: bool) -> None:
    """Write config, token and udev line, check them, and start the till if `start`.

    A check that fails does not take back what was written; exit status 1 says that it did.
    """
    headline(5, "Writing and checking")
    places, config = session.places, session.draft.config()
    if session.token:
        write_token(places, session.token)
        say(f"  the token is in {places.token}")
    kept = write_config(places, session.draft.text)
    say(f"  the config is in {places.config}{f', the one before it in {kept}' if kept else ''}")
    if session.rule and places.account:
        write_rule(session.rule)
        say(f"  the reader's rule is in {SITE_RULES}")
    state = places.state or configs.state_dir(None)
    failures = asyncio.run(_failures(CheckedSite(config, state)))
    if start:
        systemctl("enable", TILL_UNIT)
        systemctl("restart", TILL_UNIT)
        say("The till is READY, on the first console.")
    elif places.account:
        say(f"Start it with: sudo systemctl enable --now {TILL_UNIT}")
    else:
        say(f"Start it with: taptill run --config {places.config}")
    say("Goods and staff are changed in the config, and count without a restart.")
    if failures:
        option = "" if places.account else f" --config {places.config}"
        say(f"This fails: mend it as it says, then `taptill doctor{option}`.")
        say_diagnoses(failures)
        raise click.exceptions.Exit(1)


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
