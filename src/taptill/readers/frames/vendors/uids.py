"""Makes a frame of a UID, and checks that cards have UIDs of this size."""

from taptill.readers.frames import AnyFrame, BadFrame, Fault, Frame

UID_SIZES = (4, 5, 7, 10)
"""Octets of an EM card's id (5) and of the UIDs of ISO/IEC 14443-3 (4, 7, 10)."""


def uid_frame(octets: bytes) -> AnyFrame:
    """Return a frame with this UID; a bad frame where no card has so many octets."""
    if len(octets) not in UID_SIZES:
        return BadFrame(Fault.TRUNCATED)
    return Frame(octets.hex().upper())
