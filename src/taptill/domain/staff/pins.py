"""PINs, of which the till keeps a hash only."""

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode

PIN_DIGITS = range(4, 13)
"""How many digits a PIN may have."""

PIN_WAIT_S_MAX = 60.0

_COST, _BLOCK, _LANES, _SALT_OCTETS, _KEY_OCTETS = 4096, 8, 3, 16, 32
_COST_MAX, _LANES_MAX = 2**15, 16
_PIN = re.compile(r"[0-9]+", re.ASCII)


def is_pin(text: str) -> bool:
    """Return whether the text can be a PIN: four to twelve digits."""
    return len(text) in PIN_DIGITS and _PIN.fullmatch(text) is not None


def hash_pin(pin: str) -> str:
    """Return what the config holds for a PIN: `scrypt$cost$block$lanes$salt$key`, base 64.

    scrypt is RFC 7914; at this cost a guess takes 4 MB and some hundredths of a second, so that
    all PINs of four digits take minutes: the file must stay secret all the same. ValueError for
    a text that is no PIN.
    """
    if not is_pin(pin):
        raise ValueError("a PIN has 4 to 12 digits")
    salt = secrets.token_bytes(_SALT_OCTETS)
    key = _key(pin, salt, (_COST, _BLOCK, _LANES))
    figures = f"{_COST}${_BLOCK}${_LANES}"
    return f"scrypt${figures}${b64encode(salt).decode()}${b64encode(key).decode()}"


def check_hash(pin_hash: str) -> None:
    """Raise ValueError for a hash that is not as `hash_pin` writes it, or that costs too much."""
    _parsed(pin_hash)


def pin_matches(pin: str, pin_hash: str) -> bool:
    """Return whether the hash is one of this PIN; False for a hash that cannot be read.

    It computes for some hundredths of a second: call it in a thread.
    """
    if not pin_hash or not is_pin(pin):
        return False
    try:
        cost, salt, key = _parsed(pin_hash)
    except ValueError:
        return False
    return hmac.compare_digest(_key(pin, salt, cost), key)


def pin_wait_s(wrong_pins: int) -> float:
    """Return for how long the next PIN is not looked at after so many wrong ones in a row."""
    return min(2.0 ** min(wrong_pins, 10) / 2, PIN_WAIT_S_MAX) if wrong_pins else 0.0


def _parsed(pin_hash: str) -> tuple[tuple[int, int, int], bytes, bytes]:
    name, *rest = pin_hash.split("$")
    if name != "scrypt" or len(rest) != 5:  # noqa: PLR2004 - the five parts of the format
        raise ValueError("not a hash that `taptill staff hash-pin` made")
    cost, block, lanes = (int(figure) for figure in rest[:3])
    is_power = cost > 1 and cost & (cost - 1) == 0
    if not is_power or cost > _COST_MAX or block != _BLOCK or not 0 < lanes <= _LANES_MAX:
        raise ValueError("a hash that the till would compute for too long")
    salt, key = (b64decode(text, validate=True) for text in rest[3:])
    if len(key) != _KEY_OCTETS:
        raise ValueError("a hash that is cut short")
    return (cost, block, lanes), salt, key


def _key(pin: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    memory = 256 * n * r
    return hashlib.scrypt(
        pin.encode("ascii"), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=_KEY_OCTETS
    )
