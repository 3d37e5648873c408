"""Checks of a backend at its first answer and by `taptill doctor`: what is unusual about it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from statistics import median
from typing import Any

from taptill.backend.customers import CERTIFICATE_DAYS_MIN, CustomersApi
from taptill.backend.rows import MoneyFormat, parse_id
from taptill.backend.select import where
from taptill.domain.customer import Snapshot
from taptill.domain.diagnosis import Diagnosis, Verdict
from taptill.domain.errors import BackendError, CurrencyError, MalformedError, UnauthorisedError
from taptill.domain.mark import Place, with_mark
from taptill.domain.money import NEARLY_WHOLE
from taptill.domain.technical.backoff import Backoff
from taptill.domain.technical.counting import many
from taptill.domain.technical.till_warning import TillWarning, WarningCode, till_warning
from taptill.settlement.ports import Capabilities
from taptill.settlement.requests import OutcomeUnknown, Update, UpdateCondition

log = logging.getLogger("taptill.backend")

SAMPLE_ROWS = 100
"""So many customers are read."""

FIGURES_MIN = 10
"""Fewer amounts prove nothing about the scale of money."""

LARGE_AMOUNT = 100
"""In major units: half of a canteen's customers do not owe integer amounts of this and more."""

FIRST_PROBE_S, PROBE_PAUSE_MAX_S = 5.0, 300.0
"""The delay before the first probe; while nobody answers it doubles up to the second value."""

UNUSED_ID = -1
"""An id that no customer has."""


async def probe_when_online(api: CustomersApi, first_s: float = FIRST_PROBE_S) -> None:
    """Probe once, as soon as the backend answers; what is unusual becomes a warning."""
    backoff, attempt = Backoff.doubling(first_s, PROBE_PAUSE_MAX_S), 0
    while True:
        await asyncio.sleep(backoff.delay_s(attempt))
        diagnoses = await probe(api)
        if diagnoses[0].verdict is Verdict.PASS:
            break
        attempt += 1
    api.probe_warnings = [
        diagnosis.warning for diagnosis in diagnoses if diagnosis.warning is not None
    ]
    for diagnosis in diagnoses:
        if diagnosis.verdict in (Verdict.WARN, Verdict.FAIL):
            log.warning("backend.odd", extra={"check": diagnosis.name, "words": diagnosis.words})


async def probe(api: CustomersApi, *, deep: bool = False) -> list[Diagnosis]:
    """Check a backend by reads alone; if `deep`, also by an update that no row may take.

    The first diagnosis says whether it answers; if not there is no other. Never raises.
    """
    try:
        rows = await api.select.rows([], SAMPLE_ROWS)
    except CurrencyError as fault:
        return [Diagnosis("backend.currency", Verdict.FAIL, str(fault), _UNSETTLED)]
    except BackendError as fault:
        return [Diagnosis("backend.answer", Verdict.FAIL, str(fault), _advice(fault))]
    diagnoses = [Diagnosis("backend.answer", Verdict.PASS, "the Customers API answers")]
    snapshots = list(api.parse_readable(rows))
    diagnoses += [_fields(api), _visible(len(rows), len(snapshots))]
    try:
        diagnoses += [diagnosis async for diagnosis in _further_checks(api, snapshots, deep=deep)]
    except BackendError as fault:
        diagnoses.append(Diagnosis("backend.answer", Verdict.FAIL, str(fault), _advice(fault)))
    return diagnoses


async def _further_checks(
    api: CustomersApi, snapshots: Sequence[Snapshot], *, deep: bool
) -> AsyncIterator[Diagnosis]:
    if snapshots:
        yield _money([snapshot.total for snapshot in snapshots], api.select.money)
        yield await _conditions(api, snapshots[0].customer.id)
        yield await _paging(api)
        cards = [snapshot.customer.card_id for snapshot in snapshots]
        if (spelling := await _spelling(api, cards)) is not None:
            yield spelling
    answer = await api.capabilities()
    yield _capabilities(answer)
    if api.select.service.digits is not None:
        yield _currency(api)
    if deep and isinstance(answer, Capabilities) and answer.conditional_update:
        yield await _conditional_update(api, snapshots)
    days = api.certificate_days()
    if days is not None:
        yield _certificate(days)


