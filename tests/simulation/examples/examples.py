"""The worked examples of docs/charging-examples.md, each lived by the code that the till runs."""

from collections.abc import Callable

from tests.simulation.acts import RULINGS, Act, Fate, Says, Verb, money
from tests.simulation.backend import Kin
from tests.simulation.night import heal
from tests.simulation.trace import words
from tests.simulation.world import World

from taptill.settlement.requests import ReadRow, Update
from taptill.settlement.settle import STALE_MAX
from taptill.settlement.update_row import NOT_APPLIED_MAX

ADA = 1
ENROLLED = Kin(enrolled=True)
GUARDED = Kin(enrolled=True, conditional=True, versions=True)

Example = Callable[[World], None]


def sell(world: World, amount: int, till: int = 1) -> None:
    world.perform(Act(Verb.SELL, till, ADA, amount))


def settle(world: World, *fates: Fate, till: int = 1) -> None:
    """Settle Ada; each read of the row and each update has the next fate, or goes well."""
    left = list(fates)
    world.perform(Act(Verb.BEGIN, till, ADA))
    while running := world.tills[till - 1].memory.under_way.get(ADA):
        asks = isinstance(running.request, Update | ReadRow)
        fate = left.pop(0) if asks and left else Fate.WELL
        world.perform(Act(Verb.GO_ON, till, ADA, fate=fate))


def decide(world: World, says: Says, till: int = 1) -> None:
    """Let a person decide on Ada's case, and all go well."""
    world.perform(Act(Verb.RULE, till, ADA, RULINGS.index(says)))
    while ADA in world.tills[till - 1].memory.under_way:
        world.perform(Act(Verb.GO_ON, till, ADA))


def until_sent(world: World, till: int = 1) -> None:
    """Settle Ada up to the update, which is not sent yet."""
    world.perform(Act(Verb.BEGIN, till, ADA))
    while not isinstance(world.tills[till - 1].memory.under_way[ADA].request, Update):
        world.perform(Act(Verb.GO_ON, till, ADA))


def all_well(world: World) -> None:
    sell(world, 320)
    settle(world)


def request_lost(world: World) -> None:
    sell(world, 320)
    settle(world, Fate.WELL, Fate.REQUEST_LOST)
    settle(world)


def reply_lost(world: World) -> None:
    sell(world, 320)
    settle(world, Fate.WELL, Fate.REPLY_LOST)
    settle(world)


def lands_late(world: World) -> None:
    sell(world, 320)
    settle(world, Fate.WELL, Fate.LATE)
    sell(world, 80)
    settle(world)
    world.perform(Act(Verb.LAND))
    world.perform(Act(Verb.LOOK, 1, ADA))
    settle(world)


def power_cut(world: World) -> None:
    sell(world, 320)
    until_sent(world)
    world.perform(Act(Verb.CRASH, 1, how=1))
    world.perform(Act(Verb.LAND))
    settle(world)


def two_tills(world: World) -> None:
    sell(world, 320)
    until_sent(world)
    sell(world, 500, till=2)
    settle(world, till=2)
    settle(world)
    world.perform(Act(Verb.LOOK, 2, ADA))
    settle(world, till=2)


def old_copy(world: World) -> None:
    sell(world, 320)
    settle(world)
    sell(world, 80)
    settle(world, Fate.OLD_COPY)
    settle(world)


def void_meanwhile(world: World) -> None:
    sell(world, 320)
    settle(world, Fate.WELL, Fate.REPLY_LOST)
    world.perform(Act(Verb.VOID, 1, ADA))
    settle(world)


def office_pays(world: World) -> None:
    sell(world, 320)
    until_sent(world)
    world.perform(Act(Verb.PAY, customer=ADA, how=-800))
    settle(world)


def old_row_written_back(world: World) -> None:
    sell(world, 320)
    settle(world)
    world.perform(Act(Verb.WRITE_BACK, customer=ADA, how=1))
    world.perform(Act(Verb.LOOK, 1, ADA))
    settle(world)


def debt_data_emptied(world: World) -> None:
    sell(world, 320)
    settle(world)
    world.perform(Act(Verb.EMPTY, customer=ADA))
    world.perform(Act(Verb.LOOK, 1, ADA))
    decide(world, Says.ALL_IN)


def old_form_saved(world: World) -> None:
    world.perform(Act(Verb.OPEN_ROW, customer=ADA))
    sell(world, 320)
    settle(world)
    world.perform(Act(Verb.SAVE_FORM))
    world.perform(Act(Verb.LOOK, 1, ADA))
    decide(world, Says.NONE_IN)


def restored_from_before(world: World) -> None:
    world.perform(Act(Verb.COPY_BOOKS))
    sell(world, 320)
    settle(world)
    world.perform(Act(Verb.RESTORE_BOOKS))
    for _ in range(3):  # its stamp is a new one then
        world.perform(Act(Verb.PAY, customer=ADA, how=-100))
    world.perform(Act(Verb.LOOK, 1, ADA))
    decide(world, Says.NONE_IN)


