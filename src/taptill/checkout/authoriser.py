"""Authorisation of charges: collects the facts for the rules, and asks the rules."""

from dataclasses import dataclass

from taptill.checkout.ports import ChargeJournal
from taptill.checkout.sale import Authorisation, CardLookup
from taptill.domain.decision import (
    Declined,
    Found,
    LookupResult,
    OfflineExposure,
    Override,
    Policy,
    Question,
    Reason,
    decide,
)
from taptill.domain.errors import JournalError
from taptill.domain.money import ZERO, Money
from taptill.domain.pending import PendingBalance


@dataclass(frozen=True, slots=True)
class Authoriser:
    """Authorises charges by one till's journal and policy."""

    journal: ChargeJournal
    balance: PendingBalance
    policy: Policy

    def authorise_amount(
        self,
        lookup: CardLookup,
        amount: Money | None,
        now_s: float,
        overrides: tuple[Override, ...] = (),
    ) -> Authorisation:
        """Return whether this customer may pay `amount`; TILL_CLOSED if the journal is unreadable.

        All rules are in `domain.decision.decide`, and every charge is decided here.
        """
        result = lookup.result_at(now_s)
        try:
            pending = self._pending(result) if isinstance(result, Found) else (ZERO, False)
            question = self._question(result, amount, pending, overrides)
        except JournalError:
            decline = Declined(Reason.TILL_CLOSED)
            return Authorisation(lookup=lookup, amount=amount, decision=decline)
        return Authorisation(
            lookup=lookup,
            amount=amount,
            decision=decide(question),
            pending=pending[0],
            in_question=pending[1],
        )

    def _pending(self, cardholder: Found) -> tuple[Money, bool]:
        """Return the money that the journal holds beyond the snapshot, and if it is in question."""
        snapshot = cardholder.snapshot
        position = self.journal.position(snapshot.customer.id)
        return self.balance.pending(snapshot, position)

    def _question(
        self,
        result: LookupResult,
        amount: Money | None,
        pending: tuple[Money, bool],
        overrides: tuple[Override, ...],
    ) -> Question:
        (pending_amount, in_question), exposure = pending, OfflineExposure()
        if isinstance(result, Found):
            if in_question:  # a repayment that may be in the row already gives no headroom
                pending_amount = max(pending_amount, ZERO)
            if not result.is_fresh(self.policy.fresh_s):  # the limits are of offline charges only
                customer_id = result.snapshot.customer.id
                position = self.journal.position(customer_id)
                held_seq = self.balance.held_seq(result.snapshot, position)
                exposure = self.journal.offline_exposure(customer_id, held_seq)
        is_open = not self.journal.closed_by()
        return Question(
            lookup_result=result,
            amount=amount,
            pending=pending_amount,
            exposure=exposure,
            journal_open=is_open,
            policy=self.policy,
            overrides=overrides,
        )