def _fields(api: CustomersApi) -> Diagnosis:
    name, missing = "backend.fields", api.select.missing_fields
    if not missing:
        return Diagnosis(name, Verdict.PASS, "it has every field that is asked for")
    words = f"the backend has no field {', '.join(missing)}"
    return Diagnosis(name, Verdict.WARN, words, "docs/customers-api.md says what each is for")


def _visible(count: int, readable: int) -> Diagnosis:
    name = "backend.rows"
    if not count:
        advice = (
            "bring customers in, such as by taptill service import; if there are some, ask what "
            "rights the token has, and whether [backend] company_id is right"
        )
        return Diagnosis(name, Verdict.FAIL, "this token sees no customers at all", advice)
    are = "customer is" if count == 1 else "customers are"
    quantity = f"{count} or more" if count >= SAMPLE_ROWS else str(count)
    if readable < count:
        unreadable_count, make = count - readable, "makes" if count - readable == 1 else "make"
        words = f"{quantity} {are} visible, {unreadable_count} of {count} {make} no sense"
        return Diagnosis(name, Verdict.WARN, words, "the log names them and says why")
    return Diagnosis(name, Verdict.PASS, f"{quantity} {are} visible")


def _money(totals: Sequence[Decimal], form: MoneyFormat) -> Diagnosis:
    """Judge the scale by the amounts on the wire; a person must judge the sign."""
    name = "backend.money"
    amounts = [abs(form.to_wire(amount)) for amount in totals if amount]
    owing = sum(amount > 0 for amount in totals)
    customers = many(len(totals), "customer")
    words = f"{customers}: {owing} owing, {len(amounts) - owing} with money in advance"
    fractional = [
        amount for amount in amounts if abs(amount - amount.to_integral_value()) > NEARLY_WHOLE
    ]
    if not form.digits and fractional:
        warning = till_warning(WarningCode.FRACTIONS, count=len(fractional))
        advice = 'look at one: is [backend] money = "major" right?'
        return _warned(name, Verdict.WARN, warning, advice)
    all_integers = form.digits and len(amounts) >= FIGURES_MIN and not fractional
    if all_integers and median(amounts) >= LARGE_AMOUNT:
        warning = till_warning(WarningCode.LARGE_AMOUNTS, count=len(amounts))
        advice = 'look at one: is [backend] money = "minor" right?'
        return _warned(name, Verdict.WARN, warning, advice)
    return Diagnosis(name, Verdict.PASS, words)


async def _conditions(api: CustomersApi, known_id: int) -> Diagnosis:
    """Check that a select returns those who meet its condition, and nobody else."""
    name = "backend.conditions"
    matching = await api.select.rows([where("id", "=", known_id)], 2)
    not_matching = await api.select.rows([where("id", "=", UNUSED_ID)], 2)
    if [parse_id(row) for row in matching] == [known_id] and not not_matching:
        return Diagnosis(name, Verdict.PASS, "a select gives those who meet its conditions")
    warning = till_warning(WarningCode.CONDITIONS)
    return _warned(name, Verdict.FAIL, warning, "no card can be looked up like this: ask its maker")


async def _spelling(api: CustomersApi, cards: Sequence[str]) -> Diagnosis | None:
    """Check whether a card is found in another spelling; None where no card has letters.

    The words name no card id, as a diagnosis may be sent to somebody.
    """
    name, letter_cards = "backend.spelling", [card for card in cards if card != card.swapcase()]
    if not letter_cards:
        return None
    card = letter_cards[0]
    variants = {"capitals": card.swapcase(), "blanks at the end": f"{card} "}
    ignored_differences = [
        difference
        for difference, spelling in variants.items()
        if spelling not in cards
        and any(row.get("cardId") == card for row in await _rows_of_card(api, spelling))
    ]
    small = sum(card_id == card_id.lower() for card_id in letter_cards)
    mixed_case = 0 < small < len(letter_cards)
    are = "is" if small == 1 else "are"
    small_words = f"; {small} of {len(letter_cards)} cards {are} spelled in small letters"
    case_words = small_words if mixed_case else ""
    if not ignored_differences:
        verdict = Verdict.WARN if mixed_case else Verdict.PASS
        words = f"cards are compared letter by letter{case_words}"
        advice = "have all cards spelled alike" if mixed_case else ""
        return Diagnosis(name, verdict, words, advice)
    words = f"its comparison of cards ignores {' and '.join(ignored_differences)}{case_words}"
    advice = "a card that the office spells unlike the till may be found online alone: have "
    return Diagnosis(name, Verdict.WARN, words, f"{advice}cards spelled as the till reads them")