def enrolment_lands_late(world: World) -> None:
    sell(world, 320)
    settle(world, Fate.WELL, Fate.LATE)
    world.perform(Act(Verb.BLOCK, customer=ADA))
    settle(world)
    world.perform(Act(Verb.LAND))
    world.perform(Act(Verb.LOOK, 1, ADA))
    settle(world)


def far_away(world: World) -> None:
    sell(world, 320)
    sell(world, 500, till=2)
    until_sent(world, till=2)
    world.perform(Act(Verb.BLOCK, customer=ADA))
    settle(world)
    settle(world, till=2)
    world.perform(Act(Verb.LOOK, 1, ADA))
    settle(world)


def missing_once(world: World) -> None:
    sell(world, 320)
    settle(world, Fate.EMPTY_ANSWER)
    settle(world)


def marks_alone_kept(world: World) -> None:
    sell(world, 320)
    settle(world)


def marks_dropped(world: World) -> None:
    sell(world, 320)
    for _ in range(NOT_APPLIED_MAX):
        settle(world)


def backend_restored(world: World) -> None:
    sell(world, 320)
    settle(world)
    world.perform(Act(Verb.COPY_BOOKS))
    sell(world, 80)
    settle(world)
    world.perform(Act(Verb.RESTORE_BOOKS))
    world.perform(Act(Verb.LOOK, 1, ADA))
    for _ in range(STALE_MAX):
        settle(world)


def cloned(world: World) -> None:
    world.perform(Act(Verb.CLONE, 1))
    sell(world, 320)
    settle(world)
    sell(world, 500, till=2)
    settle(world, till=2)


EXAMPLES: dict[str, tuple[Kin, int, Example]] = {
    "Nothing goes wrong (a customer met for the first time)": (Kin(), 1, all_well),
    "The request is lost": (ENROLLED, 1, request_lost),
    "The reply is lost": (ENROLLED, 1, reply_lost),
    "The charge is voided while nobody knows whether it landed": (ENROLLED, 1, void_meanwhile),
    "A request lands after we gave it up, and a later one had landed": (ENROLLED, 1, lands_late),
    "The power goes between sending and hearing": (ENROLLED, 1, power_cut),
    "The backend shows an old copy": (ENROLLED, 1, old_copy),
    "Two tills overwrite each other (plain API)": (ENROLLED, 2, two_tills),
    "The office takes a payment meanwhile (plain API): risk (a)": (ENROLLED, 1, office_pays),
    "The same with conditional updates": (GUARDED, 1, office_pays),
    "The office writes an old row back whole": (ENROLLED, 1, old_row_written_back),
    "The backend is restored from its backup": (ENROLLED, 1, backend_restored),
    "Somebody empties debtData": (ENROLLED, 1, debt_data_emptied),
    "The office saves a form that it opened before the first sale": (Kin(), 1, old_form_saved),
    "The backend is restored from before the first sale, and the office goes on": (
        Kin(),
        1,
        restored_from_before,
    ),
    "An enrolment lands late, and the office has edited the row meanwhile": (
        Kin(),
        1,
        enrolment_lands_late,
    ),
    "Two tills far away meet a customer, and the office edits the row": (Kin(), 2, far_away),
    "An answer without the customer": (ENROLLED, 1, missing_once),
    "The backend keeps the mark and drops the money": (
        Kin(enrolled=True, keeps_money=False),
        1,
        marks_alone_kept,
    ),
    "The backend drops debtData": (Kin(keeps_debt_data=False), 1, marks_dropped),
    "The till's card is cloned": (ENROLLED, 1, cloned),
}


def told(title: str) -> str:
    """Tell an example, and how it ends once all look and settle without a fault."""
    kin, tills, play = EXAMPLES[title]
    world = World(kin, tills)
    try:
        play(world)
        lines = [
            sentence.format(*map(words, figures))
            for sentence, figures in world.story
            if "looks into its journal" not in sentence
        ]
        for _ in heal(world):
            pass
        return "\n".join([f"### {title}", "", "```", *lines, f"=> {_end(world)}", "```"])
    finally:
        world.close()


def _end(world: World) -> str:
    till_count = sum(till.position(ADA) is not None for till in world.tills)
    total, office = world.backend.read(ADA).total, world.backend.office_part(ADA)
    charged_sums = {key: amount for till in world.tills for key, amount in till.money(ADA).items()}
    parts = f"total {money(total)} = {money(office)} of the office + {money(total - office)}"
    missing = sum(charged_sums.values()) - (total - office)
    stops = {till.memory.stop for till in world.tills if till.memory.stop}
    desk = sum(till.harness.queries.in_question()[0] for till in world.tills)
    ending = [f"in the end: {parts} of {till_count} till{'s' * (till_count > 1)}"]
    lost_payments = world.lost_payments()
    ending += [
        f"a payment of {money(world.backend.payments[number])} was overwritten"
        for number in lost_payments
    ]
    ending += [f"{money(missing)} of the charges is not in" if missing else "no charge is missing"]
    ending += [f"settlement is stopped ({', '.join(sorted(stops))})"] if stops else []
    ending += [f"{desk} case on the conflict desk"] if desk else []
    return "; ".join(ending)
