"""Measures how many times faster than its line each decoder is."""

import time

from tests.benchmarks.figures import Bench, Figure, Goal, median
from tests.fakes.devices.polled import EMULATED_READERS
from tests.readers.vectors import vectors

from taptill.readers.frames import Frame
from taptill.readers.frames.families import FAMILIES

PIECE = 4096
PIECES = 40
BITS_A_BYTE = 10
RATE_MIN = 300


def frame_of(family: str) -> bytes:
    """Return a good frame: of the vectors, or as a box answers."""
    for sample in vectors(family):
        vector = sample.values[0]
        if vector.expected_ids and not vector.error:
            return bytes(vector.octets)
    answer = list(EMULATED_READERS[family].values())[-1]
    return answer(b"\x66\xcf\x4d\xc2")


def measure(bench: Bench) -> list[Figure]:
    """Measure every family's decoder in pieces as the driver reads them."""
    return [_figure(bench, family) for family in FAMILIES]


def _figure(bench: Bench, name: str) -> Figure:
    family, frame = FAMILIES[name], frame_of(name)
    end = b"\r" if name == "wiegand-bits" else b""
    count = PIECE // len(frame + end) + 1
    piece = (frame + end) * count
    rates = []
    for _ in bench.rounds(f"decoder {name}", 6):
        decoder = family.decoder({})
        began_s = time.process_time()  # the decoder's own, whatever else the machine does
        events = [event for _ in range(PIECES) for event in decoder.feed(piece)] + decoder.idle()
        took_s = time.process_time() - began_s
        rates.append(PIECES * len(piece) / took_s / (family.baud / BITS_A_BYTE))
        assert name == "em18" or sum(isinstance(event, Frame) for event in events) >= PIECES * count
    goal = Goal("times the line's rate, p50", median(rates) or 0, RATE_MIN, at_least=True)
    return Figure(f"decoder {name}", "x line rate", samples=rates, floor=(), goals=(goal,))
