"""The readers: whether each can be opened as the till would."""

import asyncio

from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import ReaderError, TaptillError
from taptill.domain.tap import ReaderState
from taptill.install.checks.site import CheckedSite
from taptill.readers.device import ReaderSettings, error_state
from taptill.readers.registry import find_driver
from taptill.wiring.readers import reader_settings

_ADVICE = {
    ReaderState.MISSING: "plug it in, then `taptill readers detect`",
    ReaderState.LOST: "plug it in again",
    ReaderState.DENIED: "let the till's account open it: docs/readers.md, the udev rules",
    ReaderState.BUSY: "stop what holds it; the till itself holds it while it runs",
}
_PATIENCE_S = 15.0


async def check_readers(site: CheckedSite) -> list[Diagnosis]:
    """Return a diagnosis of each reader, which is opened and closed again."""
    found = []
    for number, reader in enumerate(site.config.readers, start=1):
        settings = reader_settings(reader, number)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found.append(await asyncio.to_thread(_open, settings))
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
        return _diagnosis(settings, verdict, words, _ADVICE.get(state, "see docs/readers.md"))
    except TaptillError as error:
        return _diagnosis(settings, Verdict.FAIL, str(error), "see docs/readers.md")
    return _diagnosis(settings, Verdict.PASS, f"{place} opens")


def _diagnosis(
    settings: ReaderSettings, verdict: Verdict, words: str, advice: str = ""
) -> Diagnosis:
    return Diagnosis(f"readers.{settings.name.replace(' ', '-')}", verdict, words, advice)
