#!/bin/sh
# pyserial 3.5: `in_waiting` of a socket:// port is 1 at most, and 1 for ever once the other side has closed.
#
# A card reader behind a serial-to-Ethernet converter is opened with serial_for_url("socket://host:port") in place
# of "/dev/ttyUSB0", and the rest of the program stays. One would guess that `in_waiting` counts the bytes that can
# be read, as its documentation says and a serial line and loop:// do. The loop that waits until a frame of 14
# bytes is there (`if port.in_waiting >= 14`) then never reads one; `read(port.in_waiting)` reads byte by byte.
# When the other side closes, `in_waiting` says 1 with nothing there: only read() notices the end.
#
# Source: Serial.in_waiting in serial/urlhandler/protocol_socket.py, the length of the list that select() returns.
# The cure: read(n) with a timeout. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet pyserial==3.5; } || exit 69
"$room/bin/python" - <<'EOF'
import os
import pty
import select
import socket
import sys
import tty

import serial

FRAME = b"\x0204E1234567E4\x03"  # as readers of the RDM6300 kind send a card of 125 kHz

converter = socket.create_server(("127.0.0.1", 0))
network = serial.serial_for_url(f"socket://127.0.0.1:{converter.getsockname()[1]}", timeout=2)
peer, _ = converter.accept()
reader, name = pty.openpty()
tty.setraw(name)
line = serial.Serial(os.ttyname(name), timeout=2)

os.write(reader, FRAME)
peer.sendall(FRAME)
select.select([line.fileno()], [], [], 2)
select.select([network._socket], [], [], 2)
counts = (line.in_waiting, network.in_waiting)
print(f"sent {len(FRAME)} bytes; in_waiting: serial line {counts[0]}, socket:// {counts[1]}")
whole = network.read(len(FRAME))
print(f"read({len(FRAME)}) of socket:// gives all: {whole == FRAME}")
peer.close()
select.select([network._socket], [], [], 2)
closed = network.in_waiting
print(f"the other side has closed, nothing to read; in_waiting: {closed}")
sys.exit((counts, whole, closed) != ((14, 1), FRAME, 1))
EOF
