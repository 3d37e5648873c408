"""What a probe says of normal and of strange backends, over real HTTP."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.backend.conftest import ClientHarness, Connect, row
from tests.fakes.backend import HTML, Canned, SentRequest
from tests.fakes.until import until

from taptill.backend.probe import SAMPLE_ROWS, probe, probe_when_online
from taptill.backend.rows import MoneyFormat
from taptill.backend.select import Select
from taptill.domain.diagnosis import Diagnosis, Verdict

ENROLLED = {"taptill": {"e": "0000e90c", "t": {}}}
CONDITIONAL = {"conditional_update": True, "version": True}


def people(count: int = 20, **fields: Any) -> list[dict[str, Any]]:
    """Return the customers of a site without anything unusual."""
    debts = [Decimal("12.30"), Decimal("-3.20"), Decimal(0), Decimal("0.85")]
    usual = {"debtData": ENROLLED, "version": 1}
    return [
        row(number, **{**usual, "totalDebt": debts[number % 4], **fields})
        for number in range(1, count + 1)
    ]


def by_name(diagnoses: list[Diagnosis]) -> dict[str, Diagnosis]:
    return {diagnosis.name.partition(".")[2]: diagnosis for diagnosis in diagnoses}


async def test_of_a_sound_backend_everything_is_told_and_nothing_is_changed(
    connect: Connect,
) -> None:
    harness = await connect(*people())
    harness.backend.capabilities = CONDITIONAL
    before = {key: dict(diagnosis) for key, diagnosis in harness.backend.rows.items()}
    diagnoses = await probe(harness.api, deep=True)
    assert [
        (diagnosis.name, diagnosis.advice)
        for diagnosis in diagnoses
        if diagnosis.verdict is not Verdict.PASS
    ] == []
    words = {name: diagnosis.words for name, diagnosis in by_name(diagnoses).items()}
    assert words == {
        "answer": "the Customers API answers",
        "fields": "it has every field that is asked for",
        "rows": "20 customers are visible",
        "money": "20 customers: 10 owing, 5 with money in advance",
        "conditions": "a select gives those who meet its conditions",
        "paging": "customers come in pages, by id",
        "spelling": "cards are compared letter by letter",
        "capabilities": "it offers conditional updates",
        "conditional-update": "an update whose condition is not met is refused",
    }
    assert harness.backend.rows == before


SPELLINGS: dict[str, tuple[Callable[[str], str], str]] = {
    "capitals": (str.lower, "its comparison of cards ignores capitals"),
    "blanks": (str.rstrip, "its comparison of cards ignores blanks at the end"),
    "both": (
        lambda text: text.lower().rstrip(),
        "its comparison of cards ignores capitals and blanks at the end",
    ),
}


@pytest.mark.parametrize("case", SPELLINGS.values(), ids=SPELLINGS)
async def test_c13_a_backend_that_does_not_look_at_spelling_is_warned_of(
    connect: Connect, case: tuple[Callable[[str], str], str]
) -> None:
    spelling, words = case
    harness = await connect(*people())
    harness.backend.spelling = spelling
    diagnosis = by_name(await probe(harness.api))["spelling"]
    assert (diagnosis.verdict, diagnosis.words) == (Verdict.WARN, words)
    assert "may be found online alone" in diagnosis.advice


async def test_cards_of_two_spellings_are_counted(connect: Connect) -> None:
    rows = people()
    rows[3]["cardId"] = "62e3086ced"
    diagnosis = by_name(await probe((await connect(*rows)).api))["spelling"]
    assert diagnosis.verdict is Verdict.WARN
    assert diagnosis.words.endswith("; 1 of 20 cards is spelled in small letters")


async def test_without_being_asked_to_a_probe_sends_reads_alone(connect: Connect) -> None:
    harness = await connect(*people())
    harness.backend.capabilities = CONDITIONAL
    await probe(harness.api)
    assert not any("/update/" in request.path for request in harness.backend.requests)


Change = Callable[[ClientHarness], object]


def set_to(**values: Any) -> Change:
    """Return a function that changes attributes of the fake backend."""
    return lambda harness: harness.backend.__dict__.update(values)


def no_default(request: SentRequest) -> Canned | None:
    if request.body and "default" in request.body.get("fields", {}):
        return Canned('{"message": "Field \\"default\\" not found"}', 400)
    return None


def blind_update(request: SentRequest) -> Canned | None:
    return Canned('[{"id": 1}]') if "/update/" in request.path else None


ODD: dict[str, tuple[Change, str, Verdict, str]] = {
    "nobody": (lambda one: one.backend.rows.clear(), "rows", Verdict.FAIL, "sees no customers"),
    "rows without sense": (
        lambda one: one.backend.rows[3].update(totalDebt="much"),
        "rows",
        Verdict.WARN,
        "20 customers are visible, 1 of 20 makes no sense",
    ),
    "more than a sample": (
        lambda one: one.backend.rows.update({n: row(n) for n in range(1, SAMPLE_ROWS + 9)}),
        "rows",
        Verdict.PASS,
        "100 or more customers",
    ),
    "a field that is not there": (
        set_to(rule=no_default),
        "fields",
        Verdict.WARN,
        "no field default",
    ),
    "ignored conditions": (
        set_to(ignored=frozenset({"conditions"})),
        "conditions",
        Verdict.FAIL,
        "does not obey",
    ),
    "ignored conditions on pages": (
        set_to(ignored=frozenset({"conditions"})),
        "paging",
        Verdict.FAIL,
        "repeat",
    ),
    "the plain API": (
        set_to(capabilities=None),
        "capabilities",
        Verdict.WARN,
        "no conditional updates",
    ),
    "capabilities that do not come": (
        set_to(rule=lambda asked: Canned("", 500) if asked.method == "GET" else None),
        "capabilities",
        Verdict.WARN,
        "did not say",
    ),
    "conditional updates that are none": (
        set_to(rule=blind_update),
        "conditional-update",
        Verdict.FAIL,
        "not refused with 409",
    ),
    "an update without an answer": (
        set_to(rule=lambda asked: Canned("", 500) if "/update/" in asked.path else None),
        "conditional-update",
        Verdict.WARN,
        "no clear answer",
    ),
    "nobody enrolled": (
        lambda one: [held.update(debtData=None) for held in one.backend.rows.values()],
        "conditional-update",
        Verdict.SKIP,
        "not tried",
    ),
}


@pytest.mark.parametrize(("change", "name", "verdict", "words"), ODD.values(), ids=ODD)
async def test_it_is_said_of(
    connect: Connect, change: Change, name: str, verdict: Verdict, words: str
) -> None:
    harness = await connect(*people())
    harness.backend.capabilities = CONDITIONAL
    change(harness)
    diagnosis = by_name(await probe(harness.api, deep=True))[name]
    is_mended = verdict in (Verdict.WARN, Verdict.FAIL)
    assert (diagnosis.verdict, bool(diagnosis.advice)) == (verdict, is_mended)
    assert words in diagnosis.words


TROUBLE: dict[str, tuple[Canned, str, str]] = {
    "a captive portal": (HTML, "a web page", "docs/errors.md"),
    "a wrong token": (Canned("{}", 401), "does not accept this token", "new token"),
    "a server that is down": (Canned("{}", 500), "HTTP 500", "docs/errors.md"),
}


@pytest.mark.parametrize(("fault", "words", "advice"), TROUBLE.values(), ids=TROUBLE)
async def test_nothing_but_the_trouble_is_told_of(
    connect: Connect, fault: Canned, words: str, advice: str
) -> None:
    harness = await connect(*people())
    harness.backend.always = fault
    (diagnosis,) = await probe(harness.api)
    assert (diagnosis.name, diagnosis.verdict) == ("backend.answer", Verdict.FAIL)
    assert words in diagnosis.words
    assert advice in diagnosis.advice


async def test_trouble_under_way_is_told_beside_what_was_seen(connect: Connect) -> None:
    harness = await connect(*people(), "ok", Canned("{}", 401))
    diagnoses = await probe(harness.api)
    assert (diagnoses[0].verdict, diagnoses[-1].verdict) == (Verdict.PASS, Verdict.FAIL)
    assert "token" in diagnoses[-1].words


def figures(*texts: str) -> list[Any]:
    return [Decimal(text) for text in texts]


MONEY: dict[str, tuple[list[Any], int, Verdict]] = {
    "amounts with fractions": (figures("12.30", "0.85", "100") * 5, 2, Verdict.PASS),
    "whole and small amounts": (figures("12", "5", "100") * 5, 2, Verdict.PASS),
    "whole and large amounts": (figures("1230", "85", "-400") * 5, 2, Verdict.WARN),
    "few of them": (figures("1230", "850"), 2, Verdict.PASS),
    "nobody owes anything": (figures("0") * 20, 2, Verdict.PASS),
    "the smallest coins": (figures("1230", "85", "0") * 5, 0, Verdict.PASS),
    "the smallest coins with a float's noise": (figures("1230.0000000001") * 9, 0, Verdict.PASS),
    "fractions of the smallest coins": (figures("12.30", "85", "0") * 5, 0, Verdict.WARN),
}


@pytest.mark.parametrize(("debts", "digits", "verdict"), MONEY.values(), ids=MONEY)
async def test_the_scale_of_money_is_judged_by(
    connect: Connect, debts: list[Any], digits: int, verdict: Verdict
) -> None:
    harness = await connect(
        *(row(number, totalDebt=diagnosis) for number, diagnosis in enumerate(debts, 1))
    )
    select: Select = harness.api.select
    select.money = harness.api._money = MoneyFormat(digits)
    diagnosis = by_name(await probe(harness.api))["money"]
    assert (diagnosis.verdict, "[backend] money" in diagnosis.advice) == (
        verdict,
        verdict is Verdict.WARN,
    )


async def test_a_till_looks_once_when_its_backend_first_answers(connect: Connect) -> None:
    harness = await connect(*people(totalDebt=1230))
    harness.backend.always = Canned("{}", 500)
    looking = asyncio.create_task(probe_when_online(harness.api, 0.01))
    await until(lambda: len(harness.backend.requests) >= 2)
    assert not looking.done()
    harness.backend.always = "ok"
    await asyncio.wait_for(looking, 10)
    (warning,) = harness.api.warnings()
    assert "are these the smallest coins?" in str(warning)


async def test_fields_that_are_not_there_are_warnings_for_the_status_line(connect: Connect) -> None:
    harness = await connect(*people())
    harness.backend.rule = no_default
    await harness.api.read_row(1)
    assert tuple(map(str, harness.api.warnings())) == ("the backend has no field default",)
