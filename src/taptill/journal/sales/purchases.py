"""The journal and a customer in, what the customer last bought and paid in here out."""

from taptill.domain.entry import Entry
from taptill.journal.file import entries, mapping_errors
from taptill.journal.queries import JournalQueries
from taptill.journal.schema import MONEY

_LAST = (
    f"{MONEY} AND customer_id = ?1 AND seq IN (SELECT seq FROM entries "  # noqa: S608 - constants
    f"WHERE {MONEY} AND customer_id = ?1 ORDER BY seq DESC LIMIT ?2)"
)


def last_purchases(queries: JournalQueries, customer_id: int, count: int) -> list[Entry]:
    """Return a customer's last money entries in this journal, oldest first. Errors: JournalError.

    Those of a closed year are not among them.
    """
    with mapping_errors(queries.path):
        return list(entries(queries.connection, _LAST, [customer_id, count]))
