"""Source in, the refused names out: one word per thing, and none that says nothing."""

import re
from collections.abc import Iterator

from tests.project.sources import SRC, TESTS, Function, Module, modules

REFUSED = {
    *("manager", "managers", "helper", "helpers", "util", "utils", "common", "base", "data"),
    *("info", "process", "handle", "handles"),
}
FIXED = {
    "debt_data",  # the API's debtData
    "share_debt_data",  # [settlement] share_debt_data
    "base",  # totalDebt less all marks: what the office says
    "data",  # feed(data): the bytes of a wire, as every decoder takes them
}


def last_word(name: str) -> str:
    """Give the last word of a snake_case or CamelCase name, in small letters."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip("_").lower().split("_")[-1]


def refused(name: str) -> bool:
    return last_word(name) in REFUSED and name.lstrip("_") not in FIXED


def names(module: Module) -> Iterator[tuple[str, str]]:
    """Give every name of a module that the rule is about, with its place."""
    yield module.place, module.path.stem
    for node in module.classes():
        yield module.at(node), node.name
    for function in module.functions():
        if not function.name.startswith(("test_", "on_")):
            yield module.at(function), function.name
        for argument in arguments(function):
            yield module.at(function), argument


def arguments(function: Function) -> list[str]:
    held = function.args
    starred = [argument for argument in (held.vararg, held.kwarg) if argument]
    return [one.arg for one in (*held.posonlyargs, *held.args, *held.kwonlyargs, *starred)]


def test_no_name_is_or_ends_in_a_word_that_says_nothing() -> None:
    found = [pair for folder in (SRC, TESTS) for one in modules(folder) for pair in names(one)]
    assert [f"{place} {name}" for place, name in found if refused(name)] == []


def test_the_rule_knows_camel_case_and_leaves_the_fixed_names_alone() -> None:
    assert [
        name for name in ("SerialManager", "row_data", "utils", "_handle") if refused(name)
    ] == [*("SerialManager", "row_data", "utils", "_handle")]
    assert not any(map(refused, ("debt_data", "base", "metadata", "base_url", "database", "feed")))
