"""The rules for the source that no other tool checks."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution

import pytest
from tests.project.sources import ROOT, SRC, TESTS, Module, modules, pyproject

MONEY_PLACES = ("domain/money.py", "domain/decision.py", "settlement/", "journal/")
A_TIME = re.compile(r"_(s|ms)\b", re.IGNORECASE)
A_TOP = re.compile(r"(thread|task|cli)'?s? top\b")
LOCKS = ("requirements.lock", "requirements-dev.lock")
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(\[.*\])?==[^ ]+(?P<marker> ;.*?)?( \\)?$")


def money_modules() -> list[Module]:
    inside = [(module, module.path.relative_to(SRC).as_posix()) for module in modules(SRC)]
    return [module for module, place in inside if place.startswith(MONEY_PLACES)]


def floats(module: Module) -> Iterator[str]:
    """Yield the float literals and conversions; a line about a time (`..._s`) is none of money."""
    lines = module.text.splitlines()
    for node in ast.walk(module.tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        call = isinstance(node, ast.Call) and ast.unparse(node.func) == "float"
        if isinstance(node, ast.expr) and (literal or call):
            line = lines[node.lineno - 1]
            yield from [] if A_TIME.search(line) else [f"{module.at(node)} {line.strip()}"]


def test_no_float_comes_near_money() -> None:
    assert money_modules()
    assert [literal for module in money_modules() for literal in floats(module)] == []


def catches_all(handler: ast.ExceptHandler) -> bool:
    exception = ast.unparse(handler.type) if handler.type else "Exception"
    return re.search(r"\b(Base)?Exception\b", exception) is not None


def test_everything_is_caught_at_the_top_of_a_thread_a_task_or_the_command_line_only() -> None:
    """Each such place says in a comment which top it is: `thread top`, `task top`, `cli top`."""
    unmarked_places = []
    for module in modules(SRC):
        lines = ["", *module.text.splitlines(), ""]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and catches_all(node):
                around = lines[node.lineno - 1 : node.lineno + 2]
                comments = " ".join(line.partition("#")[2] for line in around)
                if not A_TOP.search(comments):
                    unmarked_places.append(module.at(node))
    assert unmarked_places == []


def test_only_the_config_reads_the_environment() -> None:
    reading = {
        module.place
        for module in modules(SRC)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv")
    }
    assert {place for place in reading if not place.startswith("src/taptill/config")} == set()


def test_no_test_patches_what_it_tests() -> None:
    """A port that needs a patch is the wrong port."""
    patching = {
        module.at(node)
        for module in modules(TESTS)
        for node in ast.walk(module.tree)
        if (isinstance(node, ast.Attribute) and node.attr == "setattr")
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("unittest"))
    }
    assert patching == set()


def pins(lock: str) -> list[str]:
    """Return a lock file's logical lines: one a package."""
    text = (ROOT / lock).read_text("utf-8").replace("\\\n", "\\ ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_pins_each_package_with_hashes_and_names_no_address(lock: str) -> None:
    assert pins(lock)
    assert [line for line in pins(lock) if "==" not in line or "--hash=sha256:" not in line] == []
    assert "://" not in (ROOT / lock).read_text("utf-8")


def till_packages() -> list[str]:
    """Name what a till installs here: a package with a marker belongs to another system."""
    heads = [PINNED.match(line.split("\\")[0].strip()) for line in pins("requirements.lock")]
    assert all(heads)
    return [head["name"] for head in heads if head and not head["marker"]]


def compiled(package: Distribution) -> list[str]:
    files = map(str, package.files or [])
    return [name for name in files if name.endswith((".so", ".pyd", ".dll", ".dylib"))]


@pytest.mark.parametrize("name", till_packages())
def test_a_till_needs_nothing_compiled(name: str) -> None:
    package = distribution(name)
    # An old pip installs a source archive (pyDes is one) without a wheel: then its files tell.
    wheel = package.read_text("WHEEL") or "Root-Is-Purelib: true"
    assert "Root-Is-Purelib: true" in wheel
    assert re.findall(r"^Tag: .*$(?<!-none-any)", wheel, re.MULTILINE) == []
    assert compiled(package) == []


def test_every_direct_requirement_is_locked() -> None:
    requirements = {
        re.split(r"[<>=!~\[; ]", requirement)[0].lower()
        for requirement in pyproject()["project"]["dependencies"]
    }
    assert requirements <= set(till_packages())
