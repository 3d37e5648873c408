"""A reader behind a network bridge that loses its power and gets it back.

`unshare --net python -m tests.fakes.devices.bridge`, as root, prints the reader's states and taps,
a line each. The bridge is a server on loopback in a network of its own. It loses its power when the
route to it is removed, so that no packet comes any more, not even one that closes the connection.
"""

import socket
import subprocess
import sys

from tests.readers.lines import CARD, CARD_FRAME, OTHER_CARD, OTHER_FRAME, Inbox

from taptill.clock import SystemClock
from taptill.domain.tap import ReaderState
from taptill.readers.device import ReaderSettings
from taptill.readers.drivers.serial import KeepAlive, SerialReader
from taptill.readers.opening import open_reader

BRIDGE = "127.0.0.2"
LOST_WITHIN_S = 20.0


def main() -> None:
    ip("link", "set", "lo", "up")
    inbox = Inbox()
    with socket.create_server((BRIDGE, 0)) as server:
        settings = ReaderSettings(
            "counter", "serial", f"socket://{BRIDGE}:{port(server)}", "rdm6300"
        )
        quick = SerialReader(settings, keep_alive=KeepAlive(after_s=1, every_s=1, probes=2))
        reader = open_reader(settings, inbox.deliver, SystemClock(), lambda _: quick)
        tap(server, inbox, CARD, CARD_FRAME)
        ip("route", "add", "blackhole", BRIDGE, "table", "local")
        inbox.wait(lambda: inbox.health[-1].state is not ReaderState.OK, LOST_WITHIN_S)
        sys.stdout.write(f"without power: {inbox.health[-1].state}\n")
        ip("route", "del", "blackhole", BRIDGE, "table", "local")
        tap(server, inbox, OTHER_CARD, OTHER_FRAME)
        assert reader.stop()


def tap(server: socket.socket, inbox: Inbox, card: str, frame: bytes) -> None:
    """Accept a connection of the reader and send a card over it."""
    server.settimeout(LOST_WITHIN_S)
    peer, _ = server.accept()
    inbox.wait(lambda: inbox.health[-1].state is ReaderState.OK, LOST_WITHIN_S)
    peer.sendall(frame)
    inbox.wait(lambda: card in inbox.taps)
    sys.stdout.write(f"tapped: {card}\n")
    # The connection stays open, as a bridge without power cannot close it.
    OPEN_CONNECTIONS.append(peer)


def port(server: socket.socket) -> int:
    return int(server.getsockname()[1])


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


OPEN_CONNECTIONS: list[socket.socket] = []

if __name__ == "__main__":
    main()
