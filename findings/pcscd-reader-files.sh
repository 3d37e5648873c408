#!/bin/sh
# pcscd 1.9.9 (Debian 12's package, with the virtual reader of vsmartcard-vpcd): a reader's file put aside still counts.
#
# A reader on a serial line is a file in /etc/reader.conf.d. Its port changes, the file is edited, and the editor or
# dpkg leaves the old one beside it (desk~, desk.dpkg-old). One would guess that pcscd passes these over, as run-parts,
# systemd, sudo and logrotate do with such names in a folder of settings.
# What happens: every regular file that is not hidden is read, whatever its name is. The reader of the old port is there
# as well, and a program that takes the first reader of the list waits for cards where nobody shows one.
# Source: reader.conf(5) and pcscd(8) say "/etc/reader.conf.d/*"; DBGetReaderListDir() in src/configfile.l, whose words
# in the log are "Parsing conf file" and "Skipping non regular file".
# Cure: keep what is put aside in another folder; name the reader in full, by the FRIENDLYNAME of its file.
#
# Ends with 0 unchanged, 1 changed, 69 where it is not installed, another pcscd runs or this is not root.
set -eu
driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
[ "$(id -u)" = 0 ] && [ -x /usr/sbin/pcscd ] && [ -e "$driver" ] && [ ! -S /run/pcscd/pcscd.comm ] || exit 69
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
mkdir "$room/readers"
port=23400
for name in desk desk~ .desk.swp desk.dpkg-old; do
  printf 'FRIENDLYNAME "%s"\nDEVICENAME /dev/null:%s\nLIBPATH %s\nCHANNELID 0\n' "$name" "$port" "$driver" \
    >"$room/readers/$name"
  port=$((port + 10))
done
: >"$room/log"
/usr/sbin/pcscd --foreground --debug --config "$room/readers" >>"$room/log" 2>&1 &
daemon=$!
waited=0
until grep -q 'daemon ready' "$room/log" || [ $waited -ge 100 ]; do
  waited=$((waited + 1))
  sleep 0.1
done
kill "$daemon"
wait "$daemon" || true
/usr/sbin/pcscd --version | head -n 1
sed -n 's/.*Add reader: /  a reader of the file /p' "$room/log" | sort | tee "$room/seen"
[ "$(wc -l <"$room/seen")" = 3 ]
