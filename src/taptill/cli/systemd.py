"""States in, sd_notify datagrams out; without systemd nothing happens."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from taptill.config import notify_socket, watchdog_s


def notify(state: str) -> None:
    """Tell systemd `READY=1`, `STATUS=...` or `WATCHDOG=1` (sd_notify(3))."""
    place = notify_socket()
    if not place:
        return
    address = "\0" + place[1:] if place.startswith("@") else place
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(state.encode(), address)


async def feed_watchdog(alive: Callable[[], bool]) -> None:
    """Feed the watchdog at half its time while this loop runs and `alive` says so."""
    limit_s = watchdog_s()
    while limit_s:
        if alive():
            notify("WATCHDOG=1")
        await asyncio.sleep(limit_s / 2)
