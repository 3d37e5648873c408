"""What the office and whoever runs the backend do in, rows written past the tills out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.simulation.acts import EMPTIED, NAMES, Act, Verb

from taptill.domain.customer import Snapshot
from taptill.domain.mark import Place, read_marks

if TYPE_CHECKING:
    from tests.simulation.world import World

SALES_UNIT = 5
"""Every sale is a multiple of it, so that a payment is told from a sale by its amount."""


@dataclass(frozen=True, slots=True)
class OpenForm:
    """A form that is open at the office: of the total alone, or of the `is_whole_row` row."""

    read: Snapshot
    amount: int
    is_whole_row: bool


class ModelOffice:
    """Books payments, saves forms, copies and restores; tells its world what that may lead to.

    `payers` holds a customer for each payment, by its number; `copied` who got another row's
    debtData.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.forms: list[OpenForm] = []
        self.payers: list[int] = []
        self._copied: set[int] = set()

    def acts(self) -> dict[Verb, Callable[[Act], bool]]:
        """Return what may be done, by its verb."""
        return {
            Verb.PAY: self._pay,
            Verb.OPEN_FORM: self._open_form,
            Verb.OPEN_ROW: self._open_form,
            Verb.SAVE_FORM: self._save_form,
            Verb.WRITE_BACK: self._write_back,
            Verb.EMPTY: self._empty,
            Verb.COPY: self._copy,
            Verb.BLOCK: self._block,
            Verb.COPY_BOOKS: self._copy_books,
            Verb.RESTORE_BOOKS: self._restore_books,
        }

    def _pay(self, act: Act) -> bool:
        written_row = self._world.backend.pay(act.customer, act.how)
        return self._paid(act.customer, "the office books {} for {}: {}", act.how, written_row)

    def _open_form(self, act: Act) -> bool:
        read, is_whole_row = self._world.backend.read(act.customer), act.verb is Verb.OPEN_ROW
        self.forms.append(OpenForm(read, act.how, is_whole_row))
        form_title = "whole row" if is_whole_row else "row"
        return self._world.say(
            f"the office opens {{}}'s {form_title}: {{}}", NAMES[act.customer], read
        )

    def _save_form(self, act: Act) -> bool:
        if act.how >= len(self.forms):
            return False
        form, world = self.forms.pop(act.how), self._world
        customer, total = form.read.customer.id, form.read.total + form.amount
        present = world.backend.read(customer)
        world.looks_halved = world.looks_halved or form.read.total != present.total
        if form.is_whole_row:
            self._goes_back(present, form.read)
            written_row = world.backend.write_back(customer, form.read, form.amount)
        else:
            written_row = world.backend.set_total(customer, total)
        return self._paid(customer, "the office saves the total {} of {}: {}", total, written_row)

    def _paid(self, customer: int, sentence: str, figure: object, written_row: Snapshot) -> bool:
        world = self._world
        self.payers.append(customer)
        world.looks_halved = world.looks_halved or world.backend.payments[-1] % SALES_UNIT == 0
        self._writes()
        return world.say(sentence, figure, NAMES[customer], written_row)

    def _write_back(self, act: Act) -> bool:
        backend = self._world.backend
        old = backend.read(act.customer, act.how)
        self._goes_back(backend.read(act.customer), old)
        written_row = backend.write_back(act.customer, old)
        words = "the office writes {}'s old row back: {}"
        return self._world.say(words, NAMES[act.customer], written_row)

    def _empty(self, act: Act) -> bool:
        self._world.calm = self._world.blameless = False
        left = EMPTIED[act.how % len(EMPTIED)]
        written_row = self._world.backend.set_marks(act.customer, read_marks(left))
        return self._world.say(
            "the office empties {}'s debtData: {}", NAMES[act.customer], written_row
        )

    def _copy(self, act: Act) -> bool:
        if act.how == act.customer or {act.customer, act.how} & self._copied:
            return False  # else a row may get an old debtData of its own kin, without the money
        self._world.calm = self._world.blameless = False
        self._copied.add(act.how)
        marks = self._world.backend.read(act.customer).marks
        written_row = self._world.backend.set_marks(act.how, marks)
        return self._world.say(
            "the office copies {}'s debtData to {}: {}",
            NAMES[act.customer],
            NAMES[act.how],
            written_row,
        )

    def _copy_books(self, _: Act) -> bool:
        self._world.backend.copy_books()
        return self._world.say("the backend's database is copied")

    def _restore_books(self, _: Act) -> bool:
        """Put the copy in place; what was under way breaks off when the service stops."""
        world = self._world
        if not world.backend.backup:
            return False
        world.under_way.clear()
        for till in world.tills:
            till.break_off()
        for customer, old in world.backend.backup.items():
            self._goes_back(world.backend.read(customer), old)
        world.backend.restore_books()
        return world.say("the backend's database is an old copy now")

    def _block(self, act: Act) -> bool:
        self._writes()
        written_row = self._world.backend.block(act.customer)
        words = "the office blocks {} or lets him in: {}"
        return self._world.say(words, NAMES[act.customer], written_row)

    def _writes(self) -> None:
        """Note an honest write of the office.

        Before the first contact it may lead to the desk only where the backend's stamps do not
        tell two versions apart: see docs/charging.md.
        """
        kin = self._world.backend.kin
        self._world.calm = self._world.calm and (kin.enrolled or kin.writes_a_second == 1)

    def _goes_back(self, present: Snapshot, old: Snapshot) -> None:
        """Note a row that goes back: before it was enrolled, no machine can say what it holds."""
        self._writes()
        if old.marks.place is Place.EMPTY and present.marks.place is not Place.EMPTY:
            self._world.calm = self._world.blameless = False
