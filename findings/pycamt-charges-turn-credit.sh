#!/bin/sh
# pycamt 1.1.1: a transfer of 45.00 EUR that came in (camt.053) is read as 50.00 EUR that went out.
#
# The bank's statement says in each entry (Ntry) what was booked: Amt and CdtDbtInd. The details (TxDtls) may tell
# more: what the sender ordered, in his currency, and what was kept as charges. One would guess that a reader takes
# amount and direction of the booking, above all in version 001.02, where TxDtls has neither. pycamt looks for the
# first Amt and CdtDbtInd anywhere below TxDtls and puts them over the entry's: the amount becomes the one that
# was ordered (50.00 Swiss francs), under the currency of the account, and the direction is the one of the charges.
#
# The statement below is valid by the schema camt.053.001.02 (AmtDtls and Chrgs of EntryTransaction2).
# Source: _extract_transaction and _extract_transaction_details in pycamt/parser.py (`.//Amt`, `.//CdtDbtInd`).
# The cure: read Ntry/Amt and Ntry/CdtDbtInd yourself, and check that they make the closing balance.
# Ends with 0 unchanged, 1 changed, 69 not installed.
set -eu
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
trap 'exit 75' HUP INT TERM
{ python3 -m venv "$room" && "$room/bin/pip" install --quiet pycamt==1.1.1; } || exit 69
"$room/bin/python" - <<'EOF'
import sys

from pycamt.parser import Camt053Parser

BALANCE = """<Bal><Tp><CdOrPrtry><Cd>{}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-01-05</Dt></Dt></Bal>"""
DETAILS = """<NtryDtls><TxDtls><AmtDtls><InstdAmt><Amt Ccy="CHF">50.00</Amt></InstdAmt></AmtDtls>
<Chrgs><Amt Ccy="EUR">3.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Chrgs></TxDtls></NtryDtls>"""
STATEMENT = f"""<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>1</MsgId><CreDtTm>2026-01-06T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>1</Id><CreDtTm>2026-01-06T06:00:00</CreDtTm><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
{BALANCE.format("OPBD", "100.00")}{BALANCE.format("CLBD", "145.00")}
<Ntry><Amt Ccy="EUR">45.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><BkTxCd/>{{}}</Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def booked(details):
    [entry] = Camt053Parser(STATEMENT.format(details)).get_transactions()
    return entry["Amount"], entry["Currency"], entry["CreditDebitIndicator"]


plain, detailed = booked(""), booked(DETAILS)
print("the bank's balance: 100.00 EUR before, 145.00 EUR after")
print("the entry without details:           ", *plain)
print("the entry with an order and charges: ", *detailed)
sys.exit((plain, detailed) != (("45.00", "EUR", "CRDT"), ("50.00", "EUR", "DBIT")))
EOF
