"""The goods of a config: what may be left out, what no two may share, what is only warned of."""

import pytest
from tests.config.files import complaints, text

from taptill.config import parse
from taptill.config.reading import GOODS_MAX
from taptill.domain.money import Money

COLA = "4006381333931"  # an EAN-13


def good(**values: str) -> str:
    """Return one good of a file; name and price need not be given."""
    values = {"name": "Cola", "price": "1.50", **values}
    return "[[goods]]\n" + "".join(f'{key} = "{value}"\n' for key, value in values.items())


def file(*goods: str) -> str:
    """Return the smallest file with these goods."""
    return "\n".join([text(), *goods])


def test_a_good_needs_a_name_and_a_price_alone() -> None:
    [plain] = parse(file(good())).goods
    assert (plain.key, plain.group, plain.barcode, plain.tax) == ("", "", "", "")


def test_a_good_with_everything() -> None:
    [cola] = parse(file(good(key="c", group="Cold drinks", barcode=COLA, tax="A"))).goods
    assert (cola.key, cola.group, cola.barcode, cola.tax) == ("c", "Cold drinks", COLA, "A")
    assert cola.price == Money(150)


def test_a_price_below_zero_is_a_deposit_that_is_given_back() -> None:
    [bottle] = parse(file(good(price="-0.25"))).goods
    assert bottle.price == Money(-25)


@pytest.mark.parametrize("price", ["0", "-0", "0.00", "--1", "- 1", "-", "+1", "1-", "-0.005"])
def test_a_price_of_nothing_is_none(price: str) -> None:
    [complaint] = complaints(file(good(price=price)))
    assert complaint == (
        f'[[goods]] 1 price = "{price}" must be an amount: '
        'in quotes, such as "1.50" or "-0.25", not zero'
    )


SHARED = {
    "a key": (good(key="c"), good(key="d"), good(key="c")),
    "a barcode": (good(barcode=COLA), good(), good(barcode=COLA)),
    "a UPC-A as an EAN-13": (
        good(barcode="036000291452"),
        good(),
        good(barcode="0036000291452"),
    ),
}


@pytest.mark.parametrize("goods", SHARED.values(), ids=SHARED)
def test_no_two_goods_share(goods: tuple[str, ...]) -> None:
    [complaint] = complaints(file(*goods))
    assert complaint.startswith("[[goods]] 3 ")
    assert complaint.endswith(" is that of [[goods]] 1: each needs its own")


def test_any_number_of_goods_may_have_no_key_and_no_barcode() -> None:
    assert len(parse(file(*[good()] * GOODS_MAX)).goods) == GOODS_MAX
    assert complaints(file(*[good()] * (GOODS_MAX + 1))) == [
        "[[goods]]: 2001 are too many, at most 2000 goods"
    ]


@pytest.mark.parametrize("barcode", [r"ab\u001b", " 1", "1 ", "ä", "9" * 49])
def test_a_barcode_that_no_scanner_sends_is_refused(barcode: str) -> None:
    [complaint] = complaints(file(good(barcode=barcode)))
    assert "as the scanner sends it" in complaint


WARNED = {
    "EAN-13": ("4006381333932", "as EAN-13 it would end in 1"),
    "EAN-8": ("96385075", "as EAN-8 it would end in 4"),
    "UPC-A": ("036000291453", "as UPC-A it would end in 2"),
}


@pytest.mark.parametrize(("barcode", "words"), WARNED.values(), ids=WARNED)
def test_a_wrong_check_digit_is_a_warning(barcode: str, words: str) -> None:
    """Numbers of that length need not be of GS1: a site may print labels of its own."""
    [warning] = parse(file(good(), good(barcode=barcode))).warnings
    assert str(warning) == f"[[goods]] 2 barcode {barcode}: {words}, scan it once to see"


@pytest.mark.parametrize(
    "barcode",
    ["4006381333931", "96385074", "01234531", "036000291452", "1234567", "ABC-12345", "A1234567"],
)
def test_any_other_barcode_passes_without_a_word(barcode: str) -> None:
    assert parse(file(good(barcode=barcode))).warnings == ()
