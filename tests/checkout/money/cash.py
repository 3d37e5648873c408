"""Cash at the counter, as a person keys it in."""

from tests.fakes.shop import Shop


def pay(shop: Shop, card: str, cash: str, *, out: bool = False) -> None:
    """Tap, press F7, type the cash, and press Enter once it can have been read."""
    shop.tap(card)
    shop.later(0.5)
    shop.key("f7")
    if out:
        shop.key("f7")
    shop.press(cash)
    shop.enter()
    shop.later(0.2)
