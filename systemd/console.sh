#!/bin/sh
# Makes the console ready for the till: font, number lock, no blanking. Run by taptill-console.service.
# A step that fails leaves the console as it was: the till shows itself with any font.
tty=${1:-/dev/tty1}

# A graphics driver is announced before it takes the console over, with a font of its own.
for console in /sys/class/vtconsole/vtcon*; do
  tries=0
  while grep -qs "frame buffer" "$console/name" && ! grep -qs 1 "$console/bind" && [ $tries -lt 50 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
done

# The largest letters with which 80 columns and 24 rows fit, whatever the panel and its rotation: a
# font is set, then the console is asked for its size. Without one that fits the last one stays.
prefix=Uni2-TerminusBold
for font in ${FONT:-${prefix}32x16 ${prefix}28x14 ${prefix}24x12 ${prefix}22x11 ${prefix}20x10 ${prefix}16}; do
  setfont -C "$tty" "$font" || continue
  size=$(stty size <"$tty")
  echo "$font: ${size#* } columns, ${size% *} rows"
  [ "${size% *}" -ge 24 ] && [ "${size#* }" -ge 80 ] && break
done

# The keypad types digits; -D: after a reset of the console, too.
setleds -D +num <"$tty"

# Neither dark nor switched off after a while without a key, console_codes(4).
printf '\033[9;0]\033[14;0]' >"$tty"
