"""Changes for customers who leave: remove, restore and erase them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.changes import (
    Author,
    Change,
    ChangeType,
    Transaction,
    read_reason,
    read_staff,
    required_conditions,
    returning_shape,
)
from taptill.service.conditions import BoundConditions
from taptill.service.database import is_sqlite
from taptill.service.fields import CUSTOMERS, INTEGER_MAX, Entity, column_value, json_value
from taptill.service.people.uniqueness import check_restore
from taptill.service.selection import Shape, select_ids
from taptill.service.wire import (
    ApiError,
    bad_request,
    require_integer,
    require_list,
    require_object,
)

CUSTOMERS_MAX = 1000
"""How many customers one request may remove, restore or erase."""
MONEY_CHOICES = ("keep", "clear")
"""What becomes of a balance: it stays on the removed row, or is cleared with a ledger entry."""
ERASED_NAME = "erased"

_CUSTOMER = schema.customers.c
_ERASED_VALUES = {
    "name": ERASED_NAME,
    "name_folded": ERASED_NAME,
    **dict.fromkeys(("email", "card_id", "company_id", "external_id"), None),
    **dict.fromkeys(("debt_data", "payment_card"), None),
}


def remove_customers(entity: Entity, body: Json, actor: str) -> Change:
    """Return the change that marks the matching customers as removed and answers with them.

    The change raises ApiError (409) with the sums where a balance is not zero and the request does
    not say what becomes of it, or where the balances are not the `totals` of the request.
    """
    require_object(body, "", "conditions", "returning", "money", "reason", "staff", "totals")
    answer, conditions = returning_shape(entity, body), required_conditions(entity, body)
    author, reason = Author(actor, read_staff(body)), read_reason(body)
    expected_totals = _read_totals(entity, body)
    money = body.get("money")
    if money is not None and money not in MONEY_CHOICES:
        raise bad_request("type", f"{' or '.join(MONEY_CHOICES)} is expected", "money")

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        ids = _matching_ids(transaction, entity, conditions)
        has_id = _CUSTOMER.id.in_(ids)
        totals = sa.select(_CUSTOMER.id, _CUSTOMER.total_debt_minor).where(
            has_id, _CUSTOMER.total_debt_minor != 0
        )
        balances = {row.id: row.total_debt_minor for row in connection.execute(totals)}
        if balances and money is None:
            raise _money_left_error(entity, list(balances.values()))
        if expected_totals is not None and any(
            expected_totals.get(customer_id, 0) != balances.get(customer_id, 0)
            for customer_id in ids
        ):
            raise _money_moved_error(entity, list(balances.values()))
        rows = answer.rows(connection.execute(answer.query.where(has_id).order_by(_CUSTOMER.id)))
        at = transaction.stamp()
        new_values: dict[str, Any] = {
            "removed_at": at,
            "updated_at": at,
            "version": _CUSTOMER.version + 1,
        }
        if money == "clear":
            new_values["total_debt_minor"] = 0
            for customer_id, total in balances.items():
                cleared_row = {"total_debt_minor": 0, "updated_at": at}
                transaction.record_debt_change(
                    customer_id, total, cleared_row, author, reason or "removed"
                )
        for customer_id in ids:
            transaction.record_change(customer_id, at, ChangeType.REMOVE, author)
        connection.execute(sa.update(schema.customers).where(has_id).values(new_values))
        return rows

    return change


def restore_customers(entity: Entity, removed_entity: Entity, body: Json, actor: str) -> Change:
    """Return the change that restores removed customers, all or none; erased ones do not match.

    The change raises ApiError (409) where another customer has such a card or externalId by now.
    """
    require_object(body, "", "conditions", "returning", "staff")
    answer, conditions = returning_shape(entity, body), required_conditions(removed_entity, body)
    author = Author(actor, read_staff(body))

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        ids = _matching_ids(transaction, removed_entity, conditions)
        has_id = _CUSTOMER.id.in_(ids)
        check_restore(connection, ids)
        at = transaction.stamp()
        new_values = {"removed_at": None, "updated_at": at, "version": _CUSTOMER.version + 1}
        connection.execute(sa.update(schema.customers).where(has_id).values(new_values))
        for customer_id in ids:
            transaction.record_change(customer_id, at, ChangeType.RESTORE, author)
        return _answer_rows(transaction, answer, ids)

    return change


def erase_customers(entity: Entity, removed_entity: Entity, body: Json, actor: str) -> Change:
    """Return the change that erases the personal data of removed customers.

    Their ledger stays, with the reasons that staff wrote.
    """
    require_object(body, "", "conditions", "returning", "staff")
    answer, conditions = returning_shape(entity, body), required_conditions(removed_entity, body)
    author = Author(actor, read_staff(body))

    def change(transaction: Transaction) -> list[Json]:
        connection = transaction.connection
        if is_sqlite(connection.engine):
            connection.exec_driver_sql("PRAGMA secure_delete=ON")  # free pages keep it
        transaction.erases_data = True
        ids = _matching_ids(transaction, removed_entity, conditions)
        has_id, history = _CUSTOMER.id.in_(ids), schema.customer_changes
        at = transaction.stamp()
        new_values = {
            **_ERASED_VALUES,
            "erased_at": at,
            "updated_at": at,
            "version": _CUSTOMER.version + 1,
        }
        connection.execute(sa.update(schema.customers).where(has_id).values(new_values))
        by_customer = history.c.customer_id.in_(ids)
        connection.execute(sa.update(history).where(by_customer).values(before=None, after=None))
        for customer_id in ids:
            transaction.record_change(customer_id, at, ChangeType.ERASE, author)
        return _answer_rows(transaction, answer, ids, live=False)

    return change


def _read_totals(entity: Entity, body: Json) -> dict[int, int] | None:
    """Return the balances in minor units by customer on which a removal was decided, if given."""
    if body.get("totals") is None:
        return None
    totals: dict[int, int] = {}
    for index, item in enumerate(require_list(body["totals"], "totals", max_length=CUSTOMERS_MAX)):
        item_path = f"totals[{index}]"
        require_object(item, item_path, "id", "totalDebt")
        customer_id = require_integer(
            item.get("id"), f"{item_path}.id", minimum=0, maximum=INTEGER_MAX
        )
        total_field = entity.fields["totalDebt"]
        totals[customer_id] = column_value(
            total_field, item.get("totalDebt"), f"{item_path}.totalDebt"
        )
    return totals


def _matching_ids(
    transaction: Transaction, entity: Entity, conditions: BoundConditions
) -> list[int]:
    query = (
        select_ids(entity)
        .where(conditions.template.sql)
        .order_by(_CUSTOMER.id)
        .limit(CUSTOMERS_MAX + 1)
    )
    ids = list(transaction.connection.execute(query, conditions.values).scalars())
    if len(ids) > CUSTOMERS_MAX:
        message = f"more than {CUSTOMERS_MAX} customers meet them; nothing was changed"
        raise bad_request("range", message, "conditions")
    return ids


def _answer_rows(
    transaction: Transaction, answer: Shape, ids: Sequence[int], *, live: bool = True
) -> list[Json]:
    has_id = _CUSTOMER.id.in_(ids)
    query = answer.query.where(has_id).order_by(_CUSTOMER.id)
    if live:
        return answer.rows(transaction.connection.execute(query))
    with_removed = (
        sa.select(*answer.projection.columns()).select_from(CUSTOMERS.from_clause).where(has_id)
    )
    return answer.rows(transaction.connection.execute(with_removed.order_by(_CUSTOMER.id)))


def _money_left_error(entity: Entity, totals: Sequence[int]) -> ApiError:
    details, sums_text = _sum_up(entity, totals)
    have = "customer has or owes" if len(totals) == 1 else "customers have or owe"
    message = (
        f"{len(totals)} {have} money: {sums_text}. Say what becomes of it: "
        '"money": "keep" leaves it on the removed row, "clear" books it away'
    )
    return ApiError(409, "money-left", message, "money", details=details)


def _money_moved_error(entity: Entity, totals: Sequence[int]) -> ApiError:
    details, sums_text = _sum_up(entity, totals)
    message = f"their money is not what the totals say: now {sums_text}; nobody was removed"
    return ApiError(409, "money-moved", message, "totals", details=details)


def _sum_up(entity: Entity, totals: Sequence[int]) -> tuple[dict[str, Json], str]:
    total_field = entity.fields["totalDebt"]
    debt = json_value(total_field, sum(amount for amount in totals if amount > 0))
    ahead = json_value(total_field, -sum(amount for amount in totals if amount < 0))
    sums_text = f"{debt} owed, {ahead} in advance"
    return {"count": len(totals), "owed": debt, "inAdvance": ahead}, sums_text
