#!/bin/sh
# python-escpos 3.1: a printer that says nothing has "plenty of paper", and so has an empty one that answers late.
#
# Before a kiosk takes money it asks whether the receipt can be printed: is_online() and paper_status(), whose 2 is
# "paper is adequate", 1 "near its end" and 0 "none". One would guess that no answer at all (a cable without the way
# back, a printer that is switched off) is an error or "unknown". Of a Serial printer it is 2. And since an answer that
# comes after the timeout (1 s by default) stays in the buffer, the next question takes it for its own: paper_status()
# reads 1Ah, which says "offline", as 2, and is_online() reads 72h, which says "no paper", as True. From then on a
# printer without paper is online and has paper. Every answer to DLE EOT n has the same fixed bits (Epson's command
# reference), so that an octet does not say which question it is for.
#
# Source: query_status, is_online and paper_status in escpos/escpos.py. A pseudo-terminal is the printer here. The cure:
# ask for the paper alone, query_status(RT_STATUS_PAPER), with a timeout above the slowest answer, and take an empty
# answer for "unknown". Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet python-escpos==3.1 pyserial==3.5; } || exit 69
timeout 60 "$room/bin/python" - <<'EOF'
import os
import pty
import sys
import threading
import tty

from escpos.constants import RT_STATUS_PAPER
from escpos.printer import Serial

EMPTY = {1: b"\x1a", 4: b"\x72"}  # what Epson's reference has for: offline; no paper, and its end was near before


def printer(answers, late_s=0.0):
    """Return a printer on a line of its own, which answers DLE EOT n so late."""
    peer, line = pty.openpty()
    tty.setraw(line)

    def serve():
        while asked := os.read(peer, 3):
            threading.Timer(late_s, os.write, [peer, answers.get(asked[-1], b"")]).start()

    threading.Thread(target=serve, daemon=True).start()
    return Serial(os.ttyname(line), timeout=1)


def asked_three_times(one):
    return [(one.is_online(), one.paper_status()) for _ in range(3)]


silent, empty, late = (asked_three_times(printer(*how)) for how in (({},), (EMPTY,), (EMPTY, 1.5)))
slow = printer(EMPTY, 1.5)
slow.device.timeout = 3
cured = slow.query_status(RT_STATUS_PAPER)
for name, found in {"silent": silent, "without paper": empty, "without paper, late": late}.items():
    print(f"{name}:", *(f"{'online' if online else 'offline'} with paper {paper}" for online, paper in found), sep="  ")
print(f"without paper, late, by the cure: {cured.hex()}")
sys.exit((silent, empty, late, cured) != ([(False, 2)] * 3, [(False, 0)] * 3, [(False, 2)] + [(True, 2)] * 2, b"\x72"))
EOF
