"""A world at one moment in, what breaks the promise of docs/charging.md out."""

from collections.abc import Iterator

from tests.simulation.acts import NAMES, Verb, money
from tests.simulation.counter.checks import counter_faults
from tests.simulation.night import end_cases, heal
from tests.simulation.till import ModelTill
from tests.simulation.world import World

from taptill.domain.customer import Snapshot
from taptill.domain.entry import MarkedEntry
from taptill.domain.pending import pending
from taptill.settlement.reconcile import ConflictReason
from taptill.settlement.settle import GONE_MAX

NEEDLESS = "case that nobody is to blame for"


class PromiseError(AssertionError):
    """The promise is broken; `where` names the check that found it."""

    def __init__(self, where: str, fault_text: str) -> None:
        super().__init__(f"{where}: {fault_text}")
        self.where = where
        self.what = fault_text


class Checks:
    """The checks of one world; `screens` off for a protocol whose screens would count otherwise."""

    def __init__(self, world: World, *, screens: bool = True) -> None:
        self._world = world
        # A backend that keeps half a pair makes screens wrong until the halt: that is its nature.
        kin = world.backend.kin
        moves_safely = kin.honest or (kin.keeps_money and not kin.enrolled)
        self._screens = screens and moves_safely
        self._faces: dict[tuple[int, str], dict[object, Snapshot]] = {}
        self._seen = dict.fromkeys(world.backend.versions, 0)

    def step(self) -> None:
        """Check what may have changed with the last act."""
        if self._screens:
            self._check_screens()
        for (till, customer), times in self._world.missed.items():
            position = self._world.tills[till - 1].position(customer)
            if times and times < GONE_MAX and position and position.conflict == ConflictReason.GONE:
                raise PromiseError("desk", f"{NAMES[customer]} is given up too soon")
        if self._world.person.wronged:
            raise PromiseError("desk", self._world.person.wronged)
        if self._world.staff.wronged:
            raise PromiseError("counter", self._world.staff.wronged)
        kin = self._world.backend.kin
        if not kin.keeps_debt_data and not kin.enrolled and self._world.backend.moved():
            raise PromiseError("money", "money has moved where no mark is kept")
        if any(not loss.is_excused for loss in self._world.backend.losses):
            raise PromiseError("payments", "a payment at the office is overwritten without need")

    def night(self) -> None:
        """Check while all heals, and then the books."""
        for _ in heal(self._world):
            self.step()
        self._check_desk_is_empty()
        self._check_cases()
        for _ in end_cases(self._world):
            self.step()
        self.end()

    def end(self) -> None:
        """Check the books once all has healed."""
        if not self._world.heals:
            raise PromiseError("settling", "it never heals")
        for customer in self._world.backend.versions:
            self._check_payments(customer)
            for journal_id in {till.journal_id for till in self._world.tills}:
                self._check_books(customer, journal_id)
        if self._world.calm:
            self._check_nothing_to_do()
        if self._world.backend.kin.honest and any(till.cases() for till in self._world.tills):
            raise PromiseError("desk", "there is a case that nobody can end")
        for till in self._world.tills:
            self._check_counter(till)

    @staticmethod
    def _check_counter(till: ModelTill) -> None:
        """Nothing is taken back beyond itself, and each entry is in one shift."""
        if till.voided_twice():
            raise PromiseError("desk", f"till {till.number} has voided what was written off")
        for fault in counter_faults(till):
            raise PromiseError("counter", f"till {till.number}: {fault}")

    # --- what a screen shows --------------------------------------------------------------------

    def _check_screens(self) -> None:
        """Every version that ever was may be in some cache, or in an answer under way."""
        tills = [till for till in self._world.tills if not till.doubtful]
        for customer, versions in self._world.backend.versions.items():
            fresh = versions[self._seen[customer] :]
            self._seen[customer] = len(versions)
            for till in tills:
                faces = self._faces.setdefault((customer, till.journal_id), {})
                rows_shown = [row for row in fresh if self._is_new(faces, row, till.journal_id)]
                if customer in till.dirty:
                    rows_shown = list(faces.values())
                for version in rows_shown:
                    self._check_screen(till, version)
        for till in tills:
            till.dirty.clear()

    def _is_new(self, faces: dict[object, Snapshot], version: Snapshot, journal_id: str) -> bool:
        """Keep one version of those that look alike to a journal."""
        face = self._world.backend.face(version, journal_id)
        return faces.setdefault(face, version) is version

    def _check_screen(self, till: ModelTill, version: Snapshot) -> None:
        customer = version.customer.id
        position = till.position(customer)
        count, footing_at = till.protocol.pending, till.harness.queries.entry_at_mark
        shown_sum, in_question = count(version, position, till.journal_id, footing_at)
        counted_sum = self._world.backend.truth(version).counted(till.journal_id)
        local = position.last.total if position and position.last else 0
        name = f"till {till.number}", NAMES[customer]
        if not in_question and counted_sum + shown_sum.minor != local:
            figures = f"{money(counted_sum + shown_sum.minor)}, not {money(local)},"
            raise PromiseError("screen", f"{name[0]} counts {figures} for {name[1]}")
        if in_question and not self._may_be_missing(till, version, local, shown_sum.minor):
            figures = f"{money(shown_sum.minor)} of {money(local)}"
            raise PromiseError("screen", f"{name[0]} has {figures} in question for {name[1]}")

    @staticmethod
    def _may_be_missing(till: ModelTill, version: Snapshot, local: int, shown_sum: int) -> bool:
        """Return whether what is in question is what may be missing in a version of the row.

        With our mark in it that is what the mark does not cover, without one it is all; unless it
        was given up, or a person has said what a row of this epoch holds.
        """
        position = till.position(version.customer.id)
        mark = version.marks.table.get(till.journal_id)
        look = till.query(version.customer.id, mark.seq if mark else None)
        assert look
        assert position
        if mark and look.marked_entry == MarkedEntry(version.customer.id, mark):
            return shown_sum == local - mark.total
        given_up = position.last is not None and position.closed_seq == position.last.seq
        origin = position.attempt.origin if position.attempt else None
        return shown_sum in {
            local,
            0 if given_up else local,
            local - (origin.total if origin else 0),
        }

    # --- the books ------------------------------------------------------------------------------

    def _check_payments(self, customer: int) -> None:
        """Every payment at the office is in the total, or somebody is known to have undone it."""
        backend = self._world.backend
        truth = backend.truth(backend.read(customer))
        missing = self._world.payments_of(customer) - truth.payments
        explained_payments = backend.undone | {loss.payment for loss in backend.losses}
        if not missing <= explained_payments:
            raise PromiseError(
                "payments", f"nobody knows where {missing - explained_payments} went"
            )

    def _check_books(self, customer: int, journal_id: str) -> None:
        """What the total holds of a journal is all of it, or one who knows says what is missing."""
        backend = self._world.backend
        own_sum = backend.truth(backend.read(customer)).counted(journal_id)
        tills = [till for till in self._world.tills if till.journal_id == journal_id]
        silent = [till for till in tills if not self._says_so(till, customer)]
        doubtful = any(till.doubtful for till in tills)
        if doubtful and not backend.kin.honest:
            return  # what moved before the alarm went with the journal that knew
        entries = {key: amounts for till in silent for key, amounts in till.money(customer).items()}
        left = [former for former in self._world.former if former.journal_id == journal_id]
        for former in left:
            entries.update(former.money.get(customer, {}))
        known_sums = {sum(entries.values())}
        for former in left:  # a person has decided what became of these
            known_sums |= {total + former.doubtful.get(customer, 0) for total in known_sums}
        # Twins that overwrite each other before the alarm cannot know it: docs/charging.md. Nor can
        # one whose twin's mark somebody has emptied.
        was_emptied = (left or doubtful) and self._world.done[Verb.EMPTY]
        overwritten = (left and not backend.kin.guarded) or was_emptied
        if silent and own_sum not in known_sums and not overwritten:
            numbers = ", ".join(str(till.number) for till in silent)
            fault_text = f"{NAMES[customer]}'s total holds {money(own_sum)} of till {numbers}"
            raise PromiseError(
                "books", f"{fault_text}, not {money(sum(entries.values()))}, and no desk names it"
            )
        sums = self._sums(customer, tills)
        may_check = backend.kin.honest and not left and not was_emptied
        if may_check and not any(own_sum in possible_sums for possible_sums in sums):
            raise PromiseError(
                "books", f"{money(own_sum)} is no sum that journal {journal_id} ever had"
            )

    @staticmethod
    def _sums(customer: int, tills: list[ModelTill]) -> Iterator[set[int]]:
        return (till.sums.get(customer, {0}) for till in tills)

    def _says_so(self, till: ModelTill, customer: int) -> bool:
        """Return whether an alarm, a case or its end names what is missing.

        On a backend that does not keep what it is sent, two more signs count: an update that moves
        no money and is tried for ever, and, where the office paid or wrote an old row back as well
        (which hides a half-kept pair), a journaled movement of the base.
        """
        position, backend = till.position(customer), self._world.backend
        if till.memory.stop is not None or (position and position.conflict):
            return True
        if position is None or position.last is None:
            return False
        if position.closed_seq == position.last.seq:
            return True  # a person, by name, has given the row up
        if backend.kin.honest:
            return False
        office = self._world.payments_of(customer) or self._world.done[Verb.WRITE_BACK]
        if office and position.base != backend.office_part(customer):
            return True
        return position.open and position.last.total == (
            position.row_mark.total if position.row_mark else 0
        )

    def _check_desk_is_empty(self) -> None:
        """After faults of the network alone nobody has to decide anything.

        But a payment of just what a sale came to may look like a row that went back.
        """
        cases = sum(len(till.cases()) for till in self._world.tills)
        if self._world.blameless:
            self._world.done[NEEDLESS] += cases
        if self._world.calm and cases:
            if not self._world.looks_halved:
                raise PromiseError("desk", "there is a case without need")
            self._world.calm = False

    def _check_cases(self) -> None:
        """What a case says to be in question is what may be missing in the row as it is."""
        world = self._world
        if not (world.backend.kin.honest and self._screens):
            return
        for till in world.tills:
            for customer in till.cases():
                position, row = till.position(customer), world.backend.read(customer)
                assert position
                shown_sum, _ = pending(
                    row, position, till.journal_id, till.harness.queries.entry_at_mark
                )
                if position.in_question != shown_sum.minor:
                    figures = f"{money(position.in_question)}, not {money(shown_sum.minor)}"
                    fault_text = (
                        f"till {till.number}'s case of {NAMES[customer]} is about {figures}"
                    )
                    raise PromiseError("desk", fault_text)

    def _check_nothing_to_do(self) -> None:
        """After faults of the network alone nobody has to decide anything, and all is settled."""
        if self._world.halts and not self._world.looks_halved:
            raise PromiseError("desk", "settling was halted without need")
        for till in self._world.tills:
            if till.memory.stop:
                raise PromiseError("desk", f"till {till.number} has stopped: {till.memory.stop}")
            for customer in till.customers():
                position = till.position(customer)
                assert position
                if position.conflict:
                    raise PromiseError("desk", f"till {till.number}: {position.conflict}")
                self._check_settled(till, customer)

    def _check_settled(self, till: ModelTill, customer: int) -> None:
        position = till.position(customer)
        backend = self._world.backend
        row = backend.read(customer)
        if till.off or position is None or position.last is None:
            return
        if position.open or row.marks.table.get(till.journal_id) != position.last:
            raise PromiseError("settling", f"till {till.number} is not done with {NAMES[customer]}")
        if position.base != backend.office_part(customer):
            raise PromiseError(
                "watch", f"till {till.number} has missed a move of {NAMES[customer]}"
            )
