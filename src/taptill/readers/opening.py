"""Puts a reader together from its settings and starts it."""

from collections.abc import Callable
from functools import partial

from taptill.domain.clock import Clock
from taptill.domain.tap import CardProblem, ReaderMessage, Tap
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.frames import Frame, Signal
from taptill.readers.normaliser import build_normaliser
from taptill.readers.presence import Presence, Scans
from taptill.readers.registry import find_driver, settings_problems
from taptill.readers.repeat_filter import RepeatFilter
from taptill.readers.supervisor import Supervisor


def open_reader(
    settings: ReaderSettings,
    deliver: Callable[[ReaderMessage], None],
    clock: Clock,
    observe: Callable[[Device], Device] = lambda device: device,
) -> Supervisor:
    """Start a reader and return its supervisor; `deliver` is called from the supervisor's thread.

    `observe` may wrap the device in another one that passes all calls on and observes the frames.
    Raise ValueError, which names the mistake, where the settings are wrong.
    """
    for problem in settings_problems(settings):
        raise ValueError(problem)
    driver = find_driver(settings.driver)
    output_kind = driver.output_kind(settings)
    assert output_kind, "settings_problems reports each setting that leaves this open"
    normaliser = build_normaliser(settings.steps, output_kind)
    repeats = RepeatFilter(settings.equal_frames, settings.hold_ms)
    presence = Presence(
        settings.name,
        settings.hold_ms,
        settings.same_card_delay_ms,
        is_polled=driver.is_polled(settings),
    )

    scans = Scans(settings.name, settings.hold_ms)
    read = scans.barcode_read if settings.for_goods else presence.card_read

    def detect_tap(frame: Frame | Signal, now_s: float) -> Tap | CardProblem | None:
        if isinstance(frame, Frame):
            if not repeats.is_confirmed(frame.raw, now_s):
                return None
            return read(normaliser.card_id(frame.raw), now_s)
        if frame is Signal.NO_CARD:
            presence.no_card(now_s)
        elif frame is Signal.REMOVED:
            presence.card_removed()
        elif frame is Signal.OPENED:
            presence.reader_opened(now_s)
        return None

    device = observe(driver.make_device(settings))
    device_identity = partial(driver.device_identity, settings)
    reader = Supervisor(
        settings,
        device,
        detect_tap=detect_tap,
        deliver=deliver,
        clock=clock,
        device_identity=device_identity,
    )
    reader.start()
    return reader
