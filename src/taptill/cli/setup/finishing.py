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
    has_failed = asyncio.run(_check(CheckedSite(config, state)))
    if start:
        systemctl("enable", TILL_UNIT)
        systemctl("restart", TILL_UNIT)
        say("The till is READY, on the first console.")
    elif places.account:
        say(f"Start it with: sudo systemctl enable --now {TILL_UNIT}")
    else:
        say(f"Start it with: taptill run --config {places.config}")
    say("Goods and staff are changed in the config, and count without a restart.")
    if has_failed:
        say("Something above fails: mend it as it says, then `taptill doctor`.")
        raise click.exceptions.Exit(1)


async def _check(site: CheckedSite) -> bool:
    """Print the diagnoses as they come; return whether one of them fails."""
    has_failed = False
    async for diagnosis in diagnose(site):
        say_diagnoses([diagnosis])
        has_failed = has_failed or _fails(diagnosis)
    return has_failed


def _fails(diagnosis: Diagnosis) -> bool:
    return diagnosis.verdict is Verdict.FAIL
