"""Whether the till's account may read or write a file, where root asks, who may everything."""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_TESTS = {os.R_OK: "-r", os.W_OK: "-w"}
_TEST_S_MAX = 10.0


def is_kept_from(account: str, path: Path, mode: int, groups: Iterable[str] = ()) -> bool:
    """Return whether an account may not read (`os.R_OK`) or write (`os.W_OK`) a file.

    `groups` are groups that the account is given besides its own, by name.

    Only root can tell of another account; False where another one asks, and where there is no such
    account. The kernel is asked in a process of that account, so that folders above, groups and
    access lists count. Errors: TimeoutError where the medium does not answer.
    """
    found = _account(account)
    if found is None:
        return False
    try:
        tested = subprocess.run(  # noqa: S603 - fixed words and a path
            ["/usr/bin/test", _TESTS[mode], str(path)],
            check=False,
            cwd="/",
            timeout=_TEST_S_MAX,
            user=found.pw_uid,
            group=found.pw_gid,
            extra_groups=[*os.getgrouplist(found.pw_name, found.pw_gid), *_group_ids(groups)],
        )
    except subprocess.TimeoutExpired as fault:
        raise TimeoutError from fault
    return tested.returncode != 0


def _group_ids(names: Iterable[str]) -> Iterator[int]:
    for name in names:
        with suppress(KeyError):  # a group that this machine does not have
            yield grp.getgrnam(name).gr_gid


def _account(name: str) -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
