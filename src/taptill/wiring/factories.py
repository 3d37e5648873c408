"""Functions that build a till's rules and settlement from the tables of the config."""

import random
from functools import partial
from math import inf

from taptill.backend.customers import CustomersApi
from taptill.checkout.keypad import Keypad
from taptill.checkout.modes.mode import TillMode
from taptill.checkout.till_state import TillSettings
from taptill.clock import SystemClock
from taptill.config import Config
from taptill.domain.basket import Good, barcode_form
from taptill.domain.decision import Policy
from taptill.domain.pending import PendingBalance
from taptill.domain.staff.member import Role, StaffMember
from taptill.journal.journal import Journal
from taptill.journal.queries import known_customers
from taptill.settlement.schedule import (
    Settlement,
    SettlementCallbacks,
    SettlePolicy,
)
from taptill.settlement.strategy import OfficeFiles, Strategy

HOUR_S = 3600.0


def till_settings(config: Config, balance: PendingBalance) -> TillSettings:
    """Return the till's settings from the tables of the config."""
    offline = config.offline
    policy = Policy(
        max_charge=config.till.max_charge,
        credit_ceiling=config.limits.credit_ceiling,
        fresh_s=float(config.lookup.fresh_s),
        max_age_s=config.cache.max_age_h * HOUR_S,
        floor_limit=offline.per_charge,
        offline_per_customer=offline.per_customer,
        offline_per_terminal=offline.per_terminal,
        override_max=config.limits.override_max,
    )
    mode = TillMode(config.till.mode)
    lock_after_s = float(config.till.lock_after_s or inf)
    if mode.is_unattended:  # who looks into a till among customers shall not stay logged in
        lock_after_s = min(lock_after_s, float(config.privacy.let_go_after_s))
    return TillSettings(
        keypad=Keypad(
            goods_of(config),
            config.till.currency,
            config.till.implied_decimals,
            amounts=mode is TillMode.ATTENDED or config.till.customer_amounts,
        ),
        policy=policy,
        balance=balance,
        live_deadline_s=config.lookup.live_deadline_ms / 1000,
        void_window_s=float(config.till.void_window_s),
        clear_after_s=float(config.privacy.clear_after_s),
        let_go_after_s=float(config.privacy.let_go_after_s),
        staff=staff_of(config),
        lock_after_s=lock_after_s,
        mode=mode,
        countdown_s=config.till.countdown_s,
        finds_by_name=config.privacy.show_name != "never",
        max_repayment=config.till.max_repayment if config.till.repayments else None,
    )


def staff_of(config: Config) -> tuple[StaffMember, ...]:
    """Return who may work at the till, from the tables of the config."""
    return tuple(
        StaffMember(member.name, Role(member.role), member.pin_hash, member.card_id)
        for member in config.staff
    )


def goods_of(config: Config) -> tuple[Good, ...]:
    """Return the goods of the config, in its order, which gives them their numbers."""
    return tuple(
        Good(
            good.key,
            good.name,
            good.price,
            group=good.group,
            barcode=barcode_form(good.barcode),
            tax=good.tax,
        )
        for good in config.goods
    )


def strategy_of(
    config: Config,
    journal: Journal,
    api: CustomersApi,
    clock: SystemClock,
    events: SettlementCallbacks,
) -> Strategy:
    """Return the config's settlement strategy, with its way to count what is pending."""
    if config.settlement.strategy == "debt":
        return settlement_of(config, journal, api, clock, events)
    return OfficeFiles()


def settlement_of(
    config: Config,
    journal: Journal,
    api: CustomersApi,
    clock: SystemClock,
    events: SettlementCallbacks,
) -> Settlement:
    """Return the settlement of the strategy `debt`."""
    settling = config.settlement
    policy = SettlePolicy(
        journal_id=journal.journal_id,
        share_debt_data=settling.share_debt_data,
        retry_max_s=float(settling.retry_max_s),
        entry_at_mark=journal.queries.entry_at_mark,
        known_customers=partial(known_customers, journal.queries),
    )
    return Settlement(
        journal, api, clock=clock, policy=policy, jitter=random.random, callbacks=events
    )
