"""Seeds in, bad days of some tills out, each of which heals without anybody's help."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.settlement.model import BAD_DAY, Faults, Kin, World

from taptill.domain.entry import Kind

SEEDS = 60

KINDS = {
    "the plain API": Kin(),
    "the plain API, rows enrolled before": Kin(enrolled=True),
    "the plain API with a coarse clock": Kin(writes_a_second=4),
    "conditions on a version": Kin(conditional=True, versions=True),
    "conditions on stamp and total": Kin(conditional=True),
    "conditions that are not obeyed": Kin(conditional=True, obeys=False),
}


def days(kin: Kin, faults: Faults = BAD_DAY) -> Iterator[World]:
    """Give a bad day for each seed, and name the seed of the one that fails."""
    for seed in range(SEEDS):
        world = World(seed, kin, faults, tills=2 + seed % 2)
        try:
            world.run()
            yield world
        except AssertionError as fault:
            fault.add_note(f"seed {seed}")
            raise
        finally:
            world.close()


@pytest.mark.parametrize("kin", KINDS.values(), ids=KINDS)
def test_after_a_bad_day_each_entry_is_in_the_backend_once(kin: Kin) -> None:
    for world in days(kin):
        world.check()


CONDITIONAL = {name: kin for name, kin in KINDS.items() if kin.conditional and kin.obeys}


@pytest.mark.parametrize("kin", CONDITIONAL.values(), ids=CONDITIONAL)
def test_no_payment_at_the_office_is_lost_where_conditions_are_obeyed(kin: Kin) -> None:
    moved = 0
    for world in days(kin, replace(BAD_DAY, office=0.1)):
        world.check()
        moved += sum(till.bench.kinds().count(Kind.OFFICE_MOVED) for till in world.tills)
    assert moved > SEEDS


def test_the_bad_days_are_bad_enough() -> None:
    """Money is taken back and healed, sends are lost; else the days above would show little."""
    kinds = [kind for world in days(Kin()) for till in world.tills for kind in till.bench.kinds()]
    assert kinds.count(Kind.TAKEN_BACK) > SEEDS / 2
    assert kinds.count(Kind.ATTEMPT) > kinds.count(Kind.RECEIPT) + SEEDS / 2


@pytest.mark.parametrize("echoes", [True, False], ids=["echoing", "silent"])
def test_no_money_moves_where_debt_data_is_dropped(*, echoes: bool) -> None:
    for world in days(Kin(keeps_debt_data=False, echoes=echoes)):
        for customer, base in world.bases.items():
            assert world.backend.read(customer).total == base


def test_a_backend_that_keeps_marks_alone_is_found_out() -> None:
    for world in days(Kin(keeps_money=False, enrolled=True)):
        assert any(till.stopped for till in world.tills)
