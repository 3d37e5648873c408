"""Figures of a till that has seen a lot, and the strategy that makes any."""

from dataclasses import replace

from hypothesis import strategies as st

from taptill.domain.figures.durations import BOUNDS_S, DurationSummary
from taptill.domain.figures.reader import Care, ReaderFigures
from taptill.domain.figures.till import (
    BackendFigures,
    CacheFigures,
    CrashNote,
    JournalFigures,
    ProgramFigures,
    SendingFigures,
    TillFigures,
)
from taptill.domain.money import Currency, Money
from taptill.domain.slips.printer import PrinterHealth, PrinterState
from taptill.domain.tap import ReaderState

NO_CRASH = ProgramFigures(
    till="canteen-1",
    version="0.1.0",
    at="2026-03-02T09:00:00.000+00:00",
    uptime_s=93_784.4,
    starts=14,
    unclean_ends=1,
    ready_s=1.42,
    clock_trusted=True,
)
CRASH = CrashNote(
    fault="ValueError",
    place="taptill/checkout/till.py:231 _take_message",
    at="2026-03-01T07:12:00.000+00:00",
    version="0.1.0",
)
COUNTER = ReaderFigures(
    name="reader 1",
    state=ReaderState.OK,
    frames=4120,
    bad_frames=37,
    faults=(("checksum", 30), ("truncated", 7)),
    reopened=2,
    silent_s=3.2,
)
GOODS = ReaderFigures(name="reader 2", state=ReaderState.OK, for_goods=True, frames=311)
TAPS = DurationSummary(
    classes=(300, 500, 150, 40, 7, 2, 0, 1, 0, 0, 0, 0),
    recent_classes=(300, 500, 150, 40, 7, 2, 0, 1, 0, 0, 0, 0),
    sum_s=4.5,
    p50_s=0.0034,
    p95_s=0.0121,
    p99_s=0.0312,
)
WELL = TillFigures(
    program=NO_CRASH,
    currency=Currency("EUR"),
    readers=(COUNTER, GOODS),
    verdicts=TAPS,
    confirms=replace(TAPS, p50_s=0.0071, p95_s=0.0214, p99_s=0.412),
    backend=BackendFigures(online=True, lookups=TAPS, lookups_failed=3, certificate_days=61),
    sending=SendingFigures(outcomes=(("later", 4), ("settled", 988), ("to-clarify", 0))),
    cache=CacheFigures(age_s=42.0, rows=1843),
    journal=JournalFigures(entries=48_211, commits=TAPS),
    printer=PrinterHealth(PrinterState.OK),
)
TROUBLED = replace(
    WELL,
    program=replace(NO_CRASH, crashes=1, last_crash=CRASH, clock_doubtful=True),
    readers=(replace(COUNTER, state=ReaderState.LOST, care=Care.CABLE, silent_s=None), GOODS),
    backend=replace(
        WELL.backend, online=False, offline_since=NO_CRASH.at, error_code="backend-unreachable"
    ),
    sending=replace(
        WELL.sending, to_send=3, to_send_sum=Money(1420), conflicts=1, in_question=Money(-5)
    ),
    printer=PrinterHealth(PrinterState.NO_PAPER, waiting=3),
    alarms=("clock",),
    warnings=2,
)

COUNTS = st.integers(0, 10**9)
SECONDS = st.floats(0, 10**6, allow_nan=False)
MONEY = st.integers(-(10**12), 10**12).map(Money)
TEXTS = st.text(max_size=20)


def summaries() -> st.SearchStrategy[DurationSummary]:
    classes = st.tuples(*[COUNTS] * (len(BOUNDS_S) + 1))
    return st.builds(DurationSummary, classes=classes, recent_classes=classes, sum_s=SECONDS)


def readers() -> st.SearchStrategy[tuple[ReaderFigures, ...]]:
    one = st.builds(
        ReaderFigures,
        name=TEXTS,
        state=st.sampled_from(ReaderState),
        frames=COUNTS,
        faults=st.lists(
            st.tuples(st.sampled_from(["checksum", "framing"]), COUNTS), unique_by=_of
        ).map(tuple),
        silent_s=st.none() | SECONDS,
        care=st.sampled_from(Care),
    )
    return st.lists(one, max_size=3, unique_by=lambda reader: reader.name).map(
        lambda several: tuple(
            replace(reader, name=f"{number} {reader.name}") for number, reader in enumerate(several)
        )
    )


def _of(pair: tuple[str, int]) -> str:
    return pair[0]


def any_figures() -> st.SearchStrategy[TillFigures]:
    """Return figures of which each may be anything."""
    return st.builds(
        TillFigures,
        program=st.builds(
            ProgramFigures,
            till=TEXTS,
            version=TEXTS,
            at=st.just(NO_CRASH.at),
            uptime_s=SECONDS,
            starts=st.none() | COUNTS,
            unclean_ends=st.none() | COUNTS,
            crashes=COUNTS,
            last_crash=st.none() | st.just(CRASH),
        ),
        currency=st.sampled_from([Currency("EUR"), Currency("JPY", 0), Currency("KWD", 3)]),
        readers=readers(),
        verdicts=summaries(),
        confirms=summaries(),
        backend=st.builds(
            BackendFigures, online=st.none() | st.booleans(), lookups=summaries(), error_code=TEXTS
        ),
        sending=st.builds(
            SendingFigures,
            outcomes=st.sampled_from([(), (("later", 1), ("settled", 2))]),
            to_send=COUNTS,
            to_send_sum=MONEY,
            conflicts=COUNTS,
            in_question=MONEY,
        ),
        cache=st.builds(CacheFigures, age_s=st.none() | SECONDS, rows=st.none() | COUNTS),
        journal=st.builds(JournalFigures, entries=COUNTS, closed_by=TEXTS, commits=summaries()),
        alarms=st.sampled_from([(), ("clock", "token")]),
        warnings=COUNTS,
    )
