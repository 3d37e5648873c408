"""The real program in a pseudo-terminal: from a card's bytes to the backend's books."""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.fakes.service import running_service
from tests.scenarios.books import row_of
from tests.scenarios.program import SERIAL, SerialLine, TillSite, rdm6300, running

pytestmark = pytest.mark.slow

ADA = "62E3086CED"


def test_a_card_on_a_serial_line_pays_and_the_backend_holds_exactly_the_amount(
    tmp_path: Path,
) -> None:
    """Tap, name, block status, debt, confirm, PAID, sent; totalDebt moved by the amount."""
    line = SerialLine(tmp_path / "rfid-reader")
    with running_service(tmp_path) as service:
        site = TillSite(tmp_path, service.url, service.token, SERIAL.format(port=line.link))
        before = row_of(service, ADA)
        with running(site, afresh=True) as till:
            till.wait_until(lambda text: "READER" in text and "missing" not in text, "the reader")
            till.wait_for("ONLINE")
            till.press("420")
            line.send(rdm6300(ADA))
            till.wait_for("Ada Byron", "NOT BLOCKED", "in advance €12.30", "Ada Byron pays €4.20")
            till.confirm()
            till.wait_for("A. B. √ sent", "Thank you", "in advance €8.10")
            assert till.leave() == 0
        after = row_of(service, ADA)
    assert before.total == Decimal("-12.30")
    assert after.total - before.total == Decimal("4.20")
    line.unplug()
