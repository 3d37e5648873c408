"""A world after its day in, the same world healed, and its cases ended, out."""

from collections.abc import Iterator

from tests.simulation.acts import RULINGS, Act, Says, Verb
from tests.simulation.till import ModelTill
from tests.simulation.world import World

from taptill.settlement.settle import STALE_MAX

HEALING_ROUNDS = 20


def heal(world: World) -> Iterator[None]:
    """Let everything land, then look and settle without a fault until nobody writes any more.

    Yields after each step, so that it can be checked.
    """
    world.night_falls()
    while world.under_way:
        world.perform(Act(Verb.LAND))
        yield
    while world.office.forms:
        world.perform(Act(Verb.SAVE_FORM))
        yield
    yield from _settle(world)


def end_cases(world: World) -> Iterator[None]:
    """Let a person end every case as is true; then all settle again.

    On a backend that does not keep what it is sent nobody could.
    """
    if not world.backend.kin.honest:
        return
    for till in world.tills:
        for customer in till.cases():
            # What no row takes can only be written off.
            for says in (Says.TRUE, Says.WRITTEN_OFF):
                for _ in range(STALE_MAX):  # an old copy is asked for anew, see Settlement.resolve
                    if customer not in till.cases():
                        break
                    world.perform(Act(Verb.RULE, till.number, customer, RULINGS.index(says)))
                    yield from _finish(world, till.number, customer)
    yield from _settle(world)


def _settle(world: World) -> Iterator[None]:
    for _ in range(HEALING_ROUNDS):
        before = _entries(world)
        for till in world.tills:
            if not till.off:
                yield from _settle_till(world, till)
        if _entries(world) == before and not any(till.waiting() for till in world.tills):
            return
    world.heals = not world.backend.kin.honest


def _settle_till(world: World, till: ModelTill) -> Iterator[None]:
    number = till.number
    if world.looks_halved and world.backend.kin.honest:
        world.perform(Act(Verb.RESUME, number))
    for customer in sorted(till.memory.under_way):
        yield from _finish(world, number, customer)
    for customer in world.backend.versions:
        world.perform(Act(Verb.LOOK, number, customer))
        yield
    for customer in till.waiting():
        world.perform(Act(Verb.BEGIN, number, customer))
        yield from _finish(world, number, customer)


def _finish(world: World, number: int, customer: int) -> Iterator[None]:
    while world.perform(Act(Verb.GO_ON, number, customer)):
        yield


def _entries(world: World) -> int:
    return sum(till.written for till in world.tills)
