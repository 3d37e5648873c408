"""Joins standard input and output to a port of this machine's loopback; QEMU starts it.

`relay.py PORT`: once for each connection that the guest opens.
"""

import os
import selectors
import socket
import sys

OCTETS_MAX = 1 << 16
_FROM_GUEST, _FROM_BACKEND = 0, 1


def main() -> None:
    """Pass octets on both ways until one end closes."""
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as backend:
        ready = selectors.DefaultSelector()
        ready.register(0, selectors.EVENT_READ, _FROM_GUEST)
        ready.register(backend, selectors.EVENT_READ, _FROM_BACKEND)
        while True:
            for key, _ in ready.select():
                octets = os.read(key.fd, OCTETS_MAX)
                if not octets:
                    return
                if key.data == _FROM_GUEST:
                    backend.sendall(octets)
                else:
                    os.write(1, octets)


if __name__ == "__main__":
    main()
