"""Copies this checkout as it is, by a git bundle, into another root."""

import os
import subprocess
import tempfile
from pathlib import Path

from tests.bare.commands import shell
from tests.bare.log import Log
from tests.bare.root import Root
from tests.project.sources import ROOT as HERE

_SOMEBODY = {
    f"GIT_{role}_{variable}": value
    for role in ("AUTHOR", "COMMITTER")
    for variable, value in (("NAME", "make test-bare"), ("EMAIL", "none@localhost"))
}


def bundle(target: Path) -> None:
    """Write a bundle whose one branch, main, has also what is not committed yet."""
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        git("read-tree", "HEAD", **index)
        git("add", "--all", **index)
        tree = git("write-tree", **index)
        commit = git("commit-tree", tree, "-p", "HEAD", "-m", "As it lies here", **_SOMEBODY)
        bare = f"{folder}/bare.git"
        git("clone", "-q", "--bare", "--shared", ".", bare)
        git("--git-dir", bare, "update-ref", "refs/heads/main", commit)
        git("--git-dir", bare, "symbolic-ref", "HEAD", "refs/heads/main")
        git("--git-dir", bare, "bundle", "create", "-q", str(target), "HEAD", "main")


def leftovers(root: Root, log: Log) -> str:
    """Name what lies in the other checkout and came from no commit, .venv aside."""
    words = "git status --porcelain --ignored"
    shell(root, f"{words} | grep -v ' .venv/$' >../leftovers || true", log, 60)
    return " ".join((root.path / "home/newcomer/leftovers").read_text().split())


def git(*words: str, **variables: str) -> str:
    """Run git in this checkout; return the first line that it prints."""
    result = subprocess.run(
        ["git", *words],
        cwd=HERE,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()
