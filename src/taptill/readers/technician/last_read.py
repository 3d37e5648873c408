"""Keeps what a reader has read last, for the technician's page alone."""

from collections.abc import Callable

from taptill.domain.clock import Clock
from taptill.domain.figures.reader import LastRead
from taptill.domain.tap import ReaderMessage, Scan, Tap
from taptill.readers.device import Device
from taptill.readers.technician.observe import ByteSource

OCTETS_MAX = 32
GAP_S = 0.1
"""Octets that come after so long a silence begin a new message."""

FORGOTTEN_S = 300.0
"""A card's number is kept for so long: long enough to look at it, not for the next customer."""


class LastReadKeeper:
    """Observes one reader; its thread records, any thread may ask."""

    def __init__(self, reader: str, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._octets: tuple[bytes, float] = (b"", 0.0)
        self._card: tuple[str, float] = ("", 0.0)

    def observe(self, device: Device) -> Device:
        """Observe the octets of a device, if it delivers any, and return it."""
        if isinstance(device, ByteSource):
            device.on_bytes = self._take_octets
        return device

    def passing_on(
        self, deliver: Callable[[ReaderMessage], None]
    ) -> Callable[[ReaderMessage], None]:
        """Return a function that keeps the number of a tap and passes each message on."""

        def take(message: ReaderMessage) -> None:
            if isinstance(message, Tap):
                self._card = (message.card_id, self._clock.monotonic())
            elif isinstance(message, Scan):
                self._card = (message.barcode, self._clock.monotonic())
            deliver(message)

        return take

    def last_read(self) -> LastRead | None:
        """Return what was read last; None where nothing was, or too long ago."""
        now_s = self._clock.monotonic()
        (octets, octets_s), (card, card_s) = self._octets, self._card
        ago_s = now_s - max(octets_s, card_s)
        if not (octets or card) or ago_s > FORGOTTEN_S:
            self._octets, self._card = (b"", 0.0), ("", 0.0)
            return None
        card = card if now_s - card_s <= FORGOTTEN_S else ""
        return LastRead(reader=self._reader, octets=octets, card=card, ago_s=ago_s)

    def _take_octets(self, octets: bytes) -> None:
        before, before_s = self._octets
        now_s = self._clock.monotonic()
        begun = before if now_s - before_s <= GAP_S else b""
        self._octets = ((begun + octets)[-OCTETS_MAX:], now_s)
