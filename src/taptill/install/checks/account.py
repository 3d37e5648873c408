"""What the till's account may do, where root asks, who may everything."""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_TESTS = {os.R_OK: "-r", os.W_OK: "-w"}
_RUN_S_MAX = 10.0
_IN_UNIT = ("systemd-run", "--quiet", "--collect", "--wait", "--pipe")


def is_kept_from(account: str, path: Path, mode: int, groups: Sequence[str] = ()) -> bool:
    """Return whether an account may not read (`os.R_OK`) or write (`os.W_OK`) a file.

    `groups` are groups that the account is given besides its own, by name.

    Only root can tell of another account; False where another one asks, and where there is no such
    account. The kernel is asked in a process of that account, so that folders above, groups and
    access lists count. Errors: TimeoutError where the medium does not answer.
    """
    status = status_as(account, ["/usr/bin/test", _TESTS[mode], str(path)], groups)
    return status not in (None, 0)


def status_as(account: str, words: Sequence[str], groups: Sequence[str] = ()) -> int | None:
    """Run a program as an account; return its exit status, None where this account cannot.

    It is in the session of who asks. Errors: TimeoutError, OSError where it cannot be started.
    """
    found = _account(account)
    if found is None:
        return None
    given = [*os.getgrouplist(found.pw_name, found.pw_gid), *_group_ids(groups)]
    return _status(words, user=found.pw_uid, group=found.pw_gid, extra_groups=given)


def status_in_unit(account: str, words: Sequence[str], groups: Sequence[str] = ()) -> int | None:
    """Run a program as an account in a unit of its own, where nobody's session counts.

    Return and errors as of `status_as`; a status of systemd's own where it starts no unit.
    """
    if _account(account) is None:
        return None
    given = [f"--property=SupplementaryGroups={name}" for name in groups]
    # The unit would outlive the program that has started it.
    limit = f"--property=RuntimeMaxSec={_RUN_S_MAX:.0f}"
    return _status([*_IN_UNIT, limit, f"--uid={account}", *given, *words])


def _status(words: Sequence[str], **identity: Any) -> int:
    """Run a program whose words nobody wants."""
    try:
        return subprocess.run(  # noqa: S603 - fixed words, a path, a reader's name
            words,
            check=False,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_RUN_S_MAX,
            **identity,
        ).returncode
    except subprocess.TimeoutExpired as fault:
        raise TimeoutError from fault


def _group_ids(names: Sequence[str]) -> Iterator[int]:
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
