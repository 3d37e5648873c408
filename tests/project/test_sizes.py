"""Modules, functions and folders stay below the size limits."""

import ast
from pathlib import Path

import pytest
from tests.project.sources import SRC, TESTS, Function, Module, modules

CLASS_LINES_MAX = 250
PUBLIC_METHODS_MAX = 14  # twice the aim of 7
PORT_METHODS_MAX = 4
POSITIONAL_MAX = 4
OF_OTHERS = {"Table", "LogRecord"}  # a table takes any number of columns
MODULES_MAX = 12
TEXTUAL = ("on_", "action_", "watch_", "validate_", "compute_", "compose", "render")

LIMITS = {  # folder: lines of a function, lines of a file
    "src": (SRC, 60, 400),
    "tests": (TESTS, 80, 500),
}


def lines(node: ast.stmt) -> int:
    """Return the height of a definition, decorators left out."""
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def public_methods(node: ast.ClassDef) -> list[str]:
    """Name what a caller may call; the framework's callbacks are not for callers."""
    names = [method.name for method in node.body if isinstance(method, Function)]
    return [name for name in names if not name.startswith(("_", *TEXTUAL))]


def is_port(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def classes(folder: Path) -> list[tuple[Module, ast.ClassDef]]:
    return [(module, node) for module in modules(folder) for node in module.classes()]


@pytest.mark.parametrize("where", LIMITS)
def test_no_function_is_longer_than_its_limit(where: str) -> None:
    folder, limit, _ = LIMITS[where]
    assert [
        f"{module.at(node)} {node.name}: {lines(node)} lines"
        for module in modules(folder)
        for node in module.functions()
        if lines(node) > limit
    ] == []


@pytest.mark.parametrize("folder", [SRC, TESTS], ids=LIMITS)
def test_nothing_is_made_of_more_values_than_a_reader_can_tell_apart(folder: Path) -> None:
    """From the fifth value by position on, nobody sees which one it is: the rest has names."""
    assert [
        f"{module.at(call)} {name}"
        for module in modules(folder)
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call) and len(call.args) > POSITIONAL_MAX
        if (name := ast.unparse(call.func).rpartition(".")[2])[0].isupper()
        if name not in OF_OTHERS
    ] == []


@pytest.mark.parametrize("where", LIMITS)
def test_no_file_is_longer_than_its_limit(where: str) -> None:
    folder, _, limit = LIMITS[where]
    heights = {module.place: len(module.text.splitlines()) for module in modules(folder)}
    assert {place: height for place, height in heights.items() if height > limit} == {}


def test_no_class_is_longer_than_its_limit() -> None:
    assert [
        f"{module.at(node)} {node.name}: {lines(node)} lines"
        for module, node in classes(SRC)
        if lines(node) > CLASS_LINES_MAX
    ] == []


def test_no_class_offers_too_many_public_methods() -> None:
    assert [
        f"{module.at(node)} {node.name}: {len(public_methods(node))} public methods"
        for module, node in classes(SRC)
        if len(public_methods(node)) > PUBLIC_METHODS_MAX
    ] == []


def test_a_port_has_at_most_four_methods() -> None:
    assert [
        f"{module.at(node)} {node.name}: {public_methods(node)}"
        for module, node in classes(SRC)
        if is_port(node) and len(public_methods(node)) > PORT_METHODS_MAX
    ] == []


@pytest.mark.parametrize("where", LIMITS)
def test_no_folder_holds_too_many_modules(where: str) -> None:
    folder, _, _ = LIMITS[where]
    counts: dict[Path, int] = {}
    for module in modules(folder):
        if module.path.name != "__init__.py":
            counts[module.path.parent] = counts.get(module.path.parent, 0) + 1
    assert {str(path): count for path, count in counts.items() if count > MODULES_MAX} == {}
