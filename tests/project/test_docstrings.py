"""Every module and every test says what it is for."""

import ast
import re

from tests.project.sources import SRC, TESTS, Function, modules

NAME_WORDS_MIN = 4


def first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())


def one_sentence(text: str) -> bool:
    """Return whether a text ends once, at its end; `e.g.` and dots within words do not end it."""
    return text.endswith(".") and not re.search(r"(?<!e\.g)(?<!i\.e)[.!?]\s+[A-Z`]", text)


def says_what_it_shows(function: Function) -> bool:
    """Accept a docstring, a name that reads as a sentence, or ids that a table gives."""
    if ast.get_docstring(function):
        return True
    if len(function.name.removeprefix("test_").split("_")) >= NAME_WORDS_MIN:
        return True
    return any("parametrize" in ast.unparse(decorator) for decorator in function.decorator_list)


def test_each_module_starts_with_one_sentence() -> None:
    openings = {
        module.place: first_paragraph(ast.get_docstring(module.tree) or "")
        for module in modules(SRC)
    }
    assert {place: text for place, text in openings.items() if not one_sentence(text)} == {}


def test_each_test_says_in_a_sentence_what_it_shows() -> None:
    assert [
        f"{module.at(function)} {function.name}"
        for module in modules(TESTS)
        if module.path.name.startswith("test_")
        for function in module.functions()
        if function.name.startswith("test_") and not says_what_it_shows(function)
    ] == []


def test_the_rule_counts_sentences() -> None:
    assert one_sentence("Bytes in, frames out (e.g. A and B).")
    assert not one_sentence("Bytes in. Frames out.")
    assert not one_sentence("Bytes in, frames out")
