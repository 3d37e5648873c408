"""Other goods on the screen: a page of fields to touch, or of the sale panel."""

from taptill.checkout.view import TillView
from taptill.ui.sale_panel.panel import GoodsPlace, turn_goods
from taptill.ui.touch.fields import TouchSettings, touch_layout


def turned_place(
    view: TillView | None, shown: TouchSettings, place: GoodsPlace, by: int
) -> GoodsPlace | None:
    """Return the place in the goods after a page forward or back; None where none is turned."""
    if view is None or not by:
        return None
    if touch := touch_layout(view, shown):
        return GoodsPlace(touch.turned(by)) if touch.pages > 1 else None
    return turn_goods(view, shown.settings, shown.size, place, by)
