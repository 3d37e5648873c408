#!/bin/sh
# Installs this release of taptill: `sudo ./install.sh`, or `./install.sh --help`.
set -eu
cd "$(dirname "$0")"
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "taptill needs Python 3.11 or newer: sudo apt install python3 python3-venv (Debian 12 has it)" >&2
  exit 69
fi
exec python3 -B -m installer "$@"
