"""Acts in, one after another, what becomes of tills, network and backend out."""

from collections import Counter
from collections.abc import Callable

from tests.simulation.acts import COPIES, NAMES, RULINGS, TOTALS, Act, Fate, Says, Verb, lines_of
from tests.simulation.backend import Kin, ModelBackend
from tests.simulation.conflicts.office import ModelOffice
from tests.simulation.conflicts.person import ModelPerson
from tests.simulation.counter.staff import ModelStaff
from tests.simulation.till import REAL, Backup, Former, ModelTill, Packet, Protocol

from taptill.domain.entry import Draft, EntryKind
from taptill.domain.errors import EntryRefusedError
from taptill.settlement.reconcile import HaltReason
from taptill.settlement.requests import (
    Answer,
    Append,
    Applied,
    JournalAnswer,
    NoAnswer,
    OutcomeUnknown,
    ReadJournal,
    ReadRow,
    Rejected,
    Request,
    RowAnswer,
    RowNotFound,
    Update,
    UpdateAnswer,
)
from taptill.settlement.settle import STALE_MAX

COPIES_MAX = STALE_MAX - 1
"""A copy that is read more often in a row than that is no copy: the backend was restored."""

LOST = OutcomeUnknown("no answer")
REFUSED = Rejected(400, "limit")


