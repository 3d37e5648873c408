#!/bin/sh
# Textual 8.2.8: Escape and Enter that arrive in one read are one key, Enter.
#
# Esc and at once Enter on a slow line (ssh, a serial console, a busy board) reach the program as ESC CR in one read.
# One would guess `escape` and `enter`, or `alt+enter`, as ESC a is `alt+a`. The program gets `enter` alone: what the
# cashier meant to cancel is confirmed. ESC and a digit are neither of both, nor `alt+1`, but one foreign character.
#
# Source: XTermParser.parse and _sequence_to_key_events in textual/_xterm_parser.py (only a key whose name is one letter
# gets its `alt+`, others lose the Escape), the table in textual/_ansi_sequences.py. What runs is an App on a
# pseudo-terminal. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet textual==8.2.8; } || exit 69
TERM=xterm "$room/bin/python" - <<'EOF'
import os
import pty
import sys
import threading

from textual.app import App

TYPED = {b"\x1ba": "alt+a", b"\x1b\r": "enter", b"\x1b1": "inverted_exclamation_mark", b"\x1b0": "º"}
reading, writing = os.pipe()
child, terminal = pty.fork()
if child == 0:

    class Keys(App):
        def on_key(self, event):
            os.write(writing, f"{event.key}\n".encode())
            if event.key == "q":
                self.exit()

    Keys().run()
    os._exit(0)
os.close(writing)
screen = b""
while b"\x1b[?2004h" not in screen:  # bracketed paste: asked for once the keys are read
    screen += os.read(terminal, 65536)
threading.Thread(target=lambda: [*iter(lambda: os.read(terminal, 65536), b"")], daemon=True).start()
keys = os.fdopen(reading)
seen = []
for typed in TYPED:
    os.write(terminal, typed)
    seen.append(keys.readline().strip())
os.write(terminal, b"q")
seen += keys.read().split()  # a second key of one read would be here
for typed, key in zip(TYPED, seen):
    print(f"{typed!r:10} {key}")
sys.exit(seen != [*TYPED.values(), "q"])
EOF
