"""Who acts at the till."""

from enum import StrEnum


class TillMode(StrEnum):
    """Who acts at the till; each is a word of the config and a key of the screen texts."""

    ATTENDED = "attended"  # a cashier rings up, and confirms with Enter
    SELF_SERVICE = "self-service"  # customers pick goods and tap; a countdown confirms
    BALANCE = "balance"  # a tap shows the customer's balance; nothing is sold

    @property
    def is_unattended(self) -> bool:
        """Return whether customers are alone with the till, so that staff log in only for more."""
        return self is not TillMode.ATTENDED
