"""Every module and every test says what it is for."""

import ast
import re
from collections.abc import Iterator

import click
from tests.project.sources import SRC, TESTS, Function, modules

from taptill.cli import taptill

NAME_WORDS_MIN = 4


def commands(command: click.Command, words: str) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and all below it, each with the words that call it."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below
            yield from commands(below, f"{words} {name}")


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


def test_the_examples_of_each_help_are_printed_line_by_line() -> None:
    """What click takes for a paragraph is wrapped, so that no example could be copied."""
    helps = {
        words: command.get_help(click.Context(command, info_name=words))
        for words, command in commands(taptill, "taptill")
    }
    assert len(helps) > 30
    broken = [
        words
        for words, text in helps.items()
        if "\\b" in text or ("Examples:" in text and "Examples:\n" not in text)
    ]
    assert broken == []
