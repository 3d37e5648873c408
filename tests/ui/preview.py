"""`python tests/ui/preview.py [theme] [language]`: shows every state in a terminal; Tab goes on."""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.till import FakeTill
from tests.ui.goods.goods_states import STATES as GOODS_STATES
from tests.ui.states import LEGEND, SETTINGS, STATES
from textual import events

from taptill.ui.app import TillApp
from taptill.ui.texts import load

VIEWS = [view for view in STATES.values() if view] + [view for view, _ in GOODS_STATES.values()]


class StatePreview(TillApp):
    """The real app; Tab and Shift+Tab walk through the states."""

    place = 0

    def on_key(self, event: events.Key) -> None:
        """Show the next or previous state at Tab and Shift+Tab, else do what the app does."""
        step = {"tab": 1, "shift+tab": -1}.get(event.key)
        if step is None:
            super().on_key(event)
            return
        self.place = (self.place + step) % len(VIEWS)
        self._views.put(VIEWS[self.place])


def main() -> None:
    """Run the preview."""
    theme, language = [*sys.argv[1:], *("dark", "en")[len(sys.argv) - 1 :]]
    till = FakeTill(STATES["ready"])
    settings = replace(SETTINGS, texts=load(language), legend=LEGEND)
    StatePreview(till, till.run, settings, theme).run()


if __name__ == "__main__":
    main()
