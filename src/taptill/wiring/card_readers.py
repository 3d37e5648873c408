"""The readers of cards and goods, whose messages wait in one queue until the till takes them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from taptill.config import Config
from taptill.domain.clock import Clock
from taptill.domain.figures.reader import LastRead, ReaderFigures
from taptill.domain.tap import ReaderHealth, ReaderMessage, ReaderState
from taptill.readers.device import Beeper, Beeps
from taptill.readers.drivers.simulated import SimulatedReader
from taptill.readers.drivers.typed import TypedReader
from taptill.readers.opening import open_reader
from taptill.readers.supervisor import Supervisor
from taptill.readers.technician.last_read import LastReadKeeper
from taptill.wiring.readers import as_scan, reader_settings

MESSAGES_MAX = 16
"""Reader messages that wait for the till, at most; a full queue drops the oldest."""


class CardReaders:
    """All readers of the config, each in a thread from `start` to `stop`."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self.queue: asyncio.Queue[ReaderMessage] = asyncio.Queue(MESSAGES_MAX)
        self.on_message: Callable[[], None] = lambda: None
        """Called with each message that comes, before the till takes it."""
        self._config = config
        self._clock = clock
        self._supervisors: list[Supervisor] = []
        self._for_goods: list[Supervisor] = []
        self._last_reads: list[LastReadKeeper] = []

    def start(self) -> None:
        """Open the readers; their messages come through the running event loop."""
        loop = asyncio.get_running_loop()

        def deliver(message: ReaderMessage) -> None:
            with suppress(RuntimeError):  # the event loop has closed: the till has ended
                loop.call_soon_threadsafe(self.put, message)

        def deliver_scan(message: ReaderMessage) -> None:
            deliver(as_scan(message))

        numbered = enumerate(self._config.readers, 1)
        all_settings = [reader_settings(reader, number) for number, reader in numbered]
        for settings in all_settings:  # the till knows how many there are before one has opened
            is_for_goods = settings.for_goods
            self.put(ReaderHealth(settings.name, ReaderState.OPENING, for_goods=is_for_goods))
        for settings in all_settings:
            last = LastReadKeeper(settings.name, self._clock)
            self._last_reads.append(last)
            take = last.passing_on(deliver_scan if settings.for_goods else deliver)
            supervisor = open_reader(settings, take, self._clock, last.observe)
            (self._for_goods if settings.for_goods else self._supervisors).append(supervisor)

    async def stop(self) -> None:
        """Stop their threads, each within `STOP_S_MAX`."""
        await asyncio.to_thread(self._stop)

    def put(self, message: ReaderMessage) -> None:
        """Let a message wait for the till."""
        self.on_message()
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(message)

    def present(self, card_id: str) -> None:
        """Show a card to the simulated reader, as the demo's keys do."""
        for reader in self._supervisors:
            if isinstance(reader.device, SimulatedReader):
                reader.device.present(card_id)

    def typed(self, text: str) -> bool:
        """Pass a typed line to the readers of driver `typed`; return whether there are any.

        The line is no good's barcode. So a reader for goods takes it only where none for cards
        does, and the screen says that no good has it.
        """
        readers = _typed(self._supervisors) or _typed(self._for_goods)
        for reader in readers:
            reader.type_line(text)
        return bool(readers)

    def beep(self, beeps: Beeps) -> None:
        """Let every reader of cards beep that can."""
        for reader in self._supervisors:
            if isinstance(reader.device, Beeper):
                reader.device.beep(beeps)

    @property
    def has_beeper(self) -> bool:
        """Return whether a reader of cards that is open now has a beeper."""
        devices = (reader.device for reader in self._supervisors)
        return any(isinstance(device, Beeper) and device.has_beeper for device in devices)

    def figures(self) -> tuple[ReaderFigures, ...]:
        """Return the figures of each reader, those for cards first."""
        return tuple(reader.figures() for reader in (*self._supervisors, *self._for_goods))

    def last_reads(self) -> tuple[LastRead, ...]:
        """Return what each reader has read last, which names cards; those without are left out."""
        last_reads = (keeper.last_read() for keeper in self._last_reads)
        return tuple(last for last in last_reads if last)

    def _stop(self) -> None:
        for reader in (*self._supervisors, *self._for_goods):
            reader.stop()


def _typed(supervisors: list[Supervisor]) -> list[TypedReader]:
    devices = (supervisor.device for supervisor in supervisors)
    return [device for device in devices if isinstance(device, TypedReader)]
