"""The small words of the domain: stamps, initials, masked card ids, errors."""

from decimal import Decimal
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.samples import known

from taptill.domain.card_id import masked
from taptill.domain.customer import initials, older, stamp
from taptill.domain.entry import Attempt, Position
from taptill.domain.errors import ALL_ERRORS, JournalError, RefusedError, TaptillError
from taptill.domain.mark import Mark
from taptill.domain.money import Money
from taptill.domain.technical.counting import many
from taptill.domain.technical.till_warning import SAYS, WarningCode, till_warning


def test_a_card_id_is_shown_by_its_end_only() -> None:
    assert masked("62E3086CED") == "…CED"
    assert masked("CED") == masked("") == "…"


NAMES = {
    "Ada Byron": "A. B.",
    "Ada": "A.",
    "  Ada   King  Byron ": "A. K.",
    "émile zola": "É. Z.",
    "": "?",
    "   ": "?",
}


@pytest.mark.parametrize(("name", "short"), NAMES.items())
def test_initials_are_what_history_may_show(name: str, short: str) -> None:
    assert initials(name) == short


def test_a_count_of_one_is_worded_in_the_singular() -> None:
    assert [many(count, "sale") for count in range(3)] == ["0 sales", "1 sale", "2 sales"]
    assert many(1, "entry", "entries") == "1 entry"
    assert many(2, "entry", "entries") == "2 entries"


OLDER = {
    "a millisecond": ("2026-03-02T08:00:00.000Z", "2026-03-02T08:00:00.001Z", True),
    "the same": ("2026-03-02T08:00:00.000Z", "2026-03-02T08:00:00.000Z", False),
    "newer": ("2026-03-02T08:00:01Z", "2026-03-02T08:00:00Z", False),
    "the same instant in another zone": ("2026-03-02T09:00+01:00", "2026-03-02T08:00Z", False),
    "without a zone it is UTC": ("2026-03-02T07:59:59", "2026-03-02T08:00:00Z", True),
    "unreadable left": ("yesterday", "2026-03-02T08:00:00Z", False),
    "unreadable right": ("2026-03-02T08:00:00Z", "", False),
}


@pytest.mark.parametrize(("left", "right", "says"), OLDER.values(), ids=OLDER)
def test_only_readable_stamps_prove_an_order(left: str, right: str, says: bool) -> None:  # noqa: FBT001 - a column of the table
    assert older(left, right) is says


@given(st.datetimes(timezones=st.timezones()), st.datetimes(timezones=st.timezones()))
def test_of_two_stamps_at_most_one_is_older(left: object, right: object) -> None:
    left_text, right_text = str(left), str(right)
    assert stamp(left_text) is not None
    assert not (older(left_text, right_text) and older(right_text, left_text))


def test_a_snapshot_s_debt_is_rounded_against_the_customer() -> None:
    assert known(total="-1230.4").snapshot.debt == Money(-1230)


LAST = Mark(9, 700, "aaaaaaaa")
OPEN = {
    "no money entry": (None, None, None, False),
    "never sent": (LAST, None, None, True),
    "an older mark seen": (LAST, Mark(8, 500, "bbbbbbbb"), None, True),
    "the last mark seen": (LAST, LAST, None, False),
    "the last mark seen, but a send unheard of": (LAST, LAST, True, True),
    "the last mark seen, and the send heard of": (LAST, LAST, False, False),
}


@pytest.mark.parametrize(("last", "row_mark", "unheard", "says"), OPEN.values(), ids=OPEN)
def test_open_is_what_is_not_known_to_be_in_the_books(
    last: Mark | None,
    row_mark: Mark | None,
    unheard: bool | None,  # noqa: FBT001 - a column of the table
    says: bool,  # noqa: FBT001 - a column of the table
) -> None:
    total = known().snapshot.total
    attempt = None if unheard is None else attempt_of(total, is_open=unheard)
    assert Position(customer_id=1, last=last, row_mark=row_mark, attempt=attempt).open is says


def attempt_of(total: Decimal, *, is_open: bool) -> Attempt:
    return Attempt(
        epoch="e",
        sent_mark=LAST,
        total_read=total,
        total_sent=total,
        others_total=0,
        open=is_open,
    )


def below(root: type[TaptillError]) -> set[type[TaptillError]]:
    """Return every class of the tree."""
    subclasses = root.__subclasses__()
    return {*subclasses}.union(*(below(error) for error in subclasses)) if subclasses else set()


def test_the_list_of_errors_is_the_whole_tree_with_codes_of_their_own() -> None:
    tree = {error for error in below(TaptillError) if error.__module__ == TaptillError.__module__}
    assert set(ALL_ERRORS) == tree
    assert len({error.code for error in ALL_ERRORS}) == len(ALL_ERRORS)
    assert all(64 <= error.exit_status <= 78 for error in ALL_ERRORS)


def test_an_error_says_its_sentence_with_its_fields() -> None:
    assert str(JournalError(path="j.db", detail="disk full")) == "journal j.db: disk full"
    error = RefusedError(status=404, detail="no such row")
    assert str(error) == "the Customers API refused (HTTP 404): no such row"
    assert error.fields == {"status": 404, "detail": "no such row"}


@pytest.mark.parametrize("code", WarningCode)
def test_a_warning_takes_each_value_that_its_sentence_names(code: WarningCode) -> None:
    values = {name: f"<{name}>" for _, name, _, _ in Formatter().parse(SAYS[code]) if name}
    words = str(till_warning(code, **values))
    assert [value for value in values.values() if value not in words] == []