class World:
    """Tills, a backend and a network; `perform` does one act if it is possible.

    `calm` as long as nothing has happened that a person may have to decide about, `blameless` as
    long as no person has done anything that may lead to that. `missed` counts the answers in a row
    without a customer, by till and customer. `looks_halved`
    once the office has moved a total by what a sale may come to (docs/adr/0001), or has undone one
    with an old form. `story` holds what happened as sentences with their figures, put together only
    where somebody reads them.
    """

    def __init__(self, kin: Kin, tills: int = 2, protocol: Protocol = REAL) -> None:
        self.backend = ModelBackend(kin, TOTALS)
        self.protocol = protocol
        self.tills = [
            ModelTill(number, f"aaaa{number:04d}", protocol) for number in range(1, tills + 1)
        ]
        self.under_way: list[Packet] = []
        self.person = ModelPerson(self.backend, self.under_way)
        self.former: list[Former] = []
        self.office = ModelOffice(self)
        self.staff = ModelStaff(self)
        self.calm = kin.honest
        self.blameless = kin.honest
        self.story: list[tuple[str, tuple[object, ...]]] = []
        self.done: Counter[str] = Counter()
        self._night = False
        self.halts = 0
        self.heals = True
        self._copies: Counter[int] = Counter()
        self.missed: Counter[tuple[int, int]] = Counter()
        self.looks_halved = False
        self._charges = 0
        self._acts: dict[Verb, Callable[[Act], bool]] = {
            Verb.SELL: self._sell,
            Verb.VOID: self._void,
            Verb.BEGIN: self._begin,
            Verb.GO_ON: self._go_on,
            Verb.LOOK: self._look,
            Verb.RESUME: self._resume,
            Verb.CRASH: self._crash,
            Verb.FORGET: self._forget,
            Verb.JUMP: self._jump,
            Verb.BACK_UP: self._back_up,
            Verb.RESTORE: self._restore,
            Verb.CLONE: self._clone,
            Verb.RETIRE: self._retire,
            Verb.RULE: self._rule,
            Verb.RULE_ALL: self._rule_all,
            Verb.FORK: self._fork,
            Verb.LAND: self._land,
            Verb.DROP: self._drop,
            **self.office.acts(),
            **self.staff.acts(),
        }

    def perform(self, act: Act) -> bool:
        """Do one act; False where it is not possible now, and nothing happened."""
        was_possible = self._acts[act.verb](act)
        if was_possible:
            self.done[act.fate if act.verb is Verb.GO_ON else act.verb] += 1
        return was_possible

    def payments_of(self, customer: int) -> set[int]:
        """Number a customer's payments at the office."""
        return {number for number, payer in enumerate(self.office.payers) if payer == customer}

    def lost_payments(self) -> set[int]:
        """Number the payments that tills have overwritten for good."""
        backend = self.backend
        held_payments = {
            n
            for customer in backend.versions
            for n in backend.truth(backend.read(customer)).payments
        }
        return {loss.payment for loss in backend.losses} - held_payments - backend.undone

    def new_charge_id(self) -> str:
        """Return an id that no sale of any till has."""
        self._charges += 1
        return str(self._charges)

    def close(self) -> None:
        for till in self.tills:
            till.close()

    def night_falls(self) -> None:
        """Say so; from now on nobody needs to be told of a look."""
        self._night = self.say("night falls: all lands, then all look and settle without a fault")

    def say(self, sentence: str, *figures: object) -> bool:
        self.story.append((sentence, figures))
        return True

    # --- a till ---------------------------------------------------------------------------------

    def till(self, act: Act) -> ModelTill | None:
        """Return the till that an act names, if it is there and on."""
        if not 1 <= act.till <= len(self.tills):
            return None
        till = self.tills[act.till - 1]
        return None if till.off else till

    def _sell(self, act: Act) -> bool:
        till = self.till(act)
        if till is None:
            return False
        if act.how < 0:
            till.write(Draft(EntryKind.REPAYMENT, act.customer, act.how))
            return self.say("till {} takes {} from {}", till, -act.how, NAMES[act.customer])
        body = {"lines": lines_of(act.how), "currency": "EUR", "offline": True}
        charge_id = self.new_charge_id()
        till.write(Draft(EntryKind.CHARGE, act.customer, act.how, body, charge_id=charge_id))
        return self.say("till {} charges {} {}", till, NAMES[act.customer], act.how)

    def _void(self, act: Act) -> bool:
        till = self.till(act)
        charge = till.voidable(act.customer) if till else None
        if till is None or charge is None:
            return False
        charge_id, amount = charge
        try:
            till.write(void := Draft(EntryKind.VOID, act.customer, -amount, charge_id=charge_id))
        except EntryRefusedError:
            return False  # it was written off
        till.last_void = void
        return self.say("till {} voids {}'s charge of {}", till, NAMES[act.customer], amount)

    def _begin(self, act: Act) -> bool:
        till = self.till(act)
        if till is None or act.customer in till.memory.under_way:
            return False
        if act.customer not in till.waiting():
            return False
        till.begin(act.customer, offered=self.backend.kin.conditional)
        return self.say("till {} begins to settle {}", till, NAMES[act.customer])

    def _look(self, act: Act) -> bool:
        till = self.till(act)
        if till is None:
            return False
        row = self.backend.read(act.customer, act.how)
        if not self._night:
            self.say("till {} looks {} up: {}", till, NAMES[act.customer], row)
        before, stop = till.written, till.memory.stop
        till.sight(row)
        if till.written > before:
            self.say("till {} journals what it has seen of {}: {}", till, NAMES[act.customer], row)
        if till.memory.stop is not stop:
            self.say("till {} stops all settling: {}", till, till.memory.stop)
        return True

    def _resume(self, act: Act) -> bool:
        till = self.till(act)
        if till is None or not till.harness.queries.halted():
            return False
        self.halts += 1
        till.write(
            *[Draft(EntryKind.RESUMED, customer) for customer in till.harness.queries.halted()]
        )
        till.crash()
        return self.say("the halt of till {} is lifted", till)

    def _crash(self, act: Act) -> bool:
        till = self.till(act)
        if till is None:
            return False
        for running in list(till.memory.under_way.values()) if act.how else []:
            if isinstance(running.request, Update):
                self._send(till, running.request)
                self.say("till {} has just sent {}", till, running.request)
        till.crash()
        return self.say("till {} crashes and starts again", till)

    def _forget(self, act: Act) -> bool:
        till = self.till(act)
        if till is None or not till.stamps:
            return False
        till.stamps.clear()
        return self.say("the cache of till {} is deleted", till)

    def _jump(self, act: Act) -> bool:
        till = self.till(act)
        if till is None:
            return False
        till.clock.jump(act.how)
        return self.say("the clock of till {} jumps by {} s", till, str(act.how))

    def _back_up(self, act: Act) -> bool:
        till = self.till(act)
        if till is None:
            return False
        till.backup = Backup(till.harness.image(), till.journal_id)
        return self.say("the journal of till {} is copied", till)

    def _restore(self, act: Act) -> bool:
        till = self.till(act)
        if till is None or till.backup is None:
            return False
        self.calm, self.blameless, till.doubtful = False, False, True
        till.last_void = None  # nobody knows any more whether it is there
        till.open(till.backup.image, till.backup.journal_id)
        return self.say("an old copy of till {}'s journal is put in its place", till)

    def _clone(self, act: Act) -> bool:
        till = self.till(act)
        if till is None:
            return False
        twin = ModelTill(len(self.tills) + 1, till.journal_id, self.protocol)
        twin.open(till.harness.image(), till.journal_id)
        twin.sums = {customer: set(sums) for customer, sums in till.sums.items()}
        self.tills.append(twin)
        self.calm, self.blameless, till.doubtful, twin.doubtful = False, False, True, True
        return self.say("the card of till {} is cloned: till {} begins with it", till, twin)

    def _fork(self, act: Act) -> bool:
        """Go on under another id where a twin is found out, once no request can land any more."""
        till = self.till(act)
        if till is None or till.memory.stop is not HaltReason.CLONED:
            return False
        if any(packet.till is till for packet in self.under_way):
            return False
        self.former.append(till.fork(f"ffff{len(self.former):04d}"))
        return self.say("till {} goes on under the journal id {}", till, till.journal_id)

    def _rule(self, act: Act) -> bool:
        till, says = self.till(act), RULINGS[act.how]
        resolution = self.person.resolution(till, act.customer, says) if till else None
        if till is None or resolution is None:
            return False
        till.begin(act.customer, offered=self.backend.kin.conditional, resolution=resolution)
        return self.say("a person decides on {}'s case: {}", NAMES[act.customer], says)

    def _rule_all(self, act: Act) -> bool:
        till = self.till(act)
        customers = self.person.unchanged(till) if till else []
        as_seen = RULINGS.index(Says.AS_SEEN)
        outcomes = [
            self._rule(Act(Verb.RULE, act.till, customer, as_seen)) for customer in customers
        ]
        return any(outcomes)

    def _retire(self, act: Act) -> bool:
        """Close a till for good: nothing is open, and where it can look, all is as it should be.

        Where conditions are obeyed nothing that is still under way can undo what has landed. On
        the plain API it waits until nothing is under way any more, and looks once more.
        """
        till = self.till(act)
        if till is None or till.memory.stop or till.memory.under_way or self._is_open(till):
            return False
        if not till.sums:
            return False  # a till that never sold anything shows nothing
        if not self.backend.kin.guarded:
            self._let_time_pass()
            for customer in self.backend.versions:
                till.sight(self.backend.read(customer))
        if till.memory.stop or self._is_open(till):
            return False
        self.backend.forget_old_copies()
        till.off = True
        return self.say("till {} is retired", till)

    @staticmethod
    def _is_open(till: ModelTill) -> bool:
        positions = [till.position(customer) for customer in till.customers()]
        return any(position and (position.open or position.conflict) for position in positions)

    def _let_time_pass(self) -> None:
        while self.under_way:
            self._land(Act(Verb.LAND))
        for till in self.tills:
            till.break_off()

    # --- the network ----------------------------------------------------------------------------

    def _go_on(self, act: Act) -> bool:
        till = self.till(act)
        running = till.memory.under_way.get(act.customer) if till else None
        if till is None or running is None:
            return False
        answer = self._answer(till, running.request, act)
        outcome = till.go_on(act.customer, answer)
        if outcome is not None:
            self.say("till {} is through with {}: {}", till, NAMES[act.customer], outcome)
        return True

    def _answer(self, till: ModelTill, request: Request, act: Act) -> Answer:
        match request:
            case ReadRow(customer):
                return self._read(till, customer, act.fate)
            case ReadJournal(customer, mark_seq):
                look = till.query(customer, mark_seq)
                assert isinstance(look, JournalAnswer)
                last = look.position.last
                self.say(
                    "till {} looks into its journal: {}'s last is {}", till, NAMES[customer], last
                )
                return look
            case Append(drafts):
                self.person.says(till, till.memory.under_way[act.customer], drafts)
                till.write(*drafts)
                for draft in drafts:
                    self.say("till {} journals: {} of {}", till, draft.kind, NAMES[act.customer])
                return None
            case Update():
                return self._update(till, request, act.fate)

    def _read(self, till: ModelTill, customer: int, fate: Fate) -> RowAnswer:
        if fate in {Fate.REQUEST_LOST, Fate.REPLY_LOST, Fate.ERROR_BEFORE}:
            self.say("till {} asks for {}'s row: no answer", till, NAMES[customer])
            return NoAnswer("no answer")
        if fate is Fate.EMPTY_ANSWER:
            self.missed[till.number, customer] += 1
            self.say("till {} asks for {}'s row: it is not in the answer", till, NAMES[customer])
            return RowNotFound()
        self.missed[till.number, customer] = 0
        if fate not in COPIES:
            self._copies[customer] = 0
        elif self._copies[customer] == COPIES_MAX:
            return self._read(till, customer, Fate.WELL)
        else:
            self._copies[customer] += 1
        old = " an old copy of" if fate in COPIES else ""
        row = self.backend.read(customer, COPIES.get(fate, 0))
        self.say("till {} reads{} {}'s row: {}", till, old, NAMES[customer], row)
        till.keep(row)
        return row

    def _update(self, till: ModelTill, update: Update, fate: Fate) -> UpdateAnswer:
        """Carry one update over the network, for better or worse."""
        name = NAMES[update.read.customer.id]
        self.say("till {} sends {}'s row, {}: {}", till, name, update, fate)
        packet = self._packet(till, update)
        match fate:
            case Fate.REQUEST_LOST | Fate.ERROR_BEFORE:
                return LOST
            case Fate.REFUSED:
                self.calm = self.blameless = False
                return REFUSED
            case Fate.REPLY_LOST | Fate.ERROR_AFTER:
                self._apply(packet)
                return LOST
            case Fate.LATE:
                self.under_way.append(packet)
                return LOST
            case Fate.TWICE:
                self.under_way.append(packet)
            case Fate.REPEATED:
                self._apply(packet)
            case _:
                pass
        answer = self._apply(packet)
        if isinstance(answer, Applied) and answer.row:
            till.keep(answer.row)
        return answer

    def _packet(self, till: ModelTill, update: Update) -> Packet:
        running = till.memory.under_way[update.read.customer.id]
        believed_total = running.believed_total if update.mark else None
        first = running.sends == 0 and not running.old
        return Packet(
            update, till, journal_id=till.journal_id, first=first, believed_total=believed_total
        )

    def _send(self, till: ModelTill, update: Update) -> None:
        self.under_way.append(self._packet(till, update))

    def _apply(self, packet: Packet) -> UpdateAnswer:
        update, believed_total = packet.update, packet.believed_total
        first, sender = packet.first, packet.journal_id
        answer = self.backend.apply(update, sender, first=first, believed_total=believed_total)
        customer = packet.update.read.customer.id
        refusal_note = ", not applied (409)" if isinstance(answer, OutcomeUnknown) else ""
        self.say(
            "{}'s row is now: {}{}", NAMES[customer], self.backend.read(customer), refusal_note
        )
        return answer

    def _land(self, act: Act) -> bool:
        if act.how >= len(self.under_way):
            return False
        packet = self.under_way.pop(act.how)
        self.say("a request of till {} lands late: {}", packet.till, packet.update)
        self._apply(packet)
        return True

    def _drop(self, act: Act) -> bool:
        if act.how >= len(self.under_way):
            return False
        packet = self.under_way.pop(act.how)
        return self.say("a late request of till {} never lands", packet.till)
