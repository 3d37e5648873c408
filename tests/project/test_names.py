"""The names in the source are ones that the rules accept."""

import ast
import re
from collections import defaultdict
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
    """Return the last word of a snake_case or CamelCase name, in small letters."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip("_").lower().split("_")[-1]


def refused(name: str) -> bool:
    return last_word(name) in REFUSED and name.lstrip("_") not in FIXED


def names(module: Module) -> Iterator[tuple[str, str]]:
    """Yield every name of a module that the rule is about, with its place."""
    yield module.place, module.path.stem
    for node in module.classes():
        yield module.at(node), node.name
    for function in module.functions():
        if not function.name.startswith(("test_", "on_")):
            yield module.at(function), function.name
        for argument in arguments(function):
            yield module.at(function), argument


def arguments(function: Function) -> list[str]:
    parameters = function.args
    variadic = [argument for argument in (parameters.vararg, parameters.kwarg) if argument]
    return [
        parameter.arg
        for parameter in (
            *parameters.posonlyargs,
            *parameters.args,
            *parameters.kwonlyargs,
            *variadic,
        )
    ]


def test_no_name_is_or_ends_in_a_word_that_says_nothing() -> None:
    vague_names = [
        pair for folder in (SRC, TESTS) for module in modules(folder) for pair in names(module)
    ]
    assert [f"{place} {name}" for place, name in vague_names if refused(name)] == []


def test_the_rule_knows_camel_case_and_leaves_the_fixed_names_alone() -> None:
    assert [
        name for name in ("SerialManager", "row_data", "utils", "_handle") if refused(name)
    ] == [*("SerialManager", "row_data", "utils", "_handle")]
    assert not any(map(refused, ("debt_data", "base", "metadata", "base_url", "database", "feed")))


def test_no_class_name_stands_for_two_things() -> None:
    """Whoever reads a name, or looks for it, finds one class."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in (*modules(SRC), *modules(TESTS)):
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module.at(node))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
