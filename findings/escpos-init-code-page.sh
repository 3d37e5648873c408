#!/bin/sh
# python-escpos 3.1: after hw("INIT") the euro sign of the next receipt is printed as another letter.
#
# ESC @ sets a receipt printer back to what it is when switched on, its code page too. One would guess that hw("INIT")
# between two receipts is the careful thing to do, and that the library, which chooses the code page of each character
# by itself, chooses it anew. It remembers the page that it chose before and sends no ESC t: the first receipt has
# a euro sign, every later one what that byte is in the printer's own page. The same holds for a printer that was
# switched off between two receipts of one Python object. (linedisplay() sends ESC @ too: to the display.)
#
# Source: Escpos.hw in escpos/escpos.py, which leaves MagicEncode.encoding in escpos/magicencode.py alone; ESC @ and
# ESC t in Epson's ESC/POS command reference. The cure: a new printer object after an INIT, or `printer.magic.encoding
# = None`, as here. Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet python-escpos==3.1; } || exit 69
"$room/bin/python" - <<'EOF'
import re
import sys

from escpos.printer import Dummy

# The pages of this receipt as the profile numbers them: ESC t n, and 0 after ESC @.
PAGES = {0: "cp437", 15: "iso8859-15"}
PART = re.compile(rb"\x1b@|\x1bt(.)|([^\x1b]+)", re.DOTALL)


def printed(received):
    """Return what a printer puts on paper: ESC @ and ESC t change its code page."""
    page, paper = 0, ""
    for part in PART.finditer(received):
        if part[2]:
            paper += part[2].decode(PAGES[page])
        else:
            page = part[1][0] if part[1] else 0
    return paper.split("\n")


printer = Dummy(profile="TM-T88V")
printer.text("1,50 €\n")
printer.hw("INIT")
printer.text("1,50 €\n")
printer.hw("INIT")
printer.magic.encoding = None
printer.text("1,50 €\n")
print(printer.output)
first, second, cured, _ = printed(printer.output)
print(f"first receipt: {first}   after INIT: {second}   after INIT and encoding = None: {cured}")
sys.exit((first, second, cured) != ("1,50 €", "1,50 ñ", "1,50 €"))
EOF
