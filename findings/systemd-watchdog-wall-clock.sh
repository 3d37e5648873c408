#!/bin/sh
# systemd-watchdog 1.0.1: after the clock is set back, ping() sends nothing, and systemd kills a till that is well.
#
# A service with WatchdogSec= calls ping() in its loop; the package sends WATCHDOG=1 when half of the time is over.
# One would guess that it counts that time by the monotonic clock, as systemd does on its side. It compares
# datetime.now(): set the clock back by an hour (a wrong battery clock that NTP corrects, a date typed by hand) and
# for an hour no ping is due. systemd waits as long as WatchdogSec= says, then aborts the process, be it in the
# midst of a sale. A clock set forward only makes one ping early.
#
# Source: WatchDog.notify_due and _now in systemd_watchdog/systemd_watchdog.py; CLOCK_MONOTONIC for the watchdog's
# timer in service_start_watchdog of systemd's src/core/service.c. Below, time-machine 3.6.0 sets back the
# clock of this process only. The cure: call notify() instead, by a time.monotonic() of your own.
# Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet systemd-watchdog==1.0.1 time-machine==3.6.0; } || exit 69
NOTIFY_SOCKET="$room/notify" WATCHDOG_USEC=200000 "$room/bin/python" - <<'EOF'
import os
import socket
import sys
import time

import time_machine
from systemd_watchdog import WatchDog

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(os.environ["NOTIFY_SOCKET"])
manager.setblocking(False)
watchdog = WatchDog()


def received(seconds):
    """What the manager gets in that time from a loop that calls ping() all the while."""
    end = time.monotonic() + seconds
    messages = 0
    while time.monotonic() < end:
        watchdog.ping()
        time.sleep(0.01)
        try:
            messages += manager.recv(100) == b"WATCHDOG=1\n"
        except BlockingIOError:
            pass
    return messages


before = received(2)
with time_machine.travel(time.time() - 3600, tick=True):
    after = received(2)
print(f"systemd waits {watchdog.timeout / 1e6:g} s for a ping")
print(f"pings within 2 s: {'some' if before else 'none'}; with the clock an hour back: {after or 'none'}")
sys.exit((bool(before), after) != (True, 0))
EOF
