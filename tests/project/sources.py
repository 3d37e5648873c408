"""The parsed modules, functions and classes that the project tests read."""

import ast
import gc
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "taptill"
TESTS = ROOT / "tests"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One source file: where it is, its text and its tree."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def at(self, node: ast.stmt | ast.expr | ast.arg | ast.excepthandler) -> str:
        return f"{self.place}:{node.lineno}"


@cache
def modules(folder: Path) -> tuple[Module, ...]:
    """Parse every module below a folder."""
    texts = {path: path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))}
    gc.disable()  # the trees stay, and a search for garbage in a million nodes finds none
    try:
        parsed_modules = [
            Module(path, text, ast.parse(text, str(path))) for path, text in texts.items()
        ]
        gc.freeze()
    finally:
        gc.enable()
    return tuple(parsed_modules)


def pyproject() -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
