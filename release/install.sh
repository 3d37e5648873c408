#!/bin/sh
# Installs this release of taptill: `sudo ./install.sh`, or `./install.sh --help`.
set -eu
cd "$(dirname "$0")"
command -v python3 >/dev/null || {
  echo "taptill needs Python 3.11 or newer: sudo apt install python3 python3-venv" >&2
  exit 69
}
exec python3 ./install.py "$@"
