"""The embedded Customers service on this machine, as its unit runs it."""

import subprocess
import sys
from pathlib import Path

from taptill.domain.errors import ServiceError

OWN_URL = "http://127.0.0.1:8080"
OWN_DATABASE = Path("/var/lib/taptill-service/customers.db")
_PATIENCE_S = 30


def has_own_service(database: Path = OWN_DATABASE) -> bool:
    """Return whether this machine has a database of the service that this account may open."""
    try:
        return database.is_file()
    except OSError:
        return False


def own_token(name: str, database: Path = OWN_DATABASE) -> str:
    """Return a new token of the role till, made as the account that owns the database.

    Errors: ServiceError.
    """
    # -I: not with the modules of the folder in which somebody has called us.
    command = [sys.executable, "-I", "-m", "taptill", "service", "token", "add", str(database)]
    owner = database.stat()
    made = subprocess.run(  # noqa: S603 - our own program
        [*command, "--role", "till", "--name", name],
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
        cwd="/",
        user=owner.st_uid,
        group=owner.st_gid,
        extra_groups=[],
    )
    if made.returncode != 0:
        raise ServiceError(detail=made.stderr.strip() or "no token could be made")
    return made.stdout.split()[-1]