async def _rows_of_card(api: CustomersApi, card: str) -> list[dict[str, Any]]:
    return await api.select.rows([where("cardId", "=", card)], 2)


async def _paging(api: CustomersApi) -> Diagnosis:
    name = "backend.paging"
    try:
        first = await api.page(0, 2)
        second = await api.page(first.ids[-1], 2) if first.ids else first
    except MalformedError as fault:
        warning = till_warning(WarningCode.PAGING, detail=fault.fields["detail"])
        return _warned(name, Verdict.FAIL, warning, _CANNOT_BE_FILLED)
    ids = [*first.ids, *second.ids]
    if first.ids and second.ids and ids != sorted(set(ids)):
        warning = till_warning(WarningCode.PAGING, detail="they repeat or are out of order")
        return _warned(name, Verdict.FAIL, warning, _CANNOT_BE_FILLED)
    how = "by id" if api.pages_by_id else "by offset, as it does not compare ids"
    return Diagnosis(name, Verdict.PASS, f"customers come in pages, {how}")


def _currency(api: CustomersApi) -> Diagnosis:
    """Judge whether the service says that it can keep the till's money."""
    name, service = "backend.currency", api.select.service
    if (misfit := api.select.currency_error) is not None:
        return Diagnosis(name, Verdict.FAIL, str(misfit), _UNSETTLED)
    currency = service.currency or "money of a currency it was never told"
    return Diagnosis(name, Verdict.PASS, f"it keeps {currency}, {service.digits} decimals")


def _capabilities(capabilities: object) -> Diagnosis:
    name = "backend.capabilities"
    if not isinstance(capabilities, Capabilities):
        words = "it did not say what it offers, and nothing is settled before it does"
        return Diagnosis(name, Verdict.WARN, words, "try again")
    if capabilities.conditional_update:
        return Diagnosis(name, Verdict.PASS, "it offers conditional updates")
    words = "no conditional updates: what the office writes at the same moment may be lost"
    advice = "docs/charging.md says what remains; ask its maker for conditional updates"
    return Diagnosis(name, Verdict.WARN, words, advice)


async def _conditional_update(api: CustomersApi, snapshots: Sequence[Snapshot]) -> Diagnosis:
    """Send an update with a condition that no row meets; even if taken it would change nothing."""
    name = "backend.conditional-update"
    marked_rows = [
        snapshot
        for snapshot in snapshots
        if snapshot.marks.place is Place.TABLE and snapshot.marks.epoch
    ]
    if not marked_rows:
        return Diagnosis(name, Verdict.SKIP, "not tried: no customer has been charged so far")
    row = await api.read_row(marked_rows[0].customer.id)
    if isinstance(row, Snapshot) and row.marks.epoch:
        debt_data = with_mark(row.marks, row.marks.epoch)
        answer = await api.update_row(Update(row, row.total, debt_data, UpdateCondition.NEVER))
        if isinstance(answer, OutcomeUnknown) and answer.version_conflict:
            return Diagnosis(name, Verdict.PASS, "an update whose condition is not met is refused")
        if not isinstance(answer, OutcomeUnknown):
            words = "an update whose condition is not met was not refused with 409"
            advice = "its conditional updates are none: tell its maker"
            return Diagnosis(name, Verdict.FAIL, words, advice)
    return Diagnosis(name, Verdict.WARN, "there was no clear answer to an update", "try again")


def _certificate(days: int) -> Diagnosis:
    words = f"the server's certificate is good for {many(days, 'more day')}"
    if days < CERTIFICATE_DAYS_MIN:
        return Diagnosis("backend.certificate", Verdict.WARN, words, "have it renewed in time")
    return Diagnosis("backend.certificate", Verdict.PASS, words)


def _warned(name: str, verdict: Verdict, warning: TillWarning, advice: str) -> Diagnosis:
    """Return a diagnosis that the till's screen warns of, too."""
    return Diagnosis(name, verdict, str(warning), advice, warning=warning)


def _advice(fault: BackendError) -> str:
    if isinstance(fault, UnauthorisedError):
        return "ask for a new token, or for its rights"
    return "docs/errors.md says more of each kind of trouble"


_UNSETTLED = "no sale of this till could be settled, so it does not start"
_CANNOT_BE_FILLED = "the cache cannot be filled: ask its maker"
