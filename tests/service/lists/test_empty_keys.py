"""Customers whose card or key is empty, and a newer list without any: nobody is taken for them."""

from collections.abc import Callable
from pathlib import Path

from tests.service.lists.commands import read_customers, run_successfully, update_customer


def test_a_row_without_a_key_is_never_about_a_customer_whose_key_is_empty(
    members: str, file: Callable[[str], Path]
) -> None:
    update_customer(members, 1, externalId="")
    path = file("name,cardId\nAnna A,62E3086CED\nCleo C,62E3086CEF\nDora,62E3086CF0\n")
    assert "1 new, 2 changed" in run_successfully("import", members, path, "--update")
    assert read_customers(members, "name", "cardId") == [
        ("Anna A", "62E3086CED"),
        ("Ben", None),
        ("Cleo C", "62E3086CEF"),
        ("Dora", "62E3086CF0"),
    ]
