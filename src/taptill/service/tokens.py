"""Bearer tokens, stored as hashes only, and what each role may do."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from time import monotonic

import sqlalchemy as sa

from taptill.domain.errors import UsageError
from taptill.domain.technical.exact_json import Json
from taptill.service import schema
from taptill.service.database import read_connection, write_transaction
from taptill.service.wire import ApiError, child_path

TOKEN_BYTES = 32
SCHEME = "Bearer "
OWN_NAMES = frozenset({"command", "import", "import undone", "sample", "upgrade"})
"""Under these the ledger has the service's own work, for which no token may be taken."""
CACHE_TTL_S = 1
"""How long tokens are cached: after that a new one is accepted, and a revoked one rejected."""


class TokenRole(StrEnum):
    """Who a token is for: a till selects and settles, the office may do everything.

    CARDS is for a till at which a supervisor changes cards: it writes no money.
    """

    TILL = "till"
    CARDS = "cards"
    OFFICE = "office"


@dataclass(frozen=True, slots=True)
class Token:
    """A stored token without its hash."""

    id: int
    role: TokenRole
    name: str

    @property
    def actor(self) -> str:
        """The name of its holder in the ledger."""
        return f"token {self.id}" if self.name in ("", *OWN_NAMES) else self.name


_TILL_VERBS = frozenset({"select", "update"})
_FIELDS = {
    TokenRole.TILL: frozenset({"totalDebt", "debtData"}),
    TokenRole.CARDS: frozenset({"cardId", "isBlocked"}),
}
"""What the tokens of tills may write."""


class TokenCache:
    """The stored tokens as they were at most CACHE_TTL_S ago."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._by_hash: dict[str, Token] = {}
        self._expires_s = 0.0

    @property
    def is_stale(self) -> bool:
        """Whether the tokens have to be read again."""
        return monotonic() >= self._expires_s

    def refresh(self) -> None:
        """Read the tokens."""
        expires_s = monotonic() + CACHE_TTL_S
        self._by_hash = _read_tokens(self._engine)
        self._expires_s = expires_s

    def authenticate(self, header: str) -> Token:
        """Return the token of an Authorization header; raises ApiError (401) if it has none.

        It is looked up by its hash, so that the time needed reveals nothing of the token.
        """
        digest = _hash(header.removeprefix(SCHEME)) if header.startswith(SCHEME) else ""
        if digest not in self._by_hash:
            raise ApiError(401, "unauthorised", "a valid bearer token is needed")
        return self._by_hash[digest]


def add_token(engine: sa.Engine, role: TokenRole, name: str) -> str:
    """Create a token, store its hash, and return the token, which is stored nowhere.

    UsageError for a name of the service's own.
    """
    if name in OWN_NAMES:
        problem = f"{name!r} in the ledger is the service's own work: give the token another name"
        raise UsageError(problem=problem)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {"name": name, "role": role.value, "sha256": _hash(token)}
    with write_transaction(engine) as connection:
        connection.execute(schema.tokens.insert().values(row))
    return token


def list_tokens(engine: sa.Engine) -> list[Token]:
    """Return all tokens, the oldest first."""
    return sorted(_read_tokens(engine).values(), key=lambda token: token.id)


def revoke_token(engine: sa.Engine, token_id: int) -> bool:
    """Delete a token; return whether there was one."""
    with write_transaction(engine) as connection:
        statement = sa.delete(schema.tokens).where(schema.tokens.c.id == token_id)
        return connection.execute(statement).rowcount == 1


def check_permission(role: TokenRole, verb: str, body: Json) -> None:
    """Raise ApiError (403) for what the role may not do."""
    if role is TokenRole.OFFICE:
        return
    if verb not in _TILL_VERBS:
        raise ApiError(403, "forbidden", "this token may select and update only")
    if isinstance(body, dict) and body.get("removed"):
        raise ApiError(403, "forbidden", "this token may not see who was removed", "removed")
    fields = body.get("fields") if verb == "update" and isinstance(body, dict) else None
    for name, value in fields.items() if isinstance(fields, dict) else ():
        field_path = child_path("fields", name)
        if name not in _FIELDS[role]:
            raise ApiError(403, "forbidden", "this token may not write this field", field_path)
        if name == "totalDebt" and isinstance(value, dict):
            # A till writes its total together with its mark, which shows what the total includes.
            raise ApiError(403, "forbidden", "this token may not increment", field_path)


def _read_tokens(engine: sa.Engine) -> dict[str, Token]:
    columns = schema.tokens.c
    with read_connection(engine) as connection:
        rows = connection.execute(sa.select(columns.sha256, columns.id, columns.role, columns.name))
        return {
            digest: Token(token_id, TokenRole(role), name) for digest, token_id, role, name in rows
        }


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
