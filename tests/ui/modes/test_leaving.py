"""Before somebody ends the program: what still waits is said as it is."""

from dataclasses import replace

import pytest
from tests.ui.states import OFFLINE, READY, SETTINGS

from taptill.domain.money import Money
from taptill.ui.modes.leaving import leave_text
from taptill.ui.texts import load

SAID = {
    "en": "1 customer to send (net -€3.50)",
    "de": "1 Kunde zu senden (netto -3,50\N{NO-BREAK SPACE}€)",
    "fr": "1 client à envoyer (net -3,50\N{NO-BREAK SPACE}€)",
    "es": "1 cliente por enviar (neto -3,50\N{NO-BREAK SPACE}€)",
}


@pytest.mark.parametrize("language", SAID)
def test_more_paid_in_than_sold_has_its_sign_and_what_is_counted_is_named(language: str) -> None:
    """A sale of 1.50 and a pay-in of 5.00 of one customer wait."""
    status = replace(OFFLINE, to_send=1, to_send_sum=Money(-350))
    settings = replace(SETTINGS, texts=load(language))
    said = leave_text(replace(READY, status=status), settings)
    assert SAID[language] in said
