"""A journal after its day in, what is wrong with its voids, overrides and shifts out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC

from tests.simulation.acts import NAMES, money
from tests.simulation.counter.staff import DAYS, SUE
from tests.simulation.till import ModelTill

from taptill.domain.decision import OVERRIDABLE
from taptill.domain.entry import Entry, EntryKind
from taptill.domain.money import Money
from taptill.domain.reports.shift_report import identities
from taptill.domain.sales.remainder import remainder
from taptill.domain.sales.repaying import VOIDS, takes_back
from taptill.journal.back_office.shift_check import shift_faults
from taptill.journal.back_office.shifts import running_report, stored_report
from taptill.journal.file import entries


def counter_faults(till: ModelTill) -> Iterator[str]:
    """Yield what no journal of a till may ever hold."""
    everything = list(entries(till.harness.file.connection))
    yield from _void_faults(everything)
    yield from _repayment_faults(everything)
    yield from _override_faults(everything)
    yield from _shift_faults(till, everything)
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


def _repayment_faults(everything: Sequence[Entry]) -> Iterator[str]:
    """Each repayment is taken back at most once, as a whole, and never after a write-off."""
    entries_by_seq = {entry.seq: entry for entry in everything}
    taken: Counter[int] = Counter()
    for entry in filter(takes_back, everything):
        booked = entries_by_seq.get(entry.body[VOIDS])
        if booked is None or booked.kind is not EntryKind.REPAYMENT or takes_back(booked):
            yield f"entry {entry.seq} takes back a repayment that there is not"
            continue
        taken[booked.seq] += 1
        is_whole = (booked.amount_minor or 0) + (entry.amount_minor or 0) == 0
        if not is_whole or booked.customer_id != entry.customer_id or taken[booked.seq] > 1:
            yield f"entry {entry.seq} takes entry {booked.seq} back otherwise than once, whole"
        if any(
            one.kind is EntryKind.WRITE_OFF
            and one.customer_id == booked.customer_id
            and booked.seq < one.seq < entry.seq
            for one in everything
        ):
            yield f"entry {entry.seq} takes back what was written off"


def _override_faults(everything: Sequence[Entry]) -> Iterator[str]:
    for entry in everything:
        for reason, staff, why in entry.body.get("overrides", ()):
            if reason not in {*OVERRIDABLE} or staff != SUE or not why:
                yield f"entry {entry.seq} is overridden by {staff}: {reason}"


def _shift_faults(till: ModelTill, everything: Sequence[Entry]) -> Iterator[str]:
    """Each Z is as the journal has it; all of them and the running shift are the whole journal."""
    queries = till.harness.queries
    for fault in shift_faults(queries, lambda _: UTC):
        yield f"shift {fault.number}, entry {fault.seq}: {fault.detail}"
    if not everything:
        return
    running = running_report(queries, DAYS, till.clock.now())
    closed = [
        stored_report(entry, "", lambda _: UTC)
        for entry in everything
        if entry.kind is EntryKind.SHIFT_CLOSED
    ]
    total = sum(report.figures.change_minor for report in (*closed, running))
    booked = sum(entry.amount_minor or 0 for entry in everything)
    cash = sum(
        report.cash.repaid_minor - report.cash.paid_out_minor for report in (*closed, running)
    )
    repaid = sum(
        entry.amount_minor or 0 for entry in everything if entry.kind is EntryKind.REPAYMENT
    )
    if cash != -repaid:
        yield f"all drawers have {money(cash)} of customers, the journal {money(-repaid)}"
    if total != booked:
        yield f"all shifts sum up to {money(total)}, the journal to {money(booked)}"
    for report in (*closed, running):
        for identity in identities(report):
            if not identity.holds:
                yield f"shift {report.shift.number}: {identity.name} does not hold"


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
