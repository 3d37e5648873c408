#!/bin/sh
# sqlite-utils 4.2.1: card ids read from CSV turn into other cards, or into Infinity.
#
# `sqlite-utils insert --csv` is how one loads a list of cards into a database. One would guess that a hexadecimal
# id stays the text that it is, and that one with leading zeros does at least when it was quoted. Version 4 types
# the columns of CSV by itself: a column whose values all pass Python's float() becomes REAL. A 4-byte card id with
# digits and one E (04E12345) is such a value and ends as Infinity, several ids as the same one. The quoting is
# not looked at, as in all CSV. It shows only with short lists: one id with an A, B, C, D or F keeps the column text.
#
# Source: ValueTracker in sqlite_utils/utils.py; the changelog of 4.0 (before it all columns of CSV were text). The
# cure: `--no-detect-types`. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet sqlite-utils==4.2.1; } || exit 69

cards() { # a table's name, its CSV on standard input, further options: the ids as the table holds them
  table=$1
  shift
  "$room/bin/sqlite-utils" insert "$room/cards.db" "$table" - --csv "$@" >/dev/null
  "$room/bin/sqlite-utils" rows "$room/cards.db" "$table" --csv --no-headers | tr -d '\r' | tr '\n' ' '
}

hex=$(printf 'card\n04E12345\n04E67890\n' | cards hex)
mixed=$(printf 'card\n04E12345\n04E6789F\n' | cards mixed)
zeros=$(printf 'card\n"0012345"\n"0012346"\n' | cards zeros)
kept=$(printf 'card\n04E12345\n04E67890\n' | cards kept --no-detect-types)
echo "04E12345 04E67890                    -> $hex"
echo "04E12345 04E6789F                    -> $mixed"
echo "\"0012345\" \"0012346\"                  -> $zeros"
echo "04E12345 04E67890, --no-detect-types -> $kept"
[ "$hex" = "inf inf " ] && [ "$mixed" = "04E12345 04E6789F " ] &&
  [ "$zeros" = "12345 12346 " ] && [ "$kept" = "04E12345 04E67890 " ]
