#!/bin/sh
# pyscard 2.3.1 (with Debian 12's pcscd 1.9.9 and vsmartcard-vpcd): CardMonitor misses a card changed for its like.
#
# CardMonitor calls update(added, removed) of a program's observer. One would guess that whoever charges the card in
# update(), which may wait for the network for seconds, is told afterwards what happened meanwhile: that card A was
# taken away and B laid there. The monitor's thread stands still during update(); then it compares the cards of now
# with those of before, and two are the same to it if their reader and their ATR are. The ATR of a contactless card
# says which kind it is (PC/SC part 3), not which one: all cards of a site have the same. Nothing is reported, neither
# that A went nor that B came, for as long as B lies there; a till that goes by the monitor still has A in mind.
#
# Source: run() in smartcard/CardMonitoring.py; Card.__eq__ in smartcard/Card.py. The cure: an update() that only puts
# into a queue (0 s below); or SCardGetStatusChange, whose state counts in its upper 16 bits the cards that came and
# went. Ends with 0 unchanged, 1 changed, 69 not installed, another pcscd runs or this is not root.
set -eu
driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
[ "$(id -u)" = 0 ] && [ -x /usr/sbin/pcscd ] && [ -e "$driver" ] && [ ! -S /run/pcscd/pcscd.comm ] || exit 69
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet pyscard==2.3.1; } || exit 69
mkdir "$room/desk"
printf 'FRIENDLYNAME "desk"\nDEVICENAME /dev/null:23600\nLIBPATH %s\nCHANNELID 0\n' "$driver" >"$room/desk/desk"
cat >"$room/finding.py" <<'EOF'
import os, socket, subprocess, sys, threading, time
from smartcard.CardMonitoring import CardMonitor, CardObserver

ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")  # the one of each MIFARE Classic of 1 KB
POLLED_S = 1.0  # pcscd asks its readers every 0.4 s
busy_s, name, seen, reported = 0, "", [], []

class Till(CardObserver):
    def update(self, monitor, cards):
        seen.extend(f"{name} {word}" for word, some in zip(("came", "went"), cards) if some)
        time.sleep(busy_s)

def lay_there(lies_s):
    """Lay a card on vpcd's reader for so long, and wait until pcscd knows that it is gone."""
    with socket.create_connection(("127.0.0.1", 23600)) as card:
        threading.Timer(lies_s, card.shutdown, [socket.SHUT_RDWR]).start()
        while length := card.recv(2):
            if card.recv(int.from_bytes(length, "big")) == b"\x04":  # "say your ATR"
                card.sendall(len(ATR).to_bytes(2, "big") + ATR)
    time.sleep(POLLED_S)

daemon = subprocess.Popen(["/usr/sbin/pcscd", "--foreground", "--config", sys.argv[1]], stdout=subprocess.DEVNULL)
try:
    time.sleep(POLLED_S)
    CardMonitor().addObserver(Till())
    for busy_s in (0, 4):
        seen.clear()
        for name, lies_s in (("A", POLLED_S), ("B", 5 * POLLED_S)):
            lay_there(lies_s)
        reported.append(", ".join(seen))
        print(f"A comes, goes, B comes, goes; an update() of {busy_s} s is told: {reported[-1]}", flush=True)
finally:
    daemon.terminate()
    daemon.wait()
os._exit(reported != ["A came, A went, B came, B went", "A came, B went"])  # its thread does not end
EOF
timeout 120 "$room/bin/python" "$room/finding.py" "$room/desk"
