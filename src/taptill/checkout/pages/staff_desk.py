"""Who is at the till: log-in, lock, and wrong PINs, which are journaled and slow down."""

from dataclasses import dataclass

from taptill.checkout.session import Notice
from taptill.checkout.till_state import TillState, log_out
from taptill.domain.card_id import CardId
from taptill.domain.entry import Draft, EntryKind
from taptill.domain.staff.member import Right, StaffMember
from taptill.domain.staff.pins import pin_wait_s


@dataclass(slots=True)
class _WrongPins:
    count: int = 0
    looked_at_s: float = 0.0


class StaffDesk:
    """Checks who somebody is, and keeps who works at the till."""

    def __init__(self, state: TillState) -> None:
        self._state = state
        self._wrong_pins: dict[str, _WrongPins] = {}

    @property
    def member(self) -> StaffMember | None:
        """Return who is logged in."""
        return self._state.staff

    def who_may(self, right: Right, *, but: str = "") -> tuple[StaffMember, ...]:
        """Return the members of staff who have a right, except the one of the name `but`."""
        staff = self._state.settings.staff
        return tuple(member for member in staff if member.may(right) and member.name != but)

    def owner(self, card_id: CardId) -> StaffMember | None:
        """Return whose card this is; None where it is nobody's, or of two."""
        owners = [member for member in self._state.settings.staff if member.has_card(card_id)]
        return owners[0] if len(owners) == 1 else None

    def wait_s(self, member: StaffMember) -> float:
        """Return for how long no PIN of this member is looked at."""
        wrong_pins = self._wrong_pins.get(member.name)
        if wrong_pins is None:
            return 0.0
        until_s = wrong_pins.looked_at_s + pin_wait_s(wrong_pins.count)
        return max(0.0, until_s - self._state.now_s)

    async def is_pin_of(self, member: StaffMember, pin: str) -> bool:
        """Return whether this is the member's PIN; a wrong one is in the journal by then.

        Errors: JournalError.
        """
        if await self._state.ports.pin_matches(pin, member.pin_hash):
            self._wrong_pins.pop(member.name, None)
            return True
        wrong_pins = self._wrong_pins.setdefault(member.name, _WrongPins())
        wrong_pins.count += 1
        wrong_pins.looked_at_s = self._state.now_s
        body = {"in_a_row": wrong_pins.count}
        await self._append(Draft(EntryKind.WRONG_PIN, body=body, staff=member.name))
        return False

    async def log_in(self, member: StaffMember, how: str) -> None:
        """Let a member work from now on; `how` is `pin` or `card`. Errors: JournalError.

        Somebody whom the config does not name any more by then does not get in.
        """
        if member not in self._state.settings.staff:
            return
        body = {"role": member.role.value, "how": how}
        await self._append(Draft(EntryKind.LOGGED_IN, body=body, staff=member.name))
        self._state.staff = member
        self._state.show_notice(Notice.NONE)  # it may have said that this was for staff

    async def lock(self) -> None:
        """Let nobody work until somebody logs in. Errors: JournalError."""
        if member := self._state.staff:
            log_out(self._state)
            await self._append(Draft(EntryKind.LOCKED, staff=member.name))

    async def _append(self, draft: Draft) -> None:
        await self._state.ports.journal.append([draft])
