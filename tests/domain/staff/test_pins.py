"""Roles, and PINs as hashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import about

from taptill.domain.card_id import CardId
from taptill.domain.staff.member import Right, Role, StaffMember
from taptill.domain.staff.pins import (
    PIN_WAIT_S_MAX,
    check_hash,
    hash_pin,
    is_pin,
    pin_matches,
    pin_wait_s,
)

MADE_HERE = hash_pin("2580")


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.CASHIER, {Right.SELL, Right.CLOSE_SHIFT, Right.FIND, Right.PAY_IN}),
        (Role.SUPERVISOR, set(Right)),
        (Role.TECHNICIAN, {Right.SELL, Right.INSPECT}),
    ],
)
def test_what_each_role_may_do(role: Role, rights: set[Right]) -> None:
    assert {right for right in Right if StaffMember("Jo", role).may(right)} == rights


@pytest.mark.parametrize("pin", ["2580", "000000", "123456789012"])
def test_a_hash_is_of_its_pin_alone_and_salted(pin: str) -> None:
    pin_hash = hash_pin(pin)
    check_hash(pin_hash)
    assert pin_matches(pin, pin_hash)
    assert not pin_matches(pin[:-1] + "x", pin_hash)
    assert not pin_matches(pin + "0", pin_hash)
    assert hash_pin(pin) != pin_hash
    assert pin not in pin_hash.split("$")


@pytest.mark.parametrize("text", ["", "123", "1234567890123", "12a4", "１２３４", "-123", " 1234"])
def test_what_is_no_pin(text: str) -> None:
    assert not is_pin(text)
    assert not pin_matches(text, MADE_HERE)
    with pytest.raises(ValueError, match="4 to 12 digits"):
        hash_pin(text)


def test_the_key_is_what_scrypt_gives_for_the_figures_in_the_hash() -> None:
    """RFC 7914 says what scrypt is; this hash was made with another implementation's figures."""
    pin_hash = (
        "scrypt$1024$8$16$TmFDbE5hQ2xOYUNsTmFDbA==$vPSUuXHsrJu6OGGK0H7t1UwMqRLkwzGYGMmsRFAuMCY="
    )
    check_hash(pin_hash)
    assert not pin_matches("2580", pin_hash)


@pytest.mark.parametrize(
    "pin_hash",
    [
        "2580",
        "scrypt$",
        "scrypt$4096$8$1$$",
        "scrypt$1048576$8$1$AAAA$" + "A" * 43 + "=",
        "scrypt$4096$4096$1$AAAA$" + "A" * 43 + "=",
        "scrypt$4095$8$1$AAAA$" + "A" * 43 + "=",
        "scrypt$4096$8$99$AAAA$" + "A" * 43 + "=",
        "scrypt$4096$8$1$AAAA$QUJD",
        "scrypt$4096$8$1$not base 64!$" + "A" * 43 + "=",
        "bcrypt$4096$8$1$AAAA$" + "A" * 43 + "=",
    ],
)
def test_a_hash_that_is_wrong_or_costs_too_much_matches_nothing(pin_hash: str) -> None:
    assert not pin_matches("2580", pin_hash)
    with pytest.raises(ValueError):  # noqa: PT011 - the config wraps whatever it says
        check_hash(pin_hash)


@given(st.text(max_size=80))
@about(50)
def test_no_text_of_the_config_is_more_than_wrong(text: str) -> None:
    assert not pin_matches("2580", f"scrypt${text}")


def test_waits_grow_to_a_bound() -> None:
    assert [pin_wait_s(count) for count in (0, 1, 2, 3, 4)] == [0.0, 1.0, 2.0, 4.0, 8.0]
    assert pin_wait_s(10**9) == PIN_WAIT_S_MAX


def test_a_card_is_known_however_it_is_spelled() -> None:
    kim = StaffMember("Kim", Role.SUPERVISOR, card_id="04A1B2C3")
    assert kim.has_card(CardId("04a1b2c3"))
    assert not kim.has_card(CardId("04A1B2C4"))
    assert not StaffMember("Jo", Role.CASHIER).has_card(CardId(""))
