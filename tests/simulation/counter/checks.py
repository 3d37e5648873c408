"""A journal after its day in, what is wrong with its voids, overrides and shifts out."""

from collections.abc import Iterator, Sequence

from tests.simulation.acts import NAMES, money
from tests.simulation.counter.staff import SUE
from tests.simulation.till import ModelTill

from taptill.domain.decision import OVERRIDABLE
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Money
from taptill.domain.sales.remainder import remainder
from taptill.journal.file import entries


def counter_faults(till: ModelTill) -> Iterator[str]:
    """Yield what no journal of a till may ever hold."""
    everything = list(entries(till.harness.file.connection))
    yield from _void_faults(everything)
    yield from _override_faults(everything)
    yield from _shift_faults(everything)
    yield from _exposure_faults(till, everything)


def _void_faults(everything: Sequence[Entry]) -> Iterator[str]:
    """No charge is taken back beyond itself, neither in sum nor of any line."""
    charges = {entry.charge_id: entry for entry in everything if entry.kind is EntryKind.CHARGE}
    for charge_id, charge in charges.items():
        voids = _voids_of(everything, charge_id)
        left = remainder(charge, voids)
        name = f"{NAMES[charge.customer_id or 0]}'s charge of {money(charge.amount_minor or 0)}"
        if left.amount < Money(0):
            yield f"{name} is taken back beyond itself"
        elif not left.has_known_lines:
            yield f"lines of {name} are taken back that were not sold"
        numbers = [void.body.get("number", 1) for void in voids]
        if numbers != list(range(1, len(voids) + 1)):
            yield f"the voids of {name} are numbered {numbers}"
    for void in everything:
        if void.kind is EntryKind.VOID and void.charge_id not in charges:
            yield f"entry {void.seq} takes back a charge that there is not"


def _override_faults(everything: Sequence[Entry]) -> Iterator[str]:
    for entry in everything:
        for reason, staff, why in entry.body.get("overrides", ()):
            if reason not in {*OVERRIDABLE} or staff != SUE or not why:
                yield f"entry {entry.seq} is overridden by {staff}: {reason}"


def _shift_faults(everything: Sequence[Entry]) -> Iterator[str]:
    """Each entry is in one shift; all of them and what is open are the whole journal."""
    number, end_seq, total = 0, 0, 0
    for entry in everything:
        if entry.kind is not EntryKind.SHIFT_CLOSED:
            continue
        body = entry.body
        number += 1
        if (body["number"], body["from_seq"]) != (number, end_seq + 1):
            yield f"shift {number} begins at {body['from_seq']}, and {end_seq} was the last one"
        if not end_seq < body["to_seq"] < entry.seq:
            yield f"shift {number} ends at {body['to_seq']}, and is entry {entry.seq}"
        end_seq = body["to_seq"]
        total += body["sum"]
    running = sum(entry.amount_minor or 0 for entry in everything if entry.seq > end_seq)
    booked = sum(entry.amount_minor or 0 for entry in everything)
    if total + running != booked:
        yield f"all shifts sum up to {money(total + running)}, the journal to {money(booked)}"


def _exposure_faults(till: ModelTill, everything: Sequence[Entry]) -> Iterator[str]:
    """The offline limits count what is left of each charge."""
    queries = till.harness.queries
    for customer in till.customers():
        left = 0
        for entry in everything:
            is_own = entry.kind is EntryKind.CHARGE and entry.customer_id == customer
            if is_own and entry.body.get("offline"):
                voids = _voids_of(everything, entry.charge_id)
                left += remainder(entry, voids).amount.minor
        counted = queries.offline_exposure(customer, 0).customer.minor
        if counted != left:
            yield f"{NAMES[customer]} has {money(left)} offline, and {money(counted)} is counted"


def _voids_of(everything: Sequence[Entry], charge_id: str | None) -> list[Entry]:
    return [
        entry
        for entry in everything
        if entry.kind is EntryKind.VOID and entry.charge_id == charge_id
    ]
