"""What the site chose for its screen: language, currency, privacy, and the font's limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from taptill.checkout.modes.mode import TillMode
from taptill.checkout.view import CustomerView, TillView
from taptill.domain.currencies.writing import USAGES, Usage, amount, figure, sign_of
from taptill.domain.customer import initials
from taptill.domain.decision import Declined, Reason
from taptill.domain.money import Currency, Money
from taptill.domain.technical.till_warning import TillWarning
from taptill.ui.glyphs import CONSOLE_GLYPHS
from taptill.ui.rows import NO_BREAK, clean, clip
from taptill.ui.texts import Texts

_DETAIL_CELLS = 40
_NAME_CELLS = 24
_AGES = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


class ShowName(StrEnum):
    """How much of a customer's name is on the screen."""

    FULL = "full"
    SHORT = "short"
    NEVER = "never"


class ShowDebt(StrEnum):
    """When debt, headroom and missing amounts are on the screen."""

    ALWAYS = "always"
    ON_REQUEST = "on-request"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class ScreenPrivacy:
    """What anybody at the till may read of a customer."""

    show_name: ShowName = ShowName.FULL
    show_debt: ShowDebt = ShowDebt.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    """How the screen writes texts, names and amounts; `legend` lists the demo's cards.

    A card of the legend is (capital letter, text); `staff_legend` are sample PINs, shown
    where a PIN is asked for. `console`: text from outside is limited to the
    console font. `debt_requested`: the customer has asked to see the balance (privacy
    `on-request`). `mode`: who acts at the till. `guards_leaving`: only staff may end the program.
    `touch`: customers who are alone touch the screen, `customer_amounts`: they key in amounts, too.
    `prints_each_sale`: a receipt is printed without being asked for.
    `is_practice`: nothing of it reaches the books, which every screen says.
    """

    texts: Texts
    currency: Currency
    privacy: ScreenPrivacy = ScreenPrivacy()
    legend: tuple[tuple[str, str], ...] = ()
    staff_legend: str = ""
    console: bool = False
    debt_requested: bool = False
    mode: TillMode = TillMode.ATTENDED
    guards_leaving: bool = False
    touch: bool = False
    customer_amounts: bool = False
    prints_each_sale: bool = False
    is_practice: bool = False

    def lets_leave(self, view: TillView | None) -> bool:
        """Return whether whoever is at the till may end the program; None: the till starts."""
        if self.is_practice:
            return True
        return view.may_leave if view else not self.guards_leaving

    @property
    def shows_debt(self) -> bool:
        """Return whether amounts that reveal a customer's debt may be drawn."""
        match self.privacy.show_debt:
            case ShowDebt.ALWAYS:
                return True
            case ShowDebt.ON_REQUEST:
                return self.debt_requested
            case ShowDebt.NEVER:
                return False

    def clean(self, text: str) -> str:
        """Return text from outside as characters that this terminal can show."""
        return clean(text, console=self.console)

    @property
    def sign(self) -> str:
        """Return the currency's sign in this language; its code where the font lacks the sign."""
        sign = sign_of(self.currency, self.texts.language)
        is_shown = not self.console or CONSOLE_GLYPHS.issuperset(sign)
        return sign if is_shown else self.currency.code

    @property
    def usage(self) -> Usage:
        """Return how this language writes amounts."""
        return USAGES[self.texts.language]

    def money(self, money: Money) -> str:
        """Return an amount with its currency, without plus or minus: words say which it is."""
        return amount(abs(money), self.currency, self.texts.language, self.sign)

    def price(self, money: Money) -> str:
        """Return an amount of a basket, with a minus for what is given back."""
        return amount(money, self.currency, self.texts.language, self.sign)

    def figure(self, money: Money) -> str:
        """Return an amount without its currency, where that is next to it or has no room."""
        return figure(abs(money), self.currency, self.texts.language)

    def sum(self, money: Money) -> str:
        """Return an amount for a sentence; no line breaks between its figure and its currency."""
        return self.money(money).replace(" ", NO_BREAK)

    def name(self, customer: CustomerView | None) -> str:
        """Return as much of the customer's name as may be seen."""
        return self.person(customer.name) if customer else self.texts.say("customer.nameless")

    def person(self, full_name: str) -> str:
        """Return as much of a customer's full name as may be seen."""
        if self.privacy.show_name is ShowName.NEVER:
            return self.texts.say("customer.nameless")
        name = self.clean(full_name)
        if self.privacy.show_name is ShowName.FULL or " " not in name:
            return name
        first, last = name.split()[0], name.split()[-1]
        return f"{first} {initials(last)}"

    def age(self, age_s: int) -> str:
        """Return an age in the largest unit of which it has at least one: `22 min`."""
        unit, seconds = next((age for age in _AGES if age_s >= age[1]), _AGES[-1])
        return self.texts.say(f"age.{unit}", n=str(max(0, age_s) // seconds))

    def placeholder_values(self, view: TillView) -> Mapping[str, str]:
        """Return the values for the placeholders of texts, without those unknown or private."""
        values = {
            "total": self.sum(view.total),
            "amount": self.sum(view.amount),
            "count": str(view.status.to_send),
            "sum": self.sum(view.status.to_send_sum),
            "name": clip(self.name(view.customer), _NAME_CELLS),
        }
        if view.countdown:
            values["seconds"] = str(view.countdown.seconds)
        if view.detail:
            values["detail"] = self.detail(view.detail)
        if view.customer and view.customer.age_s is not None:
            values["age"] = self.age(view.customer.age_s)
        if isinstance(view.decision, Declined):
            values |= self._limits(view.decision)
        return values

    def detail(self, text: str) -> str:
        """Return a path, program or fault named from outside, clipped to a bounded length."""
        return clip(self.clean(text), _DETAIL_CELLS)

    def _limits(self, decline: Declined) -> Mapping[str, str]:
        if not self.shows_debt and decline.reason is not Reason.AMOUNT:
            return {}
        limits = {"headroom": decline.headroom, "missing": decline.missing}
        return {key: self.sum(limit) for key, limit in limits.items() if limit is not None}


def warning_words(warning: TillWarning, settings: ScreenSettings) -> str:
    """Return a warning in the till's language."""
    values = {name: settings.clean(value) for name, value in warning.values}
    return settings.texts.say(f"warning.{warning.code}", **values)


def identity(view: TillView | None) -> tuple[str, str] | None:
    """Return whose balance is asked for: who is on the screen; None for nobody."""
    customer = view.customer if view else None
    return (customer.name, customer.company) if customer else None


def with_balance(settings: ScreenSettings, view: TillView | None) -> ScreenSettings:
    """Return the settings after F5: the balance of the customer on the screen is shown, or not."""
    is_asked = identity(view) is not None and not settings.debt_requested
    return replace(settings, debt_requested=is_asked)
