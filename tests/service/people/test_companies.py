"""Companies are listed, created with chosen ids, renamed, and removed once they are empty."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.service.conftest import CUSTOMERS, Api, equals, where
from tests.service.lists.commands import run_command, run_successfully

from taptill.cli.output import login
from taptill.domain.errors import UsageError
from taptill.service.database import create_database
from taptill.service.store import Store

PATH = "/core/data/Companies"


def of(number: int) -> dict[str, Any]:
    return {"conditions": where(equals("id", number))}


def test_companies_are_made_listed_renamed_and_removed(office: Api, till: Api) -> None:
    every = {"id": True, "name": True, "externalId": True}
    body = {"fields": [{"name": "Neu", "externalId": "N"}], "returning": every}
    status, (company,) = office.post(f"{PATH}/insert", body)
    assert (status, company["name"], company["externalId"]) == (201, "Neu", "N")
    number = company["id"]
    new_name = {"fields": {"name": "Neuer"}, "returning": every}
    assert office.post(f"{PATH}/update/{number}", new_name) == (200, [{**company, "name": "Neuer"}])
    assert till.post(f"{PATH}/select", of(number)) == (200, [{**company, "name": "Neuer"}])
    assert till.post(f"{PATH}/update/{number}", new_name)[0] == 403
    assert office.post(f"{PATH}/remove", of(number)) == (200, [{"id": number}])
    assert office.post(f"{PATH}/update/{number}", new_name) == (200, [])
    assert office.post(f"{PATH}/remove", {})[0] == 400


def test_a_company_goes_only_when_nobody_belongs_to_it(office: Api) -> None:
    _, (company,) = office.post(f"{PATH}/insert", {"fields": [{"name": "Two"}]})
    first, second = (office.insert(company=company) for _ in range(2))
    status, answer = office.post(f"{PATH}/remove", of(company["id"]))
    assert (status, answer["error"]["code"], answer["error"]["count"]) == (409, "not-empty", 2)
    office.post(f"{CUSTOMERS}/remove", of(first))
    office.update(second, {"fields": {"company": None}})
    assert office.post(f"{PATH}/remove", of(company["id"]))[0] == 200
    assert office.post(f"{CUSTOMERS}/restore", of(first))[0] == 200
    assert office.row(first)["company"] is None


def test_company_42_of_the_contracts_example_can_be_reached_on_a_fresh_service(
    new_place: Callable[[], str],
) -> None:
    """The next company that is created without an id gets an unused one."""
    store = Store(create_database(new_place()))
    companies, customers = store.entities["Companies"], store.entities["Customers"]
    body = {"fields": [{"name": "First"}, {"id": 42, "name": "Contract"}, {"name": "Third"}]}
    assert [company["id"] for company in store.insert(companies, body)] == [42, 43, 44]
    (row,) = store.insert(customers, {"fields": [{"name": "Ada", "company": {"id": 42}}]})
    query = {"fields": {"company": {"name": True}}, "conditions": where(equals("id", row["id"]))}
    assert store.select(customers, query) == [{"company": {"name": "Contract"}}]
    store.engine.dispose()


def test_an_id_is_taken_once_and_never_changed(office: Api) -> None:
    mine = [{"id": 4711, "name": "Mine"}]
    assert office.post(f"{PATH}/insert", {"fields": mine}) == (201, [{"id": 4711}])
    for rows in (mine, [{"id": 900_005, "name": "a"}, {"id": 900_005, "name": "b"}]):
        status, answer = office.post(f"{PATH}/insert", {"fields": rows})
        assert (status, answer["error"]["code"]) == (409, "id-taken")
    for bad in (0, -1, 10**13, "7", None):
        status, answer = office.post(f"{PATH}/insert", {"fields": [{"id": bad, "name": "x"}]})
        assert (status, answer["error"]["path"]) == (400, "fields[0].id")
    status, answer = office.post(f"{PATH}/update/4711", {"fields": {"id": 1}})
    assert (status, answer["error"]["code"]) == (400, "read-only")


def test_who_did_what_to_a_company_is_kept_after_it_is_gone(office: Api, till: Api) -> None:
    status, (company,) = office.post(f"{PATH}/insert", {"fields": [{"name": "Neu"}], "staff": "Jo"})
    number = company["id"]
    office.post(f"{PATH}/update/{number}", {"fields": {"name": "Neuer"}, "staff": "Kim"})
    office.post(f"{PATH}/update/{10**9}", {"fields": {"name": "Nobody"}})
    office.post(f"{PATH}/remove", of(number))
    body = {"conditions": where(equals("company", number)), "orderBy": [{"field": "id"}]}
    status, acts = office.post("/core/data/CompanyChanges/select", body)
    assert status == 200, acts
    old, new = {"name": "Neu", "externalId": None}, {"name": "Neuer", "externalId": None}
    assert [(row["act"], row["staff"], row["before"], row["after"]) for row in acts] == [
        ("insert", "Jo", {}, old),
        ("update", "Kim", old, new),
        ("remove", None, new, {}),
    ]
    assert {row["who"] for row in acts} == {"office"}
    assert acts[0]["at"] < acts[1]["at"] < acts[2]["at"]
    assert till.post("/core/data/CompanyChanges/select", body)[0] == 404
    assert office.post("/core/data/CompanyChanges/remove", body)[0] == 404


def test_a_company_that_an_import_makes_is_told_of(
    new_place: Callable[[], str], tmp_path: Path
) -> None:
    place, file = new_place(), tmp_path / "list.csv"
    create_database(place).dispose()
    file.write_text("name,company\nAda,Neu\n")
    run_successfully("import", place, file, "--new-companies")
    (output,) = run_successfully("company", "log", place).splitlines()
    assert output.endswith("company 1 (Neu): insert by import")


def test_companies_are_kept_at_the_machine_by_commands(new_place: Callable[[], str]) -> None:
    place = new_place()
    store = Store(create_database(place))
    assert (
        run_successfully("company", "add", place, "Contract", "--id", 42) == "company 42 is made\n"
    )
    assert (
        run_successfully("company", "add", place, "Next", "--external-id", "X")
        == "company 43 is made\n"
    )
    people = [{"name": "Ada", "company": {"id": 42}}]
    store.insert(store.entities["Customers"], {"fields": people})
    store.engine.dispose()
    output = run_successfully("company", "rename", place, 42, "Renamed", "--staff", "Kim", "--json")
    assert json.loads(output) == {"renamed": 42}
    assert run_successfully("company", "list", place).splitlines() == [
        "    42  Renamed: 1 customer",
        "    43  Next: 0 customers",
    ]
    with pytest.raises(UsageError, match="1 customer belongs to it"):
        run_command("company", "remove", place, 42)
    with pytest.raises(UsageError, match="another company has this id"):
        run_command("company", "add", place, "Twice", "--id", 42)
    assert run_successfully("company", "remove", place, 43) == "company 43 is removed\n"
    for words in (("remove", place, 43), ("rename", place, 43, "x")):
        with pytest.raises(UsageError, match="there is no company 43"):
            run_command("company", *words)
    acts = run_successfully("company", "log", place).splitlines()
    assert [line.partition("  ")[2].replace(login(), "Jo") for line in acts] == [
        "company 43 (Next): remove by Jo (command)",
        "company 42 (Contract -> Renamed): update by Kim (command)",
        "company 43 (Next): insert by Jo (command)",
        "company 42 (Contract): insert by Jo (command)",
    ]
    (newest,) = run_successfully("company", "log", place, "--last", 1, "--json").splitlines()
    assert (json.loads(newest)["act"], json.loads(newest)["company"]) == ("remove", 43)
    (output,) = run_successfully("company", "list", place, "--json").splitlines()
    assert json.loads(output) == {"id": 42, "name": "Renamed", "externalId": None, "customers": 1}
