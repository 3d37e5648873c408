"""People who leave in, changes out: removed with a word on their money, brought back, forgotten."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    Act,
    Author,
    Change,
    Transaction,
    chosen_by,
    reason_of,
    returning,
    staff_of,
)
from taptill.service.conditions import Condition
from taptill.service.database import is_sqlite
from taptill.service.fields import CUSTOMERS, INTEGER_MAX, Entity, on_the_wire, value_for
from taptill.service.grammar import Shape, rows_of
from taptill.service.people.taken import check_return
from taptill.service.wire import Refusal, a_list, a_number, an_object, bad

AT_ONCE_MAX = 1000
"""So many customers leave or come back in one request."""
MONEY_WORDS = ("keep", "clear")
"""What may become of money: it stays on the removed row, or is booked away."""
ERASED_NAME = "erased"

_ROW = schema.customers.c
_NOTHING = {
    "name": ERASED_NAME,
    "name_folded": ERASED_NAME,
    **dict.fromkeys(("email", "card_id", "company_id", "external_id"), None),
    **dict.fromkeys(("debt_data", "payment_card"), None),
}


def removal(entity: Entity, body: Json, who: str) -> Change:
    """Mark the customers that meet the conditions as removed and answer them.

    Raises Refusal: 409 with the sums where one of them has or owes money and the request does not
    say what becomes of it, or where they are others than the `totals` that it was decided on.
    """
    an_object(body, "", "conditions", "returning", "money", "reason", "staff", "totals")
    answer, wanted = returning(entity, body), chosen_by(entity, body)
    author, reason = Author(who, staff_of(body)), reason_of(body)
    seen = _seen(entity, body)
    money = body.get("money")
    if money is not None and money not in MONEY_WORDS:
        raise bad("type", f"{' or '.join(MONEY_WORDS)} is expected", "money")

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        ids = _ids(transaction, entity, wanted)
        doomed = _ROW.id.in_(ids)
        totals = sa.select(_ROW.id, _ROW.total_debt_minor).where(doomed, _ROW.total_debt_minor != 0)
        held = {row.id: row.total_debt_minor for row in connection.execute(totals)}
        if held and money is None:
            raise _money_left(entity, list(held.values()))
        if seen is not None and any(seen.get(one, 0) != held.get(one, 0) for one in ids):
            raise _money_moved(entity, list(held.values()))
        rows = answer.rows(connection.execute(answer.query.where(doomed).order_by(_ROW.id)))
        at = transaction.stamp()
        new: dict[str, Any] = {"removed_at": at, "updated_at": at, "version": _ROW.version + 1}
        if money == "clear":
            new["total_debt_minor"] = 0
            for number, total in held.items():
                cleared = {"total_debt_minor": 0, "updated_at": at}
                transaction.keep(number, total, cleared, author, reason or "removed")
        for number in ids:
            transaction.note(number, at, Act.REMOVE, author)
        connection.execute(sa.update(schema.customers).where(doomed).values(new))
        return rows

    return change


def restoration(entity: Entity, removed: Entity, body: Json, who: str) -> Change:
    """Bring removed customers back, all of them or none; erased ones are gone for good.

    Raises Refusal: 409 where somebody else has such a card or externalId by now.
    """
    an_object(body, "", "conditions", "returning", "staff")
    answer, wanted = returning(entity, body), chosen_by(removed, body)
    author = Author(who, staff_of(body))

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        ids = _ids(transaction, removed, wanted)
        them = _ROW.id.in_(ids)
        check_return(connection, ids)
        at = transaction.stamp()
        new = {"removed_at": None, "updated_at": at, "version": _ROW.version + 1}
        connection.execute(sa.update(schema.customers).where(them).values(new))
        for number in ids:
            transaction.note(number, at, Act.RESTORE, author)
        return _shown(transaction, answer, ids)

    return change


def erasure(entity: Entity, removed: Entity, body: Json, who: str) -> Change:
    """Forget who removed customers were; what they paid and owed stays, under their id.

    What staff wrote as the reason of a booking stands in the ledger and stays, too.
    """
    an_object(body, "", "conditions", "returning", "staff")
    answer, wanted = returning(entity, body), chosen_by(removed, body)
    author = Author(who, staff_of(body))

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        if is_sqlite(connection.engine):
            connection.exec_driver_sql("PRAGMA secure_delete=ON")  # else it stays in free pages
        transaction.erases = True
        ids = _ids(transaction, removed, wanted)
        them, acts = _ROW.id.in_(ids), schema.customer_changes
        at = transaction.stamp()
        gone = {**_NOTHING, "erased_at": at, "updated_at": at, "version": _ROW.version + 1}
        connection.execute(sa.update(schema.customers).where(them).values(gone))
        theirs = acts.c.customer_id.in_(ids)
        connection.execute(sa.update(acts).where(theirs).values(before=None, after=None))
        for number in ids:
            transaction.note(number, at, Act.ERASE, author)
        return _shown(transaction, answer, ids, live=False)

    return change


def _seen(entity: Entity, body: Json) -> dict[int, int] | None:
    """Read which totals a removal was decided on, in minor units by customer."""
    if body.get("totals") is None:
        return None
    seen: dict[int, int] = {}
    for index, one in enumerate(a_list(body["totals"], "totals", longest=AT_ONCE_MAX)):
        place = f"totals[{index}]"
        an_object(one, place, "id", "totalDebt")
        number = a_number(one.get("id"), f"{place}.id", least=0, most=INTEGER_MAX)
        total = entity.fields["totalDebt"]
        seen[number] = value_for(total, one.get("totalDebt"), f"{place}.totalDebt")
    return seen


def _ids(transaction: Transaction, entity: Entity, wanted: Condition) -> list[int]:
    found = rows_of(entity).where(wanted.template.sql).order_by(_ROW.id).limit(AT_ONCE_MAX + 1)
    ids = list(transaction.connection.execute(found, wanted.values).scalars())
    if len(ids) > AT_ONCE_MAX:
        words = f"more than {AT_ONCE_MAX} customers meet them; nothing was changed"
        raise bad("range", words, "conditions")
    return ids


def _shown(
    transaction: Transaction, answer: Shape, ids: Sequence[int], *, live: bool = True
) -> list[Json]:
    them = _ROW.id.in_(ids)
    query = answer.query.where(them).order_by(_ROW.id)
    if live:
        return answer.rows(transaction.connection.execute(query))
    anybody = sa.select(*answer.projection.columns()).select_from(CUSTOMERS.source).where(them)
    return answer.rows(transaction.connection.execute(anybody.order_by(_ROW.id)))


def _money_left(entity: Entity, totals: Sequence[int]) -> Refusal:
    more, told = _sums(entity, totals)
    have = "customer has or owes" if len(totals) == 1 else "customers have or owe"
    words = (
        f"{len(totals)} {have} money: {told}. Say what becomes of it: "
        '"money": "keep" leaves it on the removed row, "clear" books it away'
    )
    return Refusal(409, "money-left", words, "money", more=more)


def _money_moved(entity: Entity, totals: Sequence[int]) -> Refusal:
    more, told = _sums(entity, totals)
    words = f"their money is not what the totals say: now {told}; nobody was removed"
    return Refusal(409, "money-moved", words, "totals", more=more)


def _sums(entity: Entity, totals: Sequence[int]) -> tuple[dict[str, Json], str]:
    total = entity.fields["totalDebt"]
    owed = on_the_wire(total, sum(one for one in totals if one > 0))
    ahead = on_the_wire(total, -sum(one for one in totals if one < 0))
    told = f"{owed} owed, {ahead} in advance"
    return {"count": len(totals), "owed": owed, "inAdvance": ahead}, told
