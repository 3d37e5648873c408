"""A seed in, a day out: what kind of backend, which faults, and act after act as luck has it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from tests.simulation.acts import COPIES, NAMES, RULINGS, Act, Fate, Says, Verb
from tests.simulation.backend import Kin
from tests.simulation.checks import Checks, PromiseError
from tests.simulation.till import REAL, ModelTill, Protocol
from tests.simulation.trace import BadDayError, DaySetup
from tests.simulation.world import World

from taptill.settlement.requests import ReadRow, Update

KINS = {
    "the plain API": Kin(),
    "plain, rows enrolled before": Kin(enrolled=True),
    "plain, a coarse clock": Kin(writes_a_second=4),
    "plain, no row in the answer": Kin(echoes=False),
    "conditions on a version": Kin(conditional=True, versions=True),
    "conditions on a version, rows enrolled before": Kin(
        conditional=True, versions=True, enrolled=True
    ),
    "conditions on a version, a coarse clock, no row in the answer": Kin(
        conditional=True, versions=True, writes_a_second=4, echoes=False
    ),
    "conditions on stamp and total": Kin(conditional=True),
    "conditions that are not obeyed": Kin(conditional=True, obeys=False),
    "debtData is dropped": Kin(keeps_debt_data=False),
    "debtData is dropped from now on": Kin(keeps_debt_data=False, enrolled=True),
    "totalDebt is ignored": Kin(keeps_money=False),
}


@dataclass(frozen=True)
class Mix:
    """Which faults a day has: `network` and `refused` per request, `crash` and `query` per step.

    `voids` is their part of what is sold; `late`: all faults of the network are requests that land
    late. `office` and `rare` are what may happen besides, with
    the likelihood of each per step.
    """

    network: float = 0.0
    crash: float = 0.0
    look_ups: float = 0.05
    old_copies: float = 0.0
    office: tuple[Verb, ...] = ()
    office_chance: float = 0.0
    rare: tuple[Verb, ...] = ()
    rare_chance: float = 0.03
    amounts: tuple[int, ...] = (320, 80, 1250, -500, 35)
    payments: tuple[int, ...] = (7, -113)
    refused: float = 0.0
    voids: float = 0.15
    empty_answers: float = 0.0
    late: bool = False


BAD = Mix(network=0.4, crash=0.01, old_copies=0.15, empty_answers=0.1)
_FORMS = (Verb.PAY, Verb.OPEN_FORM, Verb.SAVE_FORM, Verb.BLOCK)
_ROWS = (Verb.PAY, Verb.OPEN_ROW, Verb.SAVE_FORM, Verb.BLOCK)
_CLOCKS = (Verb.FORGET, Verb.JUMP)
_TWO = (320, 80)
FAR_AWAY = Mix(
    network=0.5, look_ups=0.2, office=(Verb.PAY, Verb.BLOCK), office_chance=0.1, late=True
)
_PERSON = replace(
    BAD, crash=0.03, refused=0.1, rare=(Verb.RULE, Verb.RULE, Verb.RULE_ALL), rare_chance=0.1
)

MIXES = {
    "nothing goes wrong": Mix(),
    "a bad network": replace(BAD, rare=_CLOCKS),
    "payments": replace(BAD, office=(Verb.PAY,), office_chance=0.1),
    "payments and a good network": Mix(crash=0.01, office=(Verb.PAY,), office_chance=0.1),
    "slow forms": replace(BAD, office=_FORMS, office_chance=0.08, rare=_CLOCKS),
    "old rows written back": replace(BAD, office=(*_FORMS, Verb.WRITE_BACK), office_chance=0.08),
    "whole rows saved that were opened long before": replace(
        BAD, office=_ROWS, office_chance=0.08, network=0.3
    ),
    "tills far away meet customers first": FAR_AWAY,
    "payments as large as sales": replace(
        BAD, office=_FORMS, office_chance=0.08, amounts=_TWO, payments=(-320, -80, 0)
    ),
    "the backend restored": replace(
        BAD,
        office=(Verb.PAY, Verb.BLOCK),
        office_chance=0.05,
        rare=(Verb.COPY_BOOKS, Verb.RESTORE_BOOKS),
        rare_chance=0.06,
    ),
    "debtData emptied": replace(BAD, office=(Verb.PAY, Verb.EMPTY), office_chance=0.05),
    "rows copied": replace(BAD, office=(Verb.PAY, Verb.COPY), office_chance=0.05),
    "cards cloned": replace(BAD, rare=(Verb.CLONE,), amounts=_TWO),
    "backups restored": replace(
        BAD, rare=(Verb.BACK_UP, Verb.RESTORE), rare_chance=0.06, amounts=_TWO
    ),
    "a person decides": replace(_PERSON, office=(Verb.PAY, Verb.EMPTY), office_chance=0.08),
    "a person decides, and rows are written back or copied": replace(
        _PERSON, office=(Verb.EMPTY, Verb.COPY, Verb.WRITE_BACK, Verb.PAY), office_chance=0.1
    ),
    "cards cloned, journals forked, and debtData emptied": replace(
        _PERSON,
        office=(Verb.PAY, Verb.EMPTY),
        office_chance=0.06,
        rare=(Verb.CLONE, Verb.FORK, Verb.FORK, Verb.RULE),
        amounts=_TWO,
    ),
    "cards cloned, and journals forked": replace(
        BAD,
        rare=(Verb.CLONE, Verb.FORK, Verb.FORK, Verb.FORK, Verb.RULE),
        rare_chance=0.1,
        amounts=_TWO,
    ),
    "a till retires": replace(
        BAD, office=(Verb.PAY,), office_chance=0.05, rare=(Verb.RETIRE,), rare_chance=0.1
    ),
}


@dataclass(frozen=True)
class DayPlan:
    """One day: where, with what faults, how many tills, sales and steps.

    `staffed`: the site has staff, who take back parts of sales, override, and close shifts.
    """

    kin: Kin
    mix: Mix
    tills: int = 2
    sales: int = 10  # and voids, and what else is done at the counter
    steps: int = 150
    seed: int = 0
    customers: tuple[int, ...] = tuple(NAMES)
    staffed: bool = False

    @classmethod
    def of(cls, seed: int) -> "DayPlan":
        """Return the day of a seed; seeds in a row go through all kinds of backend and faults."""
        kinds, mixes = list(KINS.values()), list(MIXES.values())
        kin = kinds[seed % len(kinds)]
        mix = mixes[seed // len(kinds) % len(mixes)]
        customers = tuple(NAMES)[: 3 if seed % 5 == 0 else 2]
        # Two rounds of all kinds and mixes: each once with staff, once without.
        staffed = (seed + seed // len(kinds)) % 2 == 0
        return cls(
            kin,
            mix,
            tills=2 + seed // 7 % 2,
            sales=20 if staffed else 10,
            seed=seed,
            customers=customers,
            staffed=staffed,
        )


class Dice:
    """Act after act, as a seed and a mix have it."""

    def __init__(self, plan: DayPlan) -> None:
        self._luck = Random(plan.seed)
        self._plan = plan
        self._sales = plan.sales

    def acts(self, world: World) -> Iterator[Act]:
        """Return the acts of a day; each depends on what became of those before."""
        for _ in range(self._plan.steps):
            yield self._next(world)

    def _next(self, world: World) -> Act:
        mix, luck = self._plan.mix, self._luck
        till = luck.choice(world.tills)
        customer = luck.choice(self._plan.customers)
        draw = luck.random()
        if self._sales and draw < 2 * self._plan.sales / self._plan.steps:
            self._sales -= 1
            if self._plan.staffed and luck.random() < STAFFED_CHANCE:
                return self._at_the_counter(till, customer)
            if luck.random() < mix.voids:
                return Act(Verb.VOID, till.number, customer)
            return Act(Verb.SELL, till.number, customer, luck.choice(mix.amounts))
        draw = luck.random()
        if draw < mix.office_chance:
            return self._office(luck.choice(mix.office), customer)
        if mix.rare and draw < mix.office_chance + mix.rare_chance:
            return self._rare(luck.choice(mix.rare), till, customer)
        if luck.random() < mix.crash:
            return Act(Verb.CRASH, till.number, how=luck.randint(0, 1))
        if luck.random() < mix.look_ups:
            ago = luck.randint(1, 4) if luck.random() < mix.old_copies else 0
            return Act(Verb.LOOK, till.number, customer, ago)
        return self._progress(world, till)

    def _at_the_counter(self, till: ModelTill, customer: int) -> Act:
        """Do what only a till with staff can."""
        luck, verb = self._luck, self._luck.choice(COUNTER)
        how = {
            Verb.TAKE_BACK: luck.randrange(512),
            Verb.TAKE_CASH: luck.choice((2000, 500, -200, -35)),
            Verb.CASH_BACK: luck.randrange(8),
            Verb.OVERRIDE: luck.choice((320, 800)),
            Verb.OPEN_SHIFT: luck.choice((0, 20_000)),
            Verb.CLOSE_SHIFT: luck.randint(0, 1),
        }
        return Act(verb, till.number, customer, how.get(verb, 0))

    def _office(self, verb: Verb, customer: int) -> Act:
        luck = self._luck
        match verb:
            case Verb.PAY | Verb.OPEN_FORM | Verb.OPEN_ROW:
                return Act(verb, customer=customer, how=luck.choice(self._plan.mix.payments))
            case Verb.WRITE_BACK:
                return Act(verb, customer=customer, how=luck.randint(1, 5))
            case Verb.COPY:
                return Act(verb, customer=customer, how=luck.choice(self._plan.customers))
            case Verb.EMPTY:
                return Act(verb, customer=customer, how=luck.randrange(6))
            case _:
                return Act(verb, customer=customer)

    def _rare(self, verb: Verb, till: ModelTill, customer: int) -> Act:
        if verb is Verb.RULE:
            return self._ruling(till)
        seconds = self._luck.choice([-86400, -5, 3600]) if verb is Verb.JUMP else 0
        return Act(verb, till.number, customer, seconds)

    def _ruling(self, till: ModelTill) -> Act:
        """Decide on a case, as is true or by a guess."""
        luck, cases = self._luck, till.cases()
        customer = luck.choice(cases or self._plan.customers)
        says = Says.TRUE if luck.random() < 0.5 else luck.choice(RULINGS)
        return Act(Verb.RULE, till.number, customer, RULINGS.index(says))

    def _progress(self, world: World, till: ModelTill) -> Act:
        """Bring one request, one till or one open form a step further."""
        luck = self._luck
        if world.under_way and luck.random() < 0.1:
            verb = Verb.LAND if luck.random() < 0.8 else Verb.DROP
            return Act(verb, how=luck.randrange(len(world.under_way)))
        if world.office.forms and luck.random() < 0.1:
            return Act(Verb.SAVE_FORM, how=luck.randrange(len(world.office.forms)))
        busy = list(till.memory.under_way)
        waiting = [
            waiting_customer
            for waiting_customer in till.waiting()
            if waiting_customer not in till.memory.under_way
        ]
        if waiting and (not busy or luck.random() < 0.2):
            return Act(Verb.BEGIN, till.number, luck.choice(waiting))
        if busy:
            customer = luck.choice(busy)
            fate = self._fate(till.memory.under_way[customer].request)
            return Act(Verb.GO_ON, till.number, customer, fate=fate)
        return Act(Verb.LOOK, till.number, luck.choice(self._plan.customers))

    def _fate(self, request: object) -> Fate:
        mix, luck = self._plan.mix, self._luck
        match request:
            case ReadRow() if luck.random() < mix.old_copies:
                return luck.choice(list(COPIES))
            case ReadRow() if luck.random() < mix.empty_answers:
                return Fate.EMPTY_ANSWER
            case ReadRow() if luck.random() < mix.network / 4:
                return Fate.REQUEST_LOST
            case Update() if luck.random() < mix.refused:
                return Fate.REFUSED
            case Update() if luck.random() < mix.network:
                return Fate.LATE if mix.late else luck.choice(FATES)
            case _:
                return Fate.WELL


STAFFED_CHANCE = 0.5
COUNTER = (
    *(Verb.TAKE_BACK,) * 5,
    *(Verb.RETRY_VOID,) * 2,
    *(Verb.TAKE_CASH,) * 3,
    *(Verb.CASH_BACK,) * 2,
    *(Verb.OVERRIDE,) * 3,
    *(Verb.OPEN_SHIFT, Verb.CLOSE_SHIFT),
)

FATES = (
    Fate.REQUEST_LOST,
    Fate.REPLY_LOST,
    *(Fate.LATE, Fate.LATE, Fate.LATE),
    *(Fate.TWICE, Fate.TWICE),
    Fate.REPEATED,
    Fate.ERROR_BEFORE,
    Fate.ERROR_AFTER,
)


def live(plan: DayPlan, protocol: Protocol = REAL, *, screens: bool = True) -> World:
    """Let a day pass, and the night in which all is to heal; raises BadDayError."""
    world = World(plan.kin, plan.tills, protocol)
    checks = Checks(world, screens=screens)
    acts: list[Act] = []
    try:
        for act in Dice(plan).acts(world):
            acts.append(act)
            if world.perform(act):
                checks.step()
        checks.night()
    except PromiseError as found:
        case = DaySetup(plan.kin, plan.tills, protocol, screens)
        raise BadDayError(case, acts, found.where, plan.seed) from found
    finally:
        world.close()
    return world


@dataclass
class DayCounts:
    """Counts of some days; `payments`, `lost_payments` by whether updates are conditional."""

    days: int = 0
    act_counts: Counter[str] = field(default_factory=Counter)
    entries: Counter[str] = field(default_factory=Counter)
    payments: Counter[bool] = field(default_factory=Counter)
    lost_payments: Counter[bool] = field(default_factory=Counter)

    def add(self, world: World) -> None:
        """Count a day in."""
        conditional = world.backend.kin.guarded
        self.days += 1
        self.act_counts += world.done
        for till in world.tills:
            self.entries += till.kinds
        self.payments[conditional] += len(world.backend.payments)
        self.lost_payments[conditional] += len(world.lost_payments())

    def merge(self, tally: "DayCounts") -> None:
        """Count the days of another tally in."""
        self.days += tally.days
        self.act_counts += tally.act_counts
        self.entries += tally.entries
        self.payments += tally.payments
        self.lost_payments += tally.lost_payments

    def lines(self) -> list[str]:
        """Say it in lines for people."""
        titles = {False: "the plain API", True: "conditional updates"}
        paid_sums = [
            f"{title}: {self.lost_payments[key]} of {self.payments[key]} payments at the office"
            " lost"
            for key, title in titles.items()
        ]
        acts = ", ".join(f"{name} {count}" for name, count in self.act_counts.most_common())
        kinds = ", ".join(f"{name} {count}" for name, count in self.entries.most_common())
        return [f"{self.days} days", *paid_sums, f"happened: {acts}", f"journaled: {kinds}"]


Lot = tuple[DayCounts, str]
"""What was counted, and the bad day that ended it, in words; empty: none."""


def live_lot(lot: tuple[int, int]) -> Lot:
    """Live some days in a row; stop at the first that breaks the promise."""
    tally = DayCounts()
    for seed in range(*lot):
        try:
            tally.add(live(DayPlan.of(seed)))
        except BadDayError as bad:
            return tally, str(bad)
    return tally, ""
