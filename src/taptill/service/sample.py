"""200 invented customers for demonstrations, the same ones every time."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

COUNT = 200

COMPANIES = (
    "Analytical Society",
    "Brewster & Daughters",
    "Café Coração",
    "Общество любителей звёзд",
    "天文台食堂",
)


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card that the demo presents when a key is pressed; its text is `sample.` and the key."""

    key: str
    card_id: str


DEMO_CARDS: tuple[DemoCard, ...] = (
    DemoCard("A", "62E3086CED"),
    DemoCard("B", "0A1B5EC7D2"),
    DemoCard("C", "3C00CE754C"),
    DemoCard("D", "7F20914E83"),
    DemoCard("E", "E5D0C0FFEE"),
    DemoCard("F", "BADC0DE5A1"),
    DemoCard("G", "49C0FFEE49"),
    DemoCard("H", "4879706174"),
)
DEMO_UNKNOWN = DemoCard("X", "DEADBEEF00")

_DEMO_ROWS: tuple[dict[str, Any], ...] = (
    {"name": "Ada Byron", "company": {"id": 1}, "totalDebt": Decimal("-12.30")},
    {"name": "Blaise Verrouillé", "isBlocked": True, "totalDebt": Decimal("-50.00")},
    {"name": "Charles Babbage", "company": {"id": 1}, "totalDebt": Decimal("-1.80")},
    {"name": "Dorothea Näherin", "isCreditAllowed": True, "totalDebt": Decimal("8.40")},
    {"name": "Walk-in", "default": True},
    {"name": "[bold red]x[/] \x1b[31m\x07\u202eevil\u202c\n\t[link=x]", "totalDebt": -5},
    {"name": "Galileo Ångström", "isCreditAllowed": True, "totalDebt": Decimal("49.00")},
    {"name": "Υπατία Αστρολάβου", "company": {"id": 3}, "totalDebt": Decimal("-25.00")},
)

# Given names and invented family names, one pair of lists per script. The last pair has full names
# of historical people; each appears more than once, so that names are not unique.
_NAMES: tuple[tuple[str, str], ...] = (
    ("Žofie Øyvind Çağla Þóra Łucja Ágnes Ève Ñuño", "Hvězdář Stjerneskud Csillagász Żeglarz Å"),
    ("Grace Emmy Carl Tycho Maria Niels Sophie", "Quaternion Tessellate Abacus-Sextant Vernier"),
    ("Θαλής Ερατοσθένης Αγλαονίκη Ίππαρχος", "Γωνιομέτρης Κύλινδρος Παραβόλας"),
    ("Софья Михаил Дмитрий Ольга Їжак Његош", "Звездаренко Лунченко Орбитенко"),
    ("مريم جابر حسن فاطمة", "الفلكي النجمي الجبري"),
    ("נועה גרשון אסתר לוי", "כוכבי ירחי אופק"),
    ("張衡 沈括 祖沖之 王貞儀 関孝和 伊能忠敬 장영실 홍대용", ""),
)


def rows(scale: int = 1) -> Mapping[str, list[dict[str, Any]]]:
    """Return the rows to insert by entity; the demo's eight customers come first.

    What they owe is so many times as much as in a currency with cents.
    """
    demo = [
        {**row, "cardId": card.card_id, "externalId": f"DEMO-{card.key}"}
        for row, card in zip(_DEMO_ROWS, DEMO_CARDS, strict=True)
    ]
    customers = demo + [_generated_customer(number) for number in range(len(demo), COUNT)]
    return {
        "Companies": [{"name": name} for name in COMPANIES],
        "Customers": [
            {**row, "totalDebt": row["totalDebt"] * scale} if "totalDebt" in row else row
            for row in customers
        ],
    }


def _generated_customer(number: int) -> dict[str, Any]:
    digest = sha256(f"customer {number}".encode()).hexdigest().upper()
    random_number = int(digest[10:20], 16)
    credit = random_number % 3 == 0
    cents = random_number % (4500 if credit else 6000)
    row: dict[str, Any] = {
        "name": _name(number),
        "email": f"customer{number}@example.org",
        "cardId": digest[:10],
        "externalId": f"K-{1000 + number}",
        "isBlocked": number % 23 == 0,
        "isCreditAllowed": credit,
        "totalDebt": Decimal(cents if credit else -cents).scaleb(-2),
        "paymentCard": f"**** {random_number % 10_000:04d}" if number % 4 == 0 else None,
    }
    if company := number % (len(COMPANIES) + 1):
        row["company"] = {"id": company}
    if number % 5 == 0:
        row["debtData"] = {"lastInvoice": {"no": f"R-{number}", "sum": Decimal("20.00")}}
    return row


def _name(number: int) -> str:
    index, script = divmod(number, len(_NAMES))
    lists = [names.split() for names in _NAMES[script]]
    return " ".join(names[index % len(names)] for names in lists if names)
