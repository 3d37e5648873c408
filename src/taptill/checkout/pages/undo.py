"""The pages of F8: a sale of this shift, or lines of it, is taken back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from taptill.checkout.charging import VOID_REASONS
from taptill.checkout.pages.choices import Choices, answered, reasons
from taptill.checkout.pages.page import (
    BACK_KEYS,
    PageRow,
    PageTraits,
    PageView,
    Phrase,
    Turn,
    moved,
    phrase,
)
from taptill.checkout.pages.sign_in import approval
from taptill.checkout.pages.staff_desk import StaffDesk
from taptill.checkout.ports import SalesBook
from taptill.checkout.recent_sales import local_time
from taptill.checkout.sale import void_draft
from taptill.domain.entry import ChargedLine, Draft
from taptill.domain.money import Money
from taptill.domain.sales.past import PastSale
from taptill.domain.sales.remainder import Part, PartRefusal, Remainder, worth
from taptill.domain.sales.repaying import NOT_PAID, direction_of, taking_back_draft
from taptill.domain.sales.undo import SaleOrigin, Undoer, UndoRight, may_undo
from taptill.domain.staff.member import Right, StaffMember

REPAYMENT_REASONS = ("wrong amount", "wrong customer", NOT_PAID)
"""Why a repayment is taken back, as the journal has it."""

LISTED_MAX = 200
"""So many of the shift's sales are listed, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesToTakeBack:
    """Asks how many of each line are taken back; `follow` is called with the part.

    `taken` holds a quantity for each line that is left.
    """

    left: Remainder
    title: PageRow
    follow: Callable[[Part], Turn]
    back: Turn
    taken: tuple[int, ...]
    chosen: int = 0
    notice: Phrase | None = None

    @property
    def lines(self) -> tuple[ChargedLine, ...]:
        """Return the lines that are taken back as it stands."""
        return tuple(
            (name, price, count)
            for (name, price, _), count in zip(self.left.lines, self.taken, strict=True)
            if count
        )

    @property
    def view(self) -> PageView:
        """Return the lines, and what is taken back of each."""
        rows = tuple(
            PageRow(
                (
                    phrase("row.of", count=count, all=quantity),
                    name or phrase("line.amount"),
                    Money(price * count),
                )
            )
            for (name, price, quantity), count in zip(self.left.lines, self.taken, strict=True)
        )
        total = PageRow((phrase("row.taken-back"), worth(self.lines)))
        return PageView(
            name="undo-lines",
            head=(self.title, total),
            rows=rows,
            chosen=self.chosen,
            notice=self.notice,
            keys=("choose", "change", "go-on", "esc-back"),
        )

    @property
    def traits(self) -> PageTraits:
        """Return that nothing but Enter acts."""
        return PageTraits()

    def press(self, key: str) -> Turn:
        """Choose a line, change how many of it are taken back, or go on."""
        if key in BACK_KEYS:
            return self.back
        if (chosen := moved(self.chosen, key, len(self.taken))) is not None:
            return Turn(replace(self, chosen=chosen, notice=None))
        if key == "enter":
            part = self.left.part(self.lines)
            if isinstance(part, PartRefusal):
                return Turn(replace(self, notice=phrase(f"undo.{part}")))
            return self.follow(part)
        return Turn(self._changed(key))

    def _changed(self, key: str) -> "LinesToTakeBack":
        count, most = self.taken[self.chosen], self.left.lines[self.chosen][2]
        match key:
            case "left" | "backspace":
                count -= 1
            case "right" | "+":
                count += 1
            case digit if len(digit) == 1 and digit in "0123456789":
                count = int(digit)
            case _:
                return replace(self, notice=phrase("page.change-lines"))
        if not 0 <= count <= most:
            return replace(self, notice=phrase("undo.not-left"))
        taken = (*self.taken[: self.chosen], count, *self.taken[self.chosen + 1 :])
        return replace(self, taken=taken, notice=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoDesk:
    """The ways through the pages of an undo.

    `age_s` returns how old a sale is, None where nobody knows; `void` carries a void out.
    """

    sales: SalesBook
    desk: StaffDesk
    window_s: float
    age_s: Callable[[PastSale], float | None]
    void: Callable[[Draft], None]

    def right_of(self, sale: PastSale, *, in_shift: bool) -> UndoRight:
        """Return whether who is logged in may take a sale back, of this shift or of an older."""
        member = self.desk.member
        undoer = Undoer(member.name, member.may(Right.UNDO_ANY)) if member else None
        origin = SaleOrigin(sale.charge.staff, self.age_s(sale), in_shift)
        return may_undo(origin, undoer, self.window_s)

    def may_alone(self, sale: PastSale) -> bool:
        """Return whether who is logged in may take a sale back without anybody else."""
        in_shift = self.sales.is_of_shift(sale.charge.seq)
        return self.right_of(sale, in_shift=in_shift) is UndoRight.ALLOWED

    def listed(self) -> tuple[PastSale, ...]:
        """Return the sales of this shift, newest first."""
        return self.sales.of_shift(limit=LISTED_MAX).sales

    def is_anything_left(self, sales: Sequence[PastSale]) -> bool:
        """Return whether one of these sales of this shift could be taken back, by whomever."""
        return any(
            not (sale.is_taken_back or sale.written_off)
            and self.right_of(sale, in_shift=True) is not UndoRight.TOO_LATE
            for sale in sales
        )

    def list_page(self, sales: Sequence[PastSale]) -> Choices:
        """Return the page that lists these sales."""
        return Choices(
            name="undo",
            rows=tuple(map(_sale_row, sales)),
            follow=lambda at, here: self.sale_turn(sales[at].charge.charge_id or "", here),
            yields=True,
        )

    def sale_turn(self, charge_id: str, back: Turn) -> Turn:
        """Return what follows when a sale of the list is chosen."""
        sale = self.sales.sale(charge_id)
        if sale is None or sale.is_taken_back:
            return answered(back, phrase("undo.nothing-left"))
        if sale.written_off:
            return answered(back, phrase("undo.written-off"))
        right = self.right_of(sale, in_shift=self.sales.is_of_shift(sale.charge.seq))
        if right is UndoRight.TOO_LATE:
            return answered(back, phrase("undo.too-late"))
        needs_second = right is UndoRight.NEEDS_SUPERVISOR
        if sale.is_repayment:
            return self._ask_repayment_reason(sale, back, needs_second=needs_second)
        if not sale.left.has_known_lines or _pieces(sale.left) == 1:
            whole = sale.left.whole()
            assert isinstance(whole, Part)
            return self._ask_reason(sale, whole, back, needs_second=needs_second)

        def follow(part: Part) -> Turn:
            return self._ask_reason(sale, part, Turn(page), needs_second=needs_second)

        page = LinesToTakeBack(
            left=sale.left,
            title=_sale_row(sale),
            follow=follow,
            back=back,
            taken=tuple(quantity for _, _, quantity in sale.left.lines),
        )
        return Turn(page)

    def _ask(
        self,
        texts: Sequence[str],
        draft: Callable[[str, str], Draft],
        back: Turn,
        *,
        head: tuple[PageRow, ...],
        needs_second: bool,
    ) -> Turn:
        """Ask why; `draft` is called with the reason, and with who allowed it, empty for nobody."""

        def commit(why: str, approved_by: str = "") -> Turn:
            entry = draft(why, approved_by)
            return Turn(then=lambda: self.void(entry))

        def follow(why: str) -> Turn:
            if not needs_second:
                return commit(why)

            def approved(member: StaffMember) -> Turn:
                return commit(why, member.name)

            return Turn(approval(self.desk, Right.UNDO_ANY, approved, Turn(page), head))

        page = reasons("undo-why", texts, follow, back)
        page = replace(page, head=head, before_approval=needs_second)
        return Turn(page)

    def _ask_reason(self, sale: PastSale, part: Part, back: Turn, *, needs_second: bool) -> Turn:
        def draft(why: str, approved_by: str) -> Draft:
            return void_draft(sale.left, part, reason=why, approved_by=approved_by)

        head = (_sale_row(sale), PageRow((phrase("row.taken-back"), part.amount)))
        texts = tuple(VOID_REASONS.values())
        return self._ask(texts, draft, back, head=head, needs_second=needs_second)

    def _ask_repayment_reason(self, sale: PastSale, back: Turn, *, needs_second: bool) -> Turn:
        def draft(why: str, approved_by: str) -> Draft:
            return taking_back_draft(sale.charge, reason=why, approved_by=approved_by)

        head = (_sale_row(sale),)
        return self._ask(REPAYMENT_REASONS, draft, back, head=head, needs_second=needs_second)


def _pieces(left: Remainder) -> int:
    return sum(quantity for _, _, quantity in left.lines)


def _sale_row(sale: PastSale) -> PageRow:
    charge = sale.charge
    amount = Money(charge.amount_minor or 0)
    amount = abs(amount) if sale.is_repayment else amount
    state: Phrase | str = ""
    if sale.is_taken_back:
        state = phrase("sale.voided")
    elif sale.is_repayment:
        state = phrase(f"row.paid-{direction_of(charge)}")
    elif sale.voids:
        state = phrase("row.left", amount=sale.left.amount)
    cells = (local_time(charge.at), amount, sale.initials, charge.staff or "", state)
    return PageRow(cells)
