"""Touches as terminals report them: which bytes are one, and that none of them is a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taptill.ui.keys.decoder import PENDING_S, Decoded, Dropped, Press, TerminalKeyDecoder
from taptill.ui.keys.mouse import is_report, touched_at

EXAMPLES = {
    "SGR": (b"\x1b[<0;4;20M", (3, 19)),
    "SGR with shift": (b"\x1b[<4;4;20M", (3, 19)),
    "SGR far right": (b"\x1b[<0;300;2M", (299, 1)),
    "an old terminal": (b"\x1b[M \x24\x34", (3, 19)),
    "a release": (b"\x1b[<0;4;20m", None),
    "another button": (b"\x1b[<2;4;20M", None),
    "a drag": (b"\x1b[<32;4;20M", None),
    "a wheel": (b"\x1b[<64;4;20M", None),
    "an old release": (b"\x1b[M#\x24\x34", None),
    "no place": (b"\x1b[<0;0;0M", None),
    "no mouse": (b"\x1b[19~", None),
    "nothing": (b"", None),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_touch_is_known_by_its_bytes(name: str) -> None:
    octets, at = EXAMPLES[name]
    assert touched_at(octets) == at
    assert is_report(octets) is (name not in {"no mouse", "nothing"})


def decoded(pieces: list[bytes]) -> list[Decoded]:
    """Return what a terminal's bytes mean, read in these pieces."""
    decoder = TerminalKeyDecoder()
    items: list[Decoded] = []
    for piece in pieces:
        items += decoder.feed(piece, 0.0)
    return items + decoder.idle(PENDING_S)


REPORTS = st.one_of(
    st.builds(
        lambda button, column, row, end: f"\x1b[<{button};{column};{row}{end}".encode(),
        st.integers(0, 255), st.integers(0, 999), st.integers(0, 999), st.sampled_from("Mm"),
    ),
    st.binary(min_size=3, max_size=3).map(lambda octets: b"\x1b[M" + octets),
)  # fmt: skip


@given(st.lists(REPORTS, min_size=1, max_size=5), st.data())
def test_no_byte_of_a_touch_is_a_key_however_it_is_split(
    reports: list[bytes], data: st.DataObject
) -> None:
    octets = b"4" + b"".join(reports) + b"c"
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    pieces = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    items = decoded(pieces)
    assert [item.name for item in items if isinstance(item, Press)] == ["4", "c"]
    answers = [item.answer for item in items if isinstance(item, Dropped)]
    assert answers == reports


def test_half_a_touch_is_dropped_after_a_moment() -> None:
    for octets in (b"\x1b[<0;4", b"\x1b[M", b"\x1b[M 4"):
        names = [item.name for item in decoded([octets]) if isinstance(item, Press)]
        assert names == []
