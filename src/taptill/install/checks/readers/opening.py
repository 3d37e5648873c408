"""The readers: whether each can be opened as the till would."""

from functools import partial

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ReaderError, TaptillError
from taptill.domain.tap import ReaderState
from taptill.install.checks.bounded import bounded
from taptill.install.checks.readers.holders import advice_for, in_the_way
from taptill.install.checks.site import CheckedSite
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.drivers.device_nodes import holder_of
from taptill.readers.registry import find_driver
from taptill.wiring.readers import reader_settings

_PATIENCE_S = 15.0


async def check_readers(site: CheckedSite) -> list[Diagnosis]:
    """Return a diagnosis of each reader, which is opened and closed again."""
    readers = [
        reader_settings(reader, number)
        for number, reader in enumerate(site.config.readers, start=1)
    ]
    found = in_the_way(site, readers)
    for settings in readers:
        try:
            found.append(await bounded(partial(_open, settings), _PATIENCE_S))
        except TimeoutError:
            words = f"it did not open within {_PATIENCE_S:.0f} s"
            found.append(_diagnosis(settings, Verdict.FAIL, words, "unplug it for five seconds"))
    return found


def _open(settings: ReaderSettings) -> Diagnosis:
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
        return _diagnosis(settings, verdict, words, advice_for(state, detail, settings))
    except TaptillError as error:
        return _diagnosis(settings, Verdict.FAIL, str(error), "see docs/readers.md")
    other = holder_of(settings.port, besides_us=True) if settings.driver == "serial" else ""
    if other:  # pyserial's lock keeps off those alone who ask for it, too
        words = f"{place} opens, but {other} has it open as well: each takes a part of the bytes"
        return _diagnosis(
            settings, Verdict.WARN, words, advice_for(ReaderState.BUSY, other, settings)
        )
    return _diagnosis(settings, Verdict.PASS, f"{place} opens")


def _diagnosis(
    settings: ReaderSettings, verdict: Verdict, words: str, advice: str = ""
) -> Diagnosis:
    return Diagnosis(f"readers.{settings.name.replace(' ', '-')}", verdict, words, advice)
