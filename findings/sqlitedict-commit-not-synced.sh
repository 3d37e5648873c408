#!/bin/sh
# sqlitedict 2.1.0: commit() "persists all data to disk", but SQLite is told not to wait for the disk.
#
# sqlitedict is the small way to keep what must outlive the program, such as charges that wait for the network. One
# would guess that what commit() has written is there after a power cut, since SQLite's default is synchronous=FULL
# and the method says so (it is called sync(), too). Each connection is opened with PRAGMA synchronous=OFF: SQLite
# hands the pages to the operating system and goes on. After a power cut the last commits are missing, and since
# the journal is not synced either, the file may be corrupt. No argument changes it; journal_mode="WAL" keeps OFF.
# persist-queue 1.1.0, a queue on SQLite of the same kind, leaves FULL.
#
# Source: SqliteMultithread._connect in sqlitedict.py; the documentation of PRAGMA synchronous. The cure, if it
# must be sqlitedict: `PRAGMA synchronous=FULL` on its connection, as below. Ends with 0 unchanged, 1 changed,
# 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet sqlitedict==2.1.0 persist-queue==1.1.0; } || exit 69
ROOM="$room" "$room/bin/python" - <<'EOF'
import os
import sqlite3
import sys

from persistqueue import SQLiteQueue
from sqlitedict import SqliteDict

LEVELS = ("OFF", "NORMAL", "FULL", "EXTRA")
ASK = "PRAGMA synchronous"
room = os.environ["ROOM"]


def level(file, **how):
    with SqliteDict(f"{room}/{file}", **how) as charges:
        charges["1"] = 250
        charges.commit()
        before = charges.conn.select_one(ASK)[0]
        charges.conn.execute(f"{ASK}=FULL")
        return LEVELS[before], LEVELS[charges.conn.select_one(ASK)[0]]


queue = SQLiteQueue(f"{room}/queue")
seen = {
    "sqlite3": LEVELS[sqlite3.connect(f"{room}/plain.db").execute(ASK).fetchone()[0]],
    "persist-queue": LEVELS[queue._putter.execute(ASK).fetchone()[0]],
    "sqlitedict": level("dict.db"),
    "sqlitedict, WAL": level("wal.db", journal_mode="WAL"),
    "sqlitedict, autocommit": level("auto.db", autocommit=True),
}
for name, found in seen.items():
    print(f"synchronous of {name}: {found if isinstance(found, str) else f'{found[0]}, after the cure {found[1]}'}")
sys.exit(list(seen.values()) != ["FULL", "FULL"] + [("OFF", "FULL")] * 3)
EOF
