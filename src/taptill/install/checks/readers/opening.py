"""The readers: whether each can be opened as the till would."""

from functools import partial

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ReaderError, TaptillError
from taptill.domain.tap import ReaderState
from taptill.install.checks.bounded import bounded
from taptill.install.checks.readers.holders import advice_for, denied, in_the_way
from taptill.install.checks.readers.pcscd import Service, service_for_till, trial_command
from taptill.install.checks.site import CheckedSite
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.device_nodes import holder_of
from taptill.readers.registry import find_driver
from taptill.wiring.readers import reader_settings

OPENING_S_MAX = 15.0


async def check_readers(site: CheckedSite) -> list[Diagnosis]:
    """Return a diagnosis of each reader, which is opened and closed again."""
    readers = [
        reader_settings(reader, number)
        for number, reader in enumerate(site.config.readers, start=1)
    ]
    found = in_the_way(site, readers)
    return found + [await open_within(site, settings, OPENING_S_MAX) for settings in readers]


async def open_within(site: CheckedSite, settings: ReaderSettings, limit_s: float) -> Diagnosis:
    """Return the diagnosis of one reader, which is waited for so long."""
    try:
        return await bounded(partial(_open, site, settings), limit_s)
    except TimeoutError:
        words = f"it did not open within {limit_s:.0f} s"
        return _diagnosis(settings, Verdict.FAIL, words, "unplug it for five seconds")


def _open(site: CheckedSite, settings: ReaderSettings) -> Diagnosis:
    """Open a reader by this account's rights, after the till's where root asks."""
    service = service_for_till(site, settings)
    if refusal := denied(site, settings, service):
        return _diagnosis(settings, Verdict.FAIL, *refusal)
    place = settings.port or settings.driver
    try:
        device = find_driver(settings.driver).make_device(settings)
        try:
            device.open()
        finally:
            device.close()
    except ReaderError as error:
        state, detail = error_state(error)
        verdict = Verdict.WARN if state is ReaderState.BUSY else Verdict.FAIL
        words = f"{state} ({detail})" if detail else str(state)
        advice = advice_for(state, detail, settings, site.account)
        return _diagnosis(settings, verdict, words, advice)
    except TaptillError as error:
        return _diagnosis(settings, Verdict.FAIL, str(error), "see docs/readers.md")
    other = holder_of(settings.port, besides_us=True) if settings.driver == "serial" else ""
    if other:  # pyserial's lock keeps off those alone who ask for it, too
        words = f"{place} opens, but {other} has it open as well: each takes a part of the bytes"
        return _diagnosis(
            settings, Verdict.WARN, words, advice_for(ReaderState.BUSY, other, settings)
        )
    if service is Service.UNKNOWN:
        words = f"{place} opens for root; whether pcscd serves the till's account was not looked at"
        return _diagnosis(settings, Verdict.SKIP, words, trial_command(site))
    return _diagnosis(settings, Verdict.PASS, f"{place} opens")


def _diagnosis(
    settings: ReaderSettings, verdict: Verdict, words: str, advice: str = ""
) -> Diagnosis:
    return Diagnosis(f"readers.{settings.name.replace(' ', '-')}", verdict, words, advice)
