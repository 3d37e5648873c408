"""A command that a text gives is the command that its reader runs."""

import shlex

from hypothesis import given
from hypothesis import strategies as st

from taptill.domain.technical.command_line import command_line


@given(st.lists(st.text(st.characters(exclude_characters="\0"))))
def test_a_shell_takes_the_words_apart_again(words: list[str]) -> None:
    assert shlex.split(command_line(*words)) == words
