#!/bin/sh
# psycopg 3.3.9: a ROLLBACK takes away the statements that you prepared yourself, but not before the sixth query.
#
# A service prepares its hot statements once a connection, by SQL's PREPARE or through psycopg.pq. PostgreSQL keeps
# them until the session ends, whatever is rolled back, and psycopg names its own ones apart (_pg3_0). One would guess
# that the two do not touch. After five runs of any one query psycopg prepares that by itself; from then on it answers
# each ROLLBACK (and DROP, ALTER) with DEALLOCATE ALL, and the next EXECUTE says that the statement does not exist.
# A test that runs a query five times is green; in use it fails after the first refused sale.
#
# Source: PrepareManager._should_discard and maybe_add_to_cache in psycopg/_preparing.py; PREPARE and DEALLOCATE in
# PostgreSQL's manual. The cure: prepare_threshold=None, as in the last line. Ends with 0 unchanged, 1 changed,
# 69 not installed (it needs the programs of Debian's package postgresql, too).
set -eu
server=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$server" ] || exit 69
room=$(mktemp -d)
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
stop() { as "$server/pg_ctl" -D "$room/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$room"; }
trap stop EXIT
trap 'exit 75' HUP INT TERM
[ "$(id -u)" != 0 ] || chown postgres "$room"
{ python3 -m venv "$room/venv" && "$room/venv/bin/pip" install --quiet 'psycopg[binary]==3.3.9'; } || exit 69
cd "$room"
as "$server/initdb" -D "$room/data" -A trust -U postgres -N >/dev/null
as "$server/pg_ctl" -w -D "$room/data" -l "$room/data/log" -o "-k $room -c listen_addresses=" start >/dev/null
"$room/venv/bin/python" - "$room" <<'EOF'
import sys

import psycopg


def lives(runs, threshold, end):
    """Return whether a statement of our own is there after this end of a transaction."""
    with psycopg.connect(host=sys.argv[1], user="postgres", autocommit=True, prepare_threshold=threshold) as connection:
        connection.execute("PREPARE ours AS SELECT 1")
        for number in range(runs):
            connection.execute("SELECT %s::int", [number])
        connection.execute("BEGIN")
        connection.execute(end)
        try:
            connection.execute("EXECUTE ours")
        except psycopg.errors.InvalidSqlStatementName as error:
            print(f"{runs} queries, threshold {threshold}, {end}: {error}")
            return False
        print(f"{runs} queries, threshold {threshold}, {end}: it is there")
        return True


cases = [(5, 5, "ROLLBACK"), (6, 5, "ROLLBACK"), (6, 5, "COMMIT"), (6, None, "ROLLBACK")]
sys.exit([lives(*case) for case in cases] != [True, False, True, True])
EOF
