"""Messages to systemd (sd_notify(3)); without systemd nothing happens."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from taptill.config import notify_socket, watchdog_s


def notify(state: str) -> None:
    """Send `READY=1`, `STATUS=...` or `WATCHDOG=1` to systemd (sd_notify(3))."""
    place = notify_socket()
    if not place:
        return
    address = "\0" + place[1:] if place.startswith("@") else place
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), address)


async def feed_watchdog(alive: Callable[[], bool]) -> None:
    """Notify the watchdog twice per interval while this loop runs and `alive` returns True."""
    limit_s = watchdog_s()
    while limit_s:
        if alive():
            notify("WATCHDOG=1")
        await asyncio.sleep(limit_s / 2)
