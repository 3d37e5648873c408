#!/bin/sh
# ndeflib 0.3.3: UriRecord.uri breaks the query of a link: ?card=42 comes out as ?card%3D42.
#
# A sticker for NFC (a member's card, a good on a shelf) holds a link in a URI record. A UriRecord has `iri` and `uri`;
# one would guess that `uri` is the address to open, and for a plain ASCII link the same as `iri`. It quotes path,
# query and fragment as a whole with quote(), which spares only "/": "=" and "&" turn into %3D and %26, so the server
# sees no parameter at all, and a "%" that was part of the link is quoted once more. Setting `uri` to a link unquotes
# it the same way before it is written: a %26 inside a value becomes an "&", another parameter. RFC 3986: to quote
# a reserved character changes what the address means (2.2), and no string may be quoted twice (2.4).
#
# Source: UriRecord.uri in ndef/uri.py. The cure: read and set `iri`, which is the text of the tag unchanged.
# Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet ndeflib==0.3.3; } || exit 69
"$room/bin/python" - <<'EOF'
import sys
from urllib.parse import parse_qs, urlsplit

import ndef

LINK = "https://example.org/tap?card=42&name=A%26B"
PARAMETERS = {"card": ["42"], "name": ["A&B"]}


def parameters(link):
    return parse_qs(urlsplit(link).query)


tag = b"".join(ndef.message_encoder([ndef.UriRecord(LINK)]))
[record] = ndef.message_decoder(tag)
written = ndef.UriRecord()
written.uri = LINK
print(f"on the tag:      {LINK}  {parameters(LINK)}")
print(f"record.iri:      {record.iri}  {parameters(record.iri)}")
print(f"record.uri:      {record.uri}  {parameters(record.uri)}")
print(f"record.uri = it: {written.iri}  {parameters(written.iri)}")
seen = [parameters(link) for link in (record.iri, record.uri, written.iri)]
sys.exit(seen != [PARAMETERS, {}, {"card": ["42"], "name": ["A"]}])
EOF
