"""A currency's code in, its digits out, or the code that was most likely meant.

Source of codes and digits: ISO 4217 list one of the maintenance agency (SIX), published 2026-01-01.
Source of what came after a withdrawn code: the currencies of each territory, Unicode CLDR 49.
Source of the codes that are in use and in no standard: the article "ISO 4217" of the English
Wikipedia, currencies without a code and unofficial codes; with them stand some currencies' names
and signs.
"""

from collections.abc import Mapping
from difflib import SequenceMatcher
from string import ascii_uppercase

PUBLISHED = "2026-01-01"

_WITH_DIGITS = {
    2: """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL
HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT
MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB
SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH
USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
}

# Metals, funds, units of account, codes for tests and for no currency: nobody pays in them.
_NO_MONEY = """
BOV CHE CHW CLF COU MXV USN UYI UYW XAD XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX
"""

_WITHDRAWN = """
AFN:AFA ALL:ALK AOA:AOK,AON,AOR ARS:ARA,ARL,ARM,ARP AZN:AZM BAM:BAD,BAN BOB:BOL,BOP
BRL:BRB,BRC,BRE,BRN,BRR,BRZ BYN:BYB,BYR CDF:ZRN,ZRZ CLP:CLE CUP:CUC CZK:CSK GEL:GEK GHS:GHC GNF:GNS
EUR:ADP,ATS,BEF,BGL,BGM,BGN,BGO,CYP,DEM,EEK,ESP,FIM,FRF,GRD,HRD,HRK,IEP,ITL,LTL,LTT,LUF,LVL,LVR
EUR:MCF,MTL,MTP,NLG,PTE,SIT,SKK ILS:ILP,ILR ISK:ISJ KRW:KRH,KRO MAD:MAF MDL:MDC MGA:MGF MKD:MKN
MMK:BUK MRU:MRO MVR:MVP MXN:MXP MZN:MZE,MZM NIO:NIC PEN:PEI,PES PLN:PLZ RON:ROL
RSD:CSD,YUD,YUM,YUN,YUR RUB:RUR,SUR SDG:SDD,SDP SLE:SLL SRD:SRG STN:STD TJS:TJR TMT:TMM TRY:TRL
UAH:UAK UGX:UGS USD:ECS,TPE UYU:UYP VES:VEB,VEF VND:VNN XAF:GQE XCG:ANG XOF:GWE,GWP,MLF ZMW:ZMK
ZWG:RHD,ZWD,ZWL,ZWR
"""

_UNOFFICIAL = """
AUD:KID,TVD CHF:SFR CNY:CNH,RENMINBI,RMB,YUAN DKK:FOK EUR:EURO,€
GBP:GGP,IMP,JEP,STERLING,STG,UKP,£ ILS:NIS,SHEKEL,₪ INR:RUPEE,₹ JPY:YEN,¥ KRW:WON,₩ NZD:CKD
PHP:₱ RUB:₽ TRY:₺ TWD:NTD UAH:₴ USD:DOLLAR,$ VND:₫
"""

DIGITS: Mapping[str, int] = {
    code: digits for digits, codes in _WITH_DIGITS.items() for code in codes.split()
}
"""How many digits the minor unit of each currency has that people pay in."""


def _by_meaning(table: str) -> dict[str, str]:
    rows = (row.partition(":") for row in table.split())
    return {name: code for code, _, names in rows for name in names.split(",")}


REPLACED: Mapping[str, str] = _by_meaning(_WITHDRAWN)
"""What took the place of a currency that was withdrawn; of several the one of most territories."""


def digits_of(code: str) -> int:
    """Return the digits of a currency's minor unit; 2 for a code that the list does not have.

    Books that were begun in a currency that has been withdrawn since are still to be read.
    """
    return DIGITS.get(code, 2)


def complaint_about(code: str) -> str:
    """Say what is wrong with a code and which one is nearest; empty for one that people pay in."""
    if code in DIGITS:
        return ""
    capitals = code.strip().upper()
    if capitals in DIGITS:
        return f"{code} is written {capitals}"
    if capitals in REPLACED:
        return f"{code} was withdrawn, {REPLACED[capitals]} took its place"
    near = _nearest(capitals)
    if near is None:
        return f"{code!r} is not in ISO 4217: write a code of three capitals, such as EUR"
    if capitals in _NO_MONEY.split():
        return f"{code} is no currency to pay in, the nearest code is {near}"
    return f"{code} is not in ISO 4217, the nearest code is {near}"


def _nearest(code: str) -> str | None:
    """Return the code that was most likely meant, by the commonest slip that leads to one.

    None of what has no letter of any code. First an unofficial code, a name or a sign; then the
    same letters in another order, two neighbours before others; then the code of the same country,
    or the one that is most like it.
    """
    with_swaps = (
        code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)
    )
    likely = [
        *filter(None, [_by_meaning(_UNOFFICIAL).get(code)]),
        *(neighbour for neighbour in with_swaps if neighbour in DIGITS),
        *(candidate for candidate in DIGITS if sorted(candidate) == sorted(code)),
    ]
    if likely:
        return likely[0]
    if not set(code) & set(ascii_uppercase):
        return None
    return max(DIGITS, key=lambda near: (near[:2] == code[:2], _likeness(near, code)))


def _likeness(candidate: str, code: str) -> float:
    return SequenceMatcher(None, candidate, code).ratio()
