"""Finds the driver that a reader's settings name, and checks the settings against it.

Other packages add drivers through the entry-point group `taptill.readers`: the entry point's name
is the driver's name, its object a `Driver`, whose module must not import a device package.
"""

from importlib.util import find_spec

from taptill.domain.errors import MissingExtraError
from taptill.readers.by_name import find_by_name
from taptill.readers.device import ReaderSettings
from taptill.readers.frames import RawKind
from taptill.readers.normaliser import Normaliser, build_normaliser, expected_kind
from taptill.readers.presence import presence_problems
from taptill.readers.registry.built_in import BUILT_IN
from taptill.readers.registry.driver import Driver
from taptill.readers.registry.settings_checks import equal_frames_problems

GROUP = "taptill.readers"


def find_driver(name: str) -> Driver:
    """Return the driver of that name, built in or of another package.

    Raise ValueError, which names the nearest known driver.
    """
    return find_by_name(name, BUILT_IN, GROUP, Driver)


def card_id_rule(settings: ReaderSettings) -> Normaliser | None:
    """Return the rule by which a reader spells card ids; None where a setting leaves it open."""
    output_kind = find_driver(settings.driver).output_kind(settings)
    return build_normaliser(settings.steps, output_kind) if output_kind else None


def settings_problems(settings: ReaderSettings) -> list[str]:
    """Return a sentence for each mistake in a reader's settings; import no device package."""
    problems = presence_problems(settings.hold_ms, settings.same_card_delay_ms)
    problems += equal_frames_problems(settings)
    output_kind: RawKind | None = None
    try:
        driver = find_driver(settings.driver)
    except ValueError as error:
        problems.insert(0, f"driver: {error}")
    else:
        problems += _missing_package(settings.driver, driver) + driver.problems(settings)
        output_kind = driver.output_kind(settings)
    try:
        build_normaliser(settings.steps, output_kind or expected_kind(settings.steps))
    except ValueError as error:
        problems.append(f"card_id: {error}")
    return problems


def _missing_package(name: str, driver: Driver) -> list[str]:
    """Look for a driver's package without importing it."""
    if not driver.package or find_spec(driver.package):
        return []
    return [f"driver: {MissingExtraError(what=f'the driver {name!r}', extra=driver.extra)}"]
