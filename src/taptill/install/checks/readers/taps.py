"""A real tap at a reader: whether one comes, and whose card it is."""

import time
from collections.abc import Collection, Sequence
from functools import partial
from queue import Empty, SimpleQueue

from taptill.clock import SystemClock
from taptill.domain.card_id import CardId, is_spelled_alike, masked
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.tap import CardProblem, ReaderHealth, ReaderMessage, ReaderState, Tap
from taptill.domain.technical.counting import many
from taptill.install.checks.bounded import bounded
from taptill.install.checks.readers.holders import advice_for, denied
from taptill.install.checks.readers.pcscd import service_for_till
from taptill.install.checks.readers.spelling import LEARN, shape
from taptill.install.checks.site import CheckedSite
from taptill.readers.device import Device, ReaderSettings
from taptill.readers.frames import AnyFrame, BadFrame, Frame
from taptill.readers.opening import open_reader
from taptill.readers.technician.observe import ObservedDevice

OPENING_S_MAX = 15.0
_OPENING = frozenset({ReaderState.OPENING, ReaderState.OK})


class TapWatch:
    """What a reader reports until a tap comes, it fails, or the time is over.

    The time counts from when it has opened.
    """

    def __init__(self, limit_s: float) -> None:
        self.card: Tap | CardProblem | None = None
        self.health: ReaderHealth | None = None
        self.byte_count = self.good_count = self.bad_count = 0
        self._limit_s = limit_s
        self._began_s = time.monotonic()
        self._ends_s = self._began_s + OPENING_S_MAX
        self._has_opened = False

    @property
    def waited_s(self) -> float:
        """Return how long it has waited since the reader opened."""
        return time.monotonic() - self._began_s

    @property
    def left_s(self) -> float:
        """Return how long it is still to be waited; 0 or less where it is over."""
        return 0 if self.card or self.has_failed else self._ends_s - time.monotonic()

    @property
    def has_failed(self) -> bool:
        """Return whether the reader cannot be used now."""
        return self.health is not None and self.health.state not in _OPENING

    def count_bytes(self, octets: bytes) -> None:
        """Count what the reader sent."""
        self.byte_count += len(octets)

    def count_frames(self, frames: Sequence[AnyFrame]) -> None:
        """Count the frames that were made of it."""
        self.good_count += sum(isinstance(frame, Frame) for frame in frames)
        self.bad_count += sum(isinstance(frame, BadFrame) for frame in frames)

    def take(self, message: ReaderMessage) -> None:
        """Take what the reader reports."""
        if isinstance(message, ReaderHealth):
            self.health = message
            if message.state is ReaderState.OK and not self._has_opened:
                self._has_opened, self._began_s = True, time.monotonic()
                self._ends_s = self._began_s + self._limit_s
        elif isinstance(message, Tap | CardProblem):
            self.card = self.card or message


async def check_tap(
    site: CheckedSite, settings: ReaderSettings, known: Collection[str]
) -> Diagnosis:
    """Wait for a tap at one reader; `known` are the card ids of the cache."""
    name = f"cards.{settings.name.replace(' ', '-')}-tap"
    if settings.driver == "typed":
        words = "not tried: it types into the till's terminal, whose F12 alone shows its taps"
        return Diagnosis(name, Verdict.SKIP, words)
    service = await bounded(partial(service_for_till, site, settings), OPENING_S_MAX)
    refusal = await bounded(partial(denied, site, settings, service), OPENING_S_MAX)
    if refusal:
        return Diagnosis(name, Verdict.FAIL, *refusal)
    site.ask(f"hold a card to {settings.name} ({site.tap_s:.0f} s)")
    limit_s = site.tap_s + 2 * OPENING_S_MAX
    try:
        watch = await bounded(partial(watch_tap, settings, site.tap_s), limit_s)
    except TimeoutError:
        words = "it neither opened nor said anything"
        return Diagnosis(name, Verdict.FAIL, words, "unplug it for five seconds")
    return _diagnosis(name, settings, watch, known)


def watch_tap(settings: ReaderSettings, limit_s: float) -> TapWatch:
    """Open a reader as the till does, and return what came until a tap or the end."""
    messages: SimpleQueue[ReaderMessage] = SimpleQueue()
    watch = TapWatch(limit_s)

    def observe(device: Device) -> Device:
        return ObservedDevice(device, watch.count_frames, watch.count_bytes)

    supervisor = open_reader(settings, messages.put, SystemClock(), observe)
    try:
        while (left_s := watch.left_s) > 0:
            try:
                watch.take(messages.get(timeout=left_s))
            except Empty:
                break
    finally:
        supervisor.stop()
    return watch


def _diagnosis(
    name: str, settings: ReaderSettings, watch: TapWatch, known: Collection[str]
) -> Diagnosis:
    card, health = watch.card, watch.health
    if isinstance(card, Tap):
        words = f"a tap came, {_counted(watch)}, card {masked(card.card_id)}"
        return _judged(name, words, card.card_id, known)
    if isinstance(card, CardProblem):
        words = f"a card came that names nobody: {card.trouble} ({_counted(watch)})"
        return Diagnosis(name, Verdict.WARN, words, "another card; docs/readers.md says why")
    if health is not None and watch.has_failed:
        is_busy = health.state is ReaderState.BUSY
        words = f"{health.state} ({health.detail})" if health.detail else str(health.state)
        words += f", {_counted(watch)}" if watch.byte_count else ""
        advice = advice_for(health.state, health.detail, settings)
        return Diagnosis(name, Verdict.WARN if is_busy else Verdict.FAIL, words, advice)
    words = f"no tap within {watch.waited_s:.0f} s: {_counted(watch)}"
    advice = f"taptill readers monitor --reader {settings.name.split()[-1]} --raw shows each byte"
    return Diagnosis(name, Verdict.FAIL, words, advice)


def _counted(watch: TapWatch) -> str:
    if not watch.good_count + watch.bad_count:
        return (
            f"{many(watch.byte_count, 'byte')} and no frame" if watch.byte_count else "nothing came"
        )
    return f"{many(watch.good_count, 'good frame')}, {watch.bad_count} bad"


def _judged(name: str, words: str, card_id: CardId, known: Collection[str]) -> Diagnosis:
    if not known:
        return Diagnosis(name, Verdict.PASS, f"{words}; not compared: the cache has no card")
    if card_id in known:
        return Diagnosis(name, Verdict.PASS, f"{words}, of a customer in the cache")
    if any(is_spelled_alike(card, card_id) for card in known):
        words = f"{words}, which the office spells otherwise"
        return Diagnosis(name, Verdict.WARN, words, LEARN)
    words = f"{words}, of nobody in the cache: it is {shape(card_id)}"
    return Diagnosis(name, Verdict.WARN, words, f"a known customer's card? Then {LEARN}")
